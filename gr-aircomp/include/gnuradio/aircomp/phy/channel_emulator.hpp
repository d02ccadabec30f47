// SPDX-License-Identifier: GPL-3.0-or-later
// The air between radios, sample by sample: what every transmitter sends comes out, faded, delayed,
// detuned and noisy, at every receiver.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <gsl/span>
#include <memory>
#include <vector>

#include "gnuradio/aircomp/phy/burst_format.hpp"

namespace gr::aircomp::phy {

/// One path of the link between two antennas.
struct Path {
    double delay = 0;               ///< Samples, fractions included; from 0 to `most_delay`.
    std::complex<double> gain = 1;  ///< Amplitude; the mean amplitude where the path fades.
    double shift_hz = 0;            ///< Doppler shift of the path as a whole.
    double spread_hz = 0;           ///< Above 0 it fades: Jakes' spectrum of this half width.
    std::uint64_t fading_seed = 0;  ///< Of its fading, which paths of one seed share; 0: its own.
};

/// Paths in equal steps of delay whose mean powers fall exponentially and sum to `power`.
struct DelayProfile {
    std::size_t paths = 3;
    double step = 1;       ///< Samples from a path to the next.
    double decay_db = 3;   ///< Decibels from a path to the next.
    double rician_k = 0;   ///< Power of the first path's fixed part over its random part.
    double power = 1;      ///< Mean sum over the paths of |gain|^2.
    double shift_hz = 0;   ///< Handed on to every path.
    double spread_hz = 0;  ///< Handed on to every path, but for a fixed part.
};

/// Draws a link's paths: complex Gaussian gains of the profile's powers, fixed by the seed. Paths
/// that fade have their mean amplitudes for gains, and the first one's fixed part is a path more.
/// Throws std::invalid_argument on a negative or empty profile.
std::vector<Path> draw_paths(const DelayProfile& profile, std::uint64_t seed);

/// What a radio does to the samples of its antennas, which share one oscillator and one clock.
struct RadioImpairments {
    double carrier_offset_hz = 0;    ///< Its oscillator above the nominal carrier.
    double sampling_offset_ppm = 0;  ///< Its clock fast (above 0) or slow, within 1000.
    double timing_offset = 0;        ///< Samples by which it acts late, within `most_offset`.
    double linewidth_hz = 0;  ///< Wiener phase noise: variance 2 pi linewidth t over a time t.
    double iq_gain_db = 0;    ///< Gain of the in-phase over the quadrature branch.
    double iq_phase_deg = 0;  ///< Angle by which the branches miss quadrature.
    double full_scale = 0;    ///< Converter's largest |I| and |Q|; 0: no limit, and then no bits.
    unsigned converter_bits = 0;        ///< Of the converter, from 2 to 16; 0: not quantised.
    bool on = true;                     ///< Off: it sends nothing, or receives only noise.
    std::uint64_t oscillator_seed = 0;  ///< Of its phase noise, which radios of one seed share; 0:
                                        ///< a seed of its own.
    std::int64_t oscillator_ahead = 0;  ///< Samples by which its oscillator is ahead of the
                                        ///< emulator's time.
};

/// Which radios there are; fixed for an emulator's life.
struct EmulatorConfig {
    double sample_rate_hz = 10e6;
    std::vector<std::size_t> transmitter_antennas = {1};  ///< Of every transmitting radio.
    std::vector<std::size_t> receiver_antennas = {1};     ///< Of every receiving radio.
    double most_delay = 64;                               ///< Longest path, samples.
    double most_offset = 16;  ///< Most that a radio may act early or late, drift included, samples.
    std::uint64_t seed = 1;
};

/// K transmit streams to N_r receive streams. Streams are the antennas of all radios, in order.
///
/// A transmit stream passes its radio's converter, IQ imbalance and oscillator, then every link's
/// paths; a receive stream sums the links, adds noise and passes its own radio's oscillator, IQ
/// imbalance and converter. Output sample n belongs to input sample n - latency(). Links start as a
/// single path of gain 1 and delay 0.
///
/// Delays are realised by a windowed sinc of 16 taps, within -37 dB of an ideal delay up to 0.42 of
/// the sampling rate; response() counts what it really does. Paths and clocks move every 64
/// samples, oscillators' phase noise every 16, linear in between. With a sampling offset the timing
/// drifts; where it has drifted by `most_offset` the clock is set back to its start and slips()
/// counts it.
///
/// Any impairment may be changed between calls. The same seed and settings give the same samples,
/// however a stream is cut into calls. No call but the constructor allocates. One thread at a time.
class ChannelEmulator {
public:
    /// Throws std::invalid_argument "channel emulator: WHAT: expected ..., found ..." as do the
    /// setters.
    explicit ChannelEmulator(const EmulatorConfig& config);
    ~ChannelEmulator();
    ChannelEmulator(ChannelEmulator&&) noexcept;
    ChannelEmulator& operator=(ChannelEmulator&&) noexcept;

    std::size_t transmit_streams() const;
    std::size_t receive_streams() const;
    /// Samples by which the output lags behind the input where no delay is set.
    std::size_t latency() const;
    /// Most paths of one link.
    static constexpr std::size_t most_paths = 64;

    /// `transmit[k]` holds stream k; all spans are of one length, any length. Overwrites `receive`.
    void process(gsl::span<const gsl::span<const Sample>> transmit,
                 gsl::span<const gsl::span<Sample>> receive);

    /// Goes to sample `position` of all streams, forwards or back, as if until then nothing had
    /// been sent and every impairment had been as it is now.
    void seek(std::uint64_t position);

    void set_transmitter(std::size_t radio, const RadioImpairments& impairments);
    void set_receiver(std::size_t radio, const RadioImpairments& impairments);
    const RadioImpairments& transmitter(std::size_t radio) const;
    const RadioImpairments& receiver(std::size_t radio) const;

    /// At most `most_paths` paths; none: the link is cut.
    void set_link(std::size_t receive_stream, std::size_t transmit_stream,
                  gsl::span<const Path> paths);
    gsl::span<const Path> link(std::size_t receive_stream, std::size_t transmit_stream) const;

    /// Noise power per complex sample at every receive antenna, over the whole sampling bandwidth.
    void set_noise_power(double power);
    double noise_power() const;

    /// Sets every radio's clock to its start: timing is what timing_offset says, drift is zero.
    void restart_clocks();
    /// Clocks that were set back because they had drifted too far.
    std::uint64_t slips() const;

    /// The link's response to exp(j 2 pi `frequency` n), frequency in cycles per sample, as of the
    /// sample last processed: paths and timing of both radios, relative to latency(); neither
    /// oscillators nor branches.
    std::complex<double> response(std::size_t receive_stream, std::size_t transmit_stream,
                                  double frequency) const;
    /// Phase of a radio's oscillator at the next sample, radians, from carrier offset and noise.
    double transmitter_phase(std::size_t radio) const;
    double receiver_phase(std::size_t radio) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gr::aircomp::phy
