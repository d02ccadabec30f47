// SPDX-License-Identifier: GPL-3.0-or-later
// The transmitting end: from a device's partial to the samples of its antennas.
#pragma once

#include <memory>
#include <optional>

#include "gnuradio/aircomp/phy/burst_format.hpp"

namespace gr::aircomp::phy {

/// What a burst carries; the same at all devices and at the server.
struct Payload {
    std::size_t length = 0;   ///< D, reals of a vector.
    std::size_t streams = 1;  ///< L
    /// Seed of the rotation before the air; none: no rotation.
    std::optional<std::uint64_t> rotation_seed;
};

/// One device's settings for one burst.
struct TransmitSettings {
    double scale = 1;          ///< What every device divides its vector by.
    double second_moment = 1;  ///< v_n of equation (5); pilots have this power before precoding.
    double clip_level = 8;     ///< Largest real sent, in units of sqrt(second_moment / 2).
    /// B_n for every resource block, [resource blocks, antennas, streams].
    gsl::span<const Sample> precoders;
    double preamble_power_w = 1;  ///< Of the first antenna, which alone sends the preamble.
    /// By how much the device's oscillator is ahead of the server's at the burst's first sample,
    /// rad, and how that grows, cycles per sample. Every sample is corrected by it.
    double phase = 0;
    double offset = 0;
};

struct TransmitReport {
    std::size_t clipped = 0;  ///< Reals beyond the clip level.
    double mean_power_w = 0;  ///< Of all antennas together, between the ramps.
    double peak_power_w = 0;  ///< Of the antenna with the highest peak.
    double papr_db = 0;       ///< The highest peak over the same antenna's mean.
};

/// Packs symbols stream by stream: real i of a vector is real (i even) or imaginary part of data
/// subcarrier (i / 2) mod d, stream (i / 2d) mod L, OFDM symbol i / 2dL, for d data subcarriers.
class Preprocessor {
public:
    /// Throws std::invalid_argument on a bad format or payload, or more streams than antennas.
    Preprocessor(const BurstFormat& format, const Payload& payload, std::size_t antennas);
    ~Preprocessor();
    Preprocessor(Preprocessor&&) noexcept;
    Preprocessor& operator=(Preprocessor&&) noexcept;

    std::size_t antennas() const;
    /// Samples of a data burst, per antenna.
    std::size_t burst_samples() const;

    /// Writes the data burst of `vector`, [antennas, burst_samples]. Throws std::invalid_argument
    /// on sizes that disagree, a vector that is not finite, and as check() does. Does not allocate.
    TransmitReport data_burst(gsl::span<const float> vector, const TransmitSettings& settings,
                              gsl::span<Sample> samples);

    /// Writes device `device`'s part of a sounding burst, [antennas, format.sounding_samples()]:
    /// the preamble and, in its own slots, the sounding symbol at `power_w` from each antenna.
    /// `settings` gives the preamble's power and the oscillator's phase. Throws as above. Does not
    /// allocate.
    TransmitReport sounding_burst(std::size_t device, double power_w,
                                  const TransmitSettings& settings, gsl::span<Sample> samples);

    /// Throws std::invalid_argument on settings of other sizes than this format and payload have,
    /// and on a scale, power or number that is none.
    void check(const TransmitSettings& settings) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Writes the server's reference header at `power_w`, format.header_samples() samples of its first
/// antenna. Throws std::invalid_argument where the size differs or the power is none.
void write_header(const BurstFormat& format, double power_w, gsl::span<Sample> samples);

}  // namespace gr::aircomp::phy
