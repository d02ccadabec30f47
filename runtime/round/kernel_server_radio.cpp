// SPDX-License-Identifier: GPL-3.0-or-later
// Header burst out, window in.
#include "round/kernel_server_radio.hpp"

#include <algorithm>
#include <stdexcept>

#include "radio/refusal.hpp"
#include "round/round_clock.hpp"

namespace aircomp::runtime {
KernelServerRadio::KernelServerRadio(const Config& config, const phy::BurstFormat& format,
                                     const phy::Payload& payload,
                                     std::unique_ptr<GuardedSession> session)
    : session_(std::move(session)),
      end_(format, payload, static_cast<std::size_t>(config.radio.server_antennas),
           config.radio.server_power_w, window_lead, window_tail) {
    const auto antennas = static_cast<std::size_t>(config.radio.server_antennas);
    if (session_->options().channels != antennas) {
        throw std::invalid_argument("radio '" + session_->options().name + "': expected " +
                                    std::to_string(antennas) + " channels, found " +
                                    std::to_string(session_->options().channels));
    }
    for (const RadioEndConfig& device : config.radios.devices)
        device_args_.push_back(device.args);
}

void KernelServerRadio::call(gsl::span<const std::size_t> devices) {
    std::vector<std::string> called;
    for (const std::size_t device : devices)
        called.push_back(device_args_.at(device));
    session_->call(called);
}

ServerReport KernelServerRadio::sound(const RoundOrder& order, gsl::span<const double> power_w) {
    ServerReport report = exchange(order, end_.sounding_window());
    if (report.window.state != WindowState::whole) return report;
    sounding_ = &end_.sound(received_, power_w);
    add_sounding(*sounding_, power_w, report);
    return report;
}

ServerReport KernelServerRadio::sum(const RoundOrder& order, const ServerSettings& settings,
                                    gsl::span<float> sum) {
    ServerReport report = exchange(order, end_.burst_window());
    if (report.window.state != WindowState::whole) return report;
    add_sum(end_.sum(received_, settings, order.scale, sum), report);
    return report;
}

BroadcastReport KernelServerRadio::broadcast(Ticks begin, gsl::span<const phy::Sample> samples) {
    session_->feed();
    BroadcastReport report;
    const auto transmit = [&] { session_->transmit(begin, samples); };
    if (is_refused(transmit, report.burst, report.refusal)) return report;
    report.burst = session_->finish_burst();
    return report;
}

/// The header burst is handed over first: its acknowledgement can wait until the window is in.
ServerReport KernelServerRadio::exchange(const RoundOrder& order, std::size_t window) {
    session_->feed();
    const std::size_t channels = session_->options().channels;
    const auto header = end_.header();
    const auto burst =
        static_cast<std::size_t>(order.headers.back() - order.headers.front()) + header.size();
    sent_.assign(channels * burst, phy::Sample());
    for (const Ticks begin : order.headers) {
        const auto first = static_cast<std::size_t>(begin - order.headers.front());
        std::copy(header.begin(), header.end(), &sent_[order.header_antenna * burst + first]);
    }
    ServerReport report;
    const auto transmit = [&] { session_->transmit(order.headers.front(), sent_); };
    if (is_refused(transmit, report.header, report.refusal)) return report;
    received_.resize(channels * window);
    report.window = session_->receive(order.burst - static_cast<Ticks>(window_lead), received_);
    report.header = session_->finish_burst();
    return report;
}

}  // namespace aircomp::runtime
