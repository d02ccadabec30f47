// SPDX-License-Identifier: GPL-3.0-or-later
// Headers from a window, burst to the radio.
#include "round/kernel_device_radio.hpp"

#include <algorithm>
#include <stdexcept>

#include "round/round_clock.hpp"

namespace aircomp::runtime {

KernelDeviceRadio::KernelDeviceRadio(const Config& config, const phy::BurstFormat& format,
                                     const phy::Payload& payload, std::size_t device,
                                     std::unique_ptr<GuardedSession> session)
    : header_window_(window_lead + format.header_samples() + window_tail),
      session_(std::move(session)),
      end_(config, format, payload, device, oscillator_model(config.radios), header_window_),
      header_(end_.antennas() * header_window_) {
    if (session_->options().channels != end_.antennas()) {
        throw std::invalid_argument("radio '" + session_->options().name + "': expected " +
                                    std::to_string(end_.antennas()) + " channels, found " +
                                    std::to_string(session_->options().channels));
    }
}

DeviceReport KernelDeviceRadio::take_part(const RoundOrder& order, const DeviceSettings& settings,
                                          gsl::span<const float> partial) {
    DeviceReport report;
    if (order.new_reference) end_.headers().forget_phase();
    hear(order, report);
    if (!report.header_found) return report;
    const auto correction = end_.headers().predict(static_cast<double>(order.burst));
    end_.write_burst(order, settings, partial, correction, sent_, report);
    try {
        session_->transmit(order.burst, sent_);
    } catch (const TransmissionRefused& refusal) {
        report.burst.state = BurstState::refused;
        report.refusal = refusal.what();
        return report;
    }
    report.burst = session_->finish_burst();
    return report;
}

/// All headers lie in one window: a radio takes one command for them.
void KernelDeviceRadio::hear(const RoundOrder& order, DeviceReport& report) {
    const Ticks begin = order.headers.front() - static_cast<Ticks>(window_lead);
    const auto window =
        static_cast<std::size_t>(order.headers.back() - order.headers.front()) + header_window_;
    received_.resize(end_.antennas() * window);
    report.window = session_->receive(begin, received_);
    report.header_found = report.window.state == WindowState::whole;
    for (std::size_t i = 0; i < order.headers.size() && report.header_found; ++i) {
        const auto first = static_cast<std::size_t>(order.headers[i] - order.headers.front());
        for (std::size_t a = 0; a < end_.antennas(); ++a)
            std::copy_n(&received_[a * window + first], header_window_,
                        &header_[a * header_window_]);
        end_.hear(header_, static_cast<double>(begin) + static_cast<double>(first), report);
    }
}

}  // namespace aircomp::runtime
