// SPDX-License-Identifier: GPL-3.0-or-later
// Channel knowledge: the server's from a sounding burst, a device's from the server's header.
#pragma once

#include <memory>

#include "gnuradio/aircomp/phy/frame_sync.hpp"

namespace gr::aircomp::phy {

/// What one sounding burst says about one device.
struct DeviceEstimate {
    bool found = false;  ///< Whether its sounding stands out of the noise; if not, all is zero.
    /// H_n by least squares and by minimum mean square error, [used subcarriers, server antennas,
    /// device antennas], phases as of SoundingReport::reference.
    std::vector<Sample> least_squares;
    std::vector<Sample> mmse;
    double least_squares_variance = 0;  ///< Error of an entry, sigma^2 / (P g).
    /// Of an entry given the pilots, mean over each resource block.
    std::vector<double> mmse_variance;
    double path_gain = 0;      ///< Mean squared entry.
    double delay_samples = 0;  ///< Mean delay after the burst's start, power-weighted.
};

struct SoundingReport {
    /// Whether there was a preamble, and every sample a number; if not, nothing else is set.
    bool found = false;
    Sync sync;
    double offset = 0;  ///< Common carrier offset that was taken out, cycles per sample.
    /// Where a burst begins, in the window's samples, for whose undelayed path the estimates have
    /// no phase slope: the middle of the paths in view. The next bursts' receiver needs it.
    std::ptrdiff_t reference = 0;
    double noise_power_w = 0;  ///< Per antenna over the used bandwidth, from the guards.
    std::vector<DeviceEstimate> devices;
};

/// Estimates the channel of every antenna of every device. The minimum mean-square error estimate
/// takes delays as uniform over the prefix, with a floor of -40 dB for what leaks beyond it. A
/// carrier offset that all devices share is taken out, as exactly as the repeated symbols show it.
class Sounder {
public:
    /// For windows of `window_samples` per antenna. Throws std::invalid_argument on a bad format,
    /// no antenna, or a window shorter than a sounding burst.
    Sounder(const BurstFormat& format, std::size_t antennas, std::size_t window_samples);
    ~Sounder();
    Sounder(Sounder&&) noexcept;
    Sounder& operator=(Sounder&&) noexcept;

    /// Looks for a sounding burst in `received`, [antennas, window_samples]; `power_w` is what each
    /// device sounded with from each antenna, 0 for one that did not. The report is valid until the
    /// next call. Throws std::invalid_argument on sizes or powers that are none. Allocates only
    /// where a device's noise over its signal, in whole decibels, is new.
    const SoundingReport& process(gsl::span<const Sample> received,
                                  gsl::span<const double> power_w);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// What one header says about a device's clock.
struct HeaderMeasurement {
    bool found = false;
    Sync sync;
    double timing_samples = 0;  ///< Of the header's start: its paths' mean, power-weighted.
    /// Of the carrier at the preamble's middle, rad, relative to the first header after reset().
    double phase = 0;
    double phase_variance = 0;
    double middle_samples = 0;  ///< Where that middle is in the window.
};

/// A device's receiver of the server's reference header. The phase compares all paths of all
/// antennas with those of the first header after reset(): the channel has to stand still since.
class HeaderReceiver {
public:
    /// Throws std::invalid_argument as FrameSync does.
    HeaderReceiver(const BurstFormat& format, std::size_t antennas, std::size_t window_samples);

    /// Looks for a header in `received`, [antennas, window_samples]. Throws std::invalid_argument
    /// on another size. Does not allocate.
    HeaderMeasurement measure(gsl::span<const Sample> received);

    /// A new coherence block: the next header is the phase's reference.
    void reset() { has_reference_ = false; }

private:
    void correlate(gsl::span<const Sample> received, std::ptrdiff_t start, double offset);

    BurstFormat format_;
    std::size_t antennas_;
    std::size_t window_;
    FrameSync sync_;
    std::vector<Sample> preamble_;
    std::vector<Sample> paths_, reference_;  // [antennas, prefix + 1]
    std::ptrdiff_t reference_start_ = 0;
    bool has_reference_ = false;
};

}  // namespace gr::aircomp::phy
