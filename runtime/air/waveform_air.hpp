// SPDX-License-Identifier: GPL-3.0-or-later
// The air of the medium `waveform`: both directions of one cell through the channel emulator, on
// one clock.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "air/later_paths.hpp"
#include "config/config.hpp"
#include "gnuradio/aircomp/phy/channel_emulator.hpp"

namespace aircomp::runtime {

namespace phy = gr::aircomp::phy;

/// Devices' bursts reach the server, the server's header the devices, over the same paths. Carrier
/// offsets and phase noise are the devices', relative to the server: what a device's oscillator
/// adds to its bursts it takes from the header.
class WaveformAir {
public:
    /// `path_gains` are beta_n, by which the server's converter is set; `noise_power_w` is per
    /// antenna over the used bandwidth.
    WaveformAir(const Config& config, const phy::BurstFormat& format,
                const std::vector<double>& path_gains, double noise_power_w);

    /// New channels: `channels[n]`, N_r x N_t, spread over the configuration's paths; the first one
    /// has their phases, the others are drawn from `seed`. Devices set their clocks anew.
    void set_channels(const std::vector<Eigen::MatrixXcd>& channels, std::uint64_t seed);

    /// Where there is Doppler: the same channels `seconds` later, `channels` for their first paths.
    /// They stand still during a burst, which is short beside a period of the Doppler.
    void move(const std::vector<Eigen::MatrixXcd>& channels, double seconds);

    /// Receiver noise of the server on or off.
    void set_noise(bool on);

    /// Samples of a received window for a transmission of `samples`, which begins in it with sample
    /// lead().
    std::size_t window(std::size_t samples) const;
    static constexpr std::size_t lead() { return 64; }

    /// All devices transmit at once, `bursts[n]` being [antennas, samples] or empty for one that
    /// stays silent; what the server receives, [server antennas, window(samples)], valid until the
    /// next call.
    gsl::span<const phy::Sample> uplink(gsl::span<const std::vector<phy::Sample>> bursts,
                                        std::size_t samples);

    /// The server sends `burst`, [server antennas, samples]; what every device receives, [antennas,
    /// window(samples)], valid until the next call.
    const std::vector<std::vector<phy::Sample>>& downlink(gsl::span<const phy::Sample> burst);

    /// Time passes in silence.
    void idle(double samples);

    /// What an oscillator's correction by `phase` + 2 pi `offset` (i - lead()) has left over, as
    /// exp(j residual), every 128 samples from `first` to before `last` of the last uplink window.
    std::vector<std::complex<double>> residuals(std::size_t device, double phase, double offset,
                                                std::size_t first, std::size_t last) const;

    /// Samples since the beginning.
    double now() const { return static_cast<double>(now_); }

    const phy::ChannelEmulator& uplink_emulator() const { return uplink_; }

private:
    void set_radios(const std::vector<double>& path_gains);
    void set_links(const std::vector<Eigen::MatrixXcd>& channels);
    void pass(std::size_t samples);
    void turn_by_oscillator(std::size_t device, std::size_t samples,
                            std::vector<phy::Sample>& received) const;
    double phase_step_of(std::size_t device, double begin, double end, std::size_t samples) const;

    WaveformConfig waveform_;
    double doppler_hz_;
    std::vector<double> path_parts_;
    std::vector<DeviceConfig> devices_;
    std::uint64_t seed_;
    double sample_rate_hz_;
    std::size_t server_antennas_;
    double sample_noise_w_;
    phy::ChannelEmulator uplink_, downlink_;
    std::vector<LaterPaths> later_;  // by device
    std::vector<double> carrier_offset_hz_;
    std::size_t now_ = 0;
    std::vector<double>
        phases_;  // while air last passed, every phase_step samples, [times, devices]
    std::vector<phy::Sample> sent_, received_;
    std::vector<std::vector<phy::Sample>> heard_;
};

}  // namespace aircomp::runtime
