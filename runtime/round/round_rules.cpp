// SPDX-License-Identifier: GPL-3.0-or-later
// The rules of both airs.
#include "round/round_rules.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "round/round_clock.hpp"

namespace aircomp::runtime {
namespace {

// Many headers take a device longer than one.
constexpr Ticks acquisition_turnarounds = 4;

constexpr double never = std::numeric_limits<double>::infinity();

}  // namespace

RoundRules radio_rules(const Config& config, Ticks start) {
    if (!config.radios.transmit) {
        throw std::runtime_error("radios.transmit: expected true, for a sum is sent, found false");
    }
    const auto ticks = [&](double seconds) { return ticks_of(seconds, config.radio.bandwidth_hz); };
    RoundRules rules;
    rules.medium = "radios";
    rules.timing.start = start;
    rules.timing.lead = ticks(config.radios.lead_s);
    rules.timing.interval = std::max<Ticks>(1, ticks(config.radios.interval_s));
    rules.timing.sum_turnaround = ticks(config.frame.turnaround_s);
    rules.timing.sounding_turnaround = rules.timing.sum_turnaround;
    rules.timing.acquisition_turnaround = acquisition_turnarounds * rules.timing.sum_turnaround;
    rules.timing.tail = static_cast<Ticks>(window_tail);
    rules.max_sounding_age_s = config.radio.coherence_block_s;
    rules.max_evm = config.radios.max_evm;
    rules.warm_start = true;
    rules.look_back = true;
    rules.insist_on_sounding = true;
    rules.acquire_after_failure = true;
    rules.sound_after_acquisition = true;
    rules.turn_antenna_after_any_failure = true;
    return rules;
}

RoundRules emulated_rules(const Config& config, const WaveformAir& air, double noise_power_w) {
    const auto lead = static_cast<Ticks>(WaveformAir::lead());
    // Every window is received to its end before the next one begins.
    const auto window = static_cast<Ticks>(air.window(0));
    RoundRules rules;
    rules.medium = "waveform";
    rules.timing.headers = is_free_running(config.waveform);
    rules.timing.lead = lead;
    rules.timing.header_gap = window;
    if (rules.timing.headers) {
        rules.timing.sum_turnaround =
            ticks_of(config.frame.turnaround_s, config.radio.bandwidth_hz);
    }
    rules.timing.tail = window - lead;
    rules.max_sounding_age_s = never;
    rules.max_evm = never;
    rules.noise_power_w = noise_power_w;
    rules.sums_before_sounding = 2;
    return rules;
}

bool is_free_running(const WaveformConfig& waveform) {
    return waveform.carrier_offset_hz > 0 || waveform.residual_offset_hz > 0 ||
           waveform.linewidth_hz > 0;
}

}  // namespace aircomp::runtime
