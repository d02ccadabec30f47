// SPDX-License-Identifier: GPL-3.0-or-later
// Finds the preamble of a burst in the samples of all receive antennas: whether, when, and how far
// the carrier is off.
#pragma once

#include <memory>
#include <optional>

#include "gnuradio/aircomp/phy/burst_format.hpp"

namespace gr::aircomp::phy {

/// A found preamble.
struct Sync {
    /// Sample at which the burst begins for the earliest path in view, its ramp's first sample; it
    /// may lie before the window, where the ramp was cut off.
    std::ptrdiff_t start = 0;
    std::ptrdiff_t spread = 0;   ///< Samples from the earliest path in view to the latest.
    double offset = 0;           ///< Carrier offset, cycles per sample.
    double offset_variance = 0;  ///< Of `offset`, cycles^2 per sample^2.
    double statistic = 0;        ///< Detection statistic over its threshold.
    double snr = 0;              ///< Preamble over noise power per sample, all antennas together.
};

/// Correlates with one period of the preamble, and each result with that of the next period under
/// the preamble's signs, summed over antennas: for a window that holds only noise of any power the
/// chance of a detection is at most `false_alarm` a sample, and a carrier offset of up to half a
/// cycle a period costs nothing but the loss within one period. Timing is refined on the strongest
/// path and its neighbours within the prefix, the offset by maximum likelihood.
class FrameSync {
public:
    /// Searches windows of at most `most_samples`. Throws std::invalid_argument on a bad format, no
    /// antenna, a window shorter than a preamble or a `false_alarm` outside (0, 1).
    FrameSync(const BurstFormat& format, std::size_t antennas, std::size_t most_samples,
              double false_alarm = 1e-13);
    ~FrameSync();
    FrameSync(FrameSync&&) noexcept;
    FrameSync& operator=(FrameSync&&) noexcept;

    /// The first preamble that lies wholly within the window. `received` is antenna after antenna,
    /// [antennas, samples]; of every antenna the first `searched` samples are looked at, all by
    /// default. Throws std::invalid_argument where the size is no multiple of the antennas or more
    /// than `most_samples` are to be searched. Does not allocate.
    std::optional<Sync> find(gsl::span<const Sample> received, std::size_t searched = all);

    static constexpr std::size_t all = static_cast<std::size_t>(-1);

    /// The detection statistic's threshold, in units of the noise power of one correlation.
    double threshold() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Smallest x at which the sum over `antennas` of sum_m q_(m+1) conj(q_m), all q independent
/// CN(0, 1), exceeds x in magnitude with probability at most `false_alarm`, by Chernoff's bound on
/// the real part at eight phases: the quadratic form has eigenvalues cos(pi k / (periods + 1)).
double sync_threshold(std::size_t antennas, std::size_t periods, double false_alarm);

}  // namespace gr::aircomp::phy
