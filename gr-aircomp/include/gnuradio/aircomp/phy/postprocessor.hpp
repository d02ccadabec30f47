// SPDX-License-Identifier: GPL-3.0-or-later
// The server's end: from the samples of its antennas to the sum of the devices' vectors.
#pragma once

#include <memory>

#include "gnuradio/aircomp/phy/frame_sync.hpp"
#include "gnuradio/aircomp/phy/preprocessor.hpp"

namespace gr::aircomp::phy {

/// The server's settings for one burst.
struct ReceiveSettings {
    double scale = 1;  ///< The devices' common scale.
    /// A for every resource block, [resource blocks, streams, antennas].
    gsl::span<const Sample> combiners;
    /// What a tracking pilot of value one becomes after the combiner, as the channel estimates have
    /// it: sum_n sqrt(v_n) A H_n B_n (1, ..., 1)^T, [resource blocks, streams].
    gsl::span<const Sample> pilot_reference;
    /// The smallest part that a device that must not be missing has in the pilots' power-weighted
    /// mean, from 0 to 1.
    double smallest_part = 1;
    /// SoundingReport::reference of the channel estimates, in this window's samples.
    std::ptrdiff_t channel_reference = 0;
    /// Pilots of so many symbols to either side are averaged.
    std::size_t tracking_reach = 4;
};

struct ReceiveReport {
    /// Whether there was a preamble where bursts have one, every sample a number, and pilots that have to do with their
    /// reference: an offset beyond half a subcarrier leaves none. If not, nothing else counts.
    bool found = false;
    Sync sync;
    bool offset_corrected = false;  ///< Only an offset well above its own error is taken out.
    double noise_power_w = 0;       ///< Per antenna over the used bandwidth, from the guards.
    double pilot_gain = 0;          ///< Received over expected pilots, 1 for a whole round.
    /// Probability that the pilot gain is within half the smallest part of 1: that no device
    /// was missing and none there twice.
    double confidence = 0;
    double phase_slope = 0;   ///< Taken out: rad per subcarrier, the drift of time since sounding.
    std::vector<double> evm;  ///< Per stream, of the pilots, rms error over rms reference.
    std::vector<double> phase;  ///< Taken out per OFDM symbol, rad.
};

/// Equation (3) burst by burst: detection and timing over all antennas, Fourier transform, combiner
/// per resource block, common phase of every symbol and the burst's phase slope from the pilots.
class Postprocessor {
public:
    /// For windows of `window_samples` per antenna. Throws std::invalid_argument on a bad format or
    /// payload, no antenna, more streams than antennas, or a window shorter than a burst.
    Postprocessor(const BurstFormat& format, const Payload& payload, std::size_t antennas,
                  std::size_t window_samples);
    ~Postprocessor();
    Postprocessor(Postprocessor&&) noexcept;
    Postprocessor& operator=(Postprocessor&&) noexcept;

    /// Looks for a burst in `received`, [antennas, window_samples], and writes its sum to `vector`,
    /// which stays as it is where there is none. The report is valid until the next call. Throws
    /// std::invalid_argument on sizes that disagree and as check() does. Does not allocate.
    const ReceiveReport& process(gsl::span<const Sample> received, const ReceiveSettings& settings,
                                 gsl::span<float> vector);

    /// Throws std::invalid_argument on settings of other sizes than this format and payload have,
    /// and on numbers that are none.
    void check(const ReceiveSettings& settings) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gr::aircomp::phy
