// SPDX-License-Identifier: GPL-3.0-or-later
// What differs between rounds over radios and rounds over an emulated air, as values: the procedure
// is the same.
#pragma once

#include <optional>
#include <string>

#include "air/waveform_air.hpp"
#include "config/config.hpp"
#include "radio/radio_session.hpp"

namespace aircomp::runtime {

/// Samples between the parts of a round, and between rounds.
struct RoundTiming {
    /// Whether rounds have headers: oscillators that run by one clock need none.
    bool headers = true;
    Ticks start = 0;       ///< No round begins before.
    Ticks lead = 0;        ///< From a round's order to its begin, at least.
    Ticks interval = 0;    ///< From the end of a round to the next one's begin; 0: no grid.
    Ticks header_gap = 0;  ///< After a header, before anything else can be sent.
    /// Besides that, from the last header to the burst: of a sum, of a sounding, of a sounding
    /// after many headers.
    Ticks sum_turnaround = 0, sounding_turnaround = 0, acquisition_turnaround = 0;
    Ticks tail = 0;  ///< From the end of a burst to the end of its round.
};

struct RoundRules {
    std::string medium;  ///< As errors name it.
    RoundTiming timing;
    /// Age of a sounding, s, after which the channel is sounded anew. Infinite: whoever moves the
    /// air says so, by renew().
    double max_sounding_age_s = 0;
    /// Of a sum's pilots; where they err by more, the channel is sounded anew. Infinite: never.
    double max_evm = 0;
    /// sigma^2 that designs are made for; absent: what the sounding shows.
    std::optional<double> noise_power_w;
    /// A design begins from the combiner of the one before it.
    bool warm_start = false;
    /// A sounding under the old reference comes before each new one, and shows what was left of the
    /// devices' phases.
    bool look_back = false;
    /// Sums that fail one after the other before the channel is sounded again: 2 where one may be
    /// chance.
    int sums_before_sounding = 1;
    /// Where there is a design, a sounding is still repeated until it is found. Otherwise it is
    /// tried once, and sums go on with the design that there is.
    bool insist_on_sounding = false;
    /// A round that failed means that offsets may be lost: many headers find them again.
    bool acquire_after_failure = false;
    /// The burst after many headers comes late, and shows less of the phase that rounds will have:
    /// it is not designed for, another one follows.
    bool sound_after_acquisition = false;
    /// Every round that failed has the next reference come from another of the server's antennas.
    /// Otherwise soundings alone have, while there is no design, from the first antenna on.
    bool turn_antenna_after_any_failure = false;
};

/// Of radios, whose rounds keep to a grid that begins at `start`. Throws std::runtime_error where
/// the configuration does not let them transmit.
RoundRules radio_rules(const Config& config, Ticks start);

/// Of an emulated air: its rounds follow one another, its designs are for the cell's noise.
RoundRules emulated_rules(const Config& config, const WaveformAir& air, double noise_power_w);

/// Whether the devices' oscillators are not the server's, over an emulated air.
bool is_free_running(const WaveformConfig& waveform);

}  // namespace aircomp::runtime
