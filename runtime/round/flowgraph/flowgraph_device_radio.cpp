// SPDX-License-Identifier: GPL-3.0-or-later
// Partials and settings out, reports in.
#include "round/flowgraph/flowgraph_device_radio.hpp"

#include "radio/refusal.hpp"
#include "round/round_clock.hpp"

namespace aircomp::runtime {

FlowgraphDeviceRadio::FlowgraphDeviceRadio(const Config& config, const phy::BurstFormat& format,
                                           const phy::Payload& payload, std::size_t device,
                                           std::shared_ptr<FlowgraphHost> host)
    : max_power_w_(config.devices.at(device).max_power_w),
      clip_level_(config.analog.clip_level),
      header_samples_(static_cast<Ticks>(format.header_samples())),
      sounding_samples_(static_cast<Ticks>(format.sounding_samples())),
      burst_samples_(static_cast<Ticks>(burst_samples(format, payload))),
      radio_(config, format, payload, device, std::move(host)) {}

DeviceReport FlowgraphDeviceRadio::take_part(const RoundOrder& order,
                                             const DeviceSettings& settings,
                                             gsl::span<const float> partial) {
    const Ticks burst = order.sounding ? sounding_samples_ : burst_samples_;
    const auto headers_found = [](const FlowgraphRound& round) {
        const pmt::pmt_t headers = round.message("headers");
        return headers && pmt::to_bool(entry(headers, "found"));
    };
    const auto complete = [&](const FlowgraphRound& round) {
        if (round.window && !round.has_whole_window()) return true;
        if (round.message("headers") && !headers_found(round)) return round.window.has_value();
        return round.window && round.message("headers") && round.message("transmitter") &&
               round.tracker.state() != BurstState::waiting && round.tracker.ended();
    };
    DeviceReport report;
    FlowgraphRound round;
    const auto play = [&] {
        round = radio_.play(
            order, {order.burst, order.burst + burst, order.headers.back() + header_samples_},
            settings_of(order, settings), order.sounding ? gsl::span<const float>() : partial,
            complete);
    };
    if (is_refused(play, report.burst, report.refusal)) return report;
    report.window = *round.window;
    report.burst = round.burst;
    if (const pmt::pmt_t headers = round.message("headers")) {
        report.header_found = headers_found(round);
        report.header_snr_db = pmt::to_double(entry(headers, "snr_db"));
        if (report.header_found) report.offset_hz = pmt::to_double(entry(headers, "offset_hz"));
    }
    if (const pmt::pmt_t sent = round.message("transmitter")) {
        report.mean_power_w = pmt::to_double(entry(sent, "mean_power_w"));
        report.clipped_reals = pmt::to_uint64(entry(sent, "clipped"));
    }
    return report;
}

pmt::pmt_t FlowgraphDeviceRadio::settings_of(const RoundOrder& order,
                                             const DeviceSettings& settings) const {
    pmt::pmt_t out = pmt::make_dict();
    const auto number = [&](const char* key, double value) {
        out = with(out, key, pmt::from_double(value));
    };
    out = with(out, "round", pmt::from_uint64(static_cast<std::uint64_t>(order.number)));
    if (order.sounding) {
        number("sounding_power_w", max_power_w_);
        number("preamble_power_w", max_power_w_);
        return out;
    }
    number("scale", order.scale);
    number("second_moment", settings.second_moment);
    number("clip_level", clip_level_);
    number("preamble_power_w", settings.preamble_power_w);
    return with(out, "precoders",
                pmt::init_c32vector(settings.precoders.size(), settings.precoders.data()));
}

}  // namespace aircomp::runtime
