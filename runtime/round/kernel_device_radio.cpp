// SPDX-License-Identifier: GPL-3.0-or-later
// Headers from a window, burst to the radio.
#include "round/kernel_device_radio.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "radio/refusal.hpp"
#include "round/round_clock.hpp"

namespace aircomp::runtime {

KernelDeviceRadio::KernelDeviceRadio(const Config& config, const phy::BurstFormat& format,
                                     const phy::Payload& payload, std::size_t device,
                                     std::unique_ptr<GuardedSession> session)
    : format_(format),
      server_power_w_(config.radio.server_power_w),
      header_window_(window_lead + format.header_samples() + window_tail),
      session_(std::move(session)),
      end_(config, format, payload, device, oscillator_model(config.radios), header_window_),
      messages_(format, end_.antennas(), window_lead, window_tail),
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
    const auto transmit = [&] { session_->transmit(order.burst, sent_); };
    if (is_refused(transmit, report.burst, report.refusal)) return report;
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
        hear_header(begin, first, window, report);
    }
}

/// A header whose own window is from sample `first` on of the one of `window` samples that began at
/// `begin`.
bool KernelDeviceRadio::hear_header(Ticks begin, std::size_t first, std::size_t window,
                                    DeviceReport& report) {
    for (std::size_t a = 0; a < end_.antennas(); ++a)
        std::copy_n(&received_[a * window + first], header_window_, &header_[a * header_window_]);
    return end_.hear(header_, static_cast<double>(begin) + static_cast<double>(first), report);
}

// ---- messages ----

MulticastReport KernelDeviceRadio::listen(const MulticastOrder& order) {
    const std::size_t window = window_lead + multicast_samples(format_, order) + window_tail;
    const Ticks begin = order.begin - static_cast<Ticks>(window_lead);
    received_.resize(end_.antennas() * window);
    MulticastReport report;
    report.window = session_->receive(begin, received_);
    if (report.window.state != WindowState::whole) return report;
    if (!order.training) {
        DeviceReport heard;
        report.header_found = hear_header(begin, 0, window, heard);
        if (!report.header_found) return report;
    }
    decode(order, report);
    return report;
}

void KernelDeviceRadio::decode(const MulticastOrder& order, MulticastReport& report) {
    const auto oscillator = end_.headers().predict(static_cast<double>(order.begin));
    if (order.training) {
        report.decoded = messages_.train(received_, order.modulation.streams, server_power_w_,
                                         oscillator.phase, oscillator.offset);
        return;
    }
    std::vector<std::uint8_t> message(order.message_bytes);
    const auto found = messages_.receive(received_, order.modulation, oscillator.phase,
                                         oscillator.offset, message);
    report.decoded = found.decoded;
    report.evm = found.evm;
    report.noise_power_w = found.noise_power_w;
    if (found.decoded) report.message = std::move(message);
}

}  // namespace aircomp::runtime
