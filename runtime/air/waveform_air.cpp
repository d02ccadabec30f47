// SPDX-License-Identifier: GPL-3.0-or-later
// Uplink and downlink of one cell, sample by sample.
#include "air/waveform_air.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "config/seeds.hpp"

namespace aircomp::runtime {
namespace {

constexpr double two_pi = 6.28318530717958647692;
constexpr double most_delay = 64;
constexpr double most_offset = 40;
constexpr std::size_t idle_chunk = 4096;
constexpr std::size_t phase_step = 128;

phy::EmulatorConfig uplink_config(const Config& config) {
    phy::EmulatorConfig emulator;
    emulator.sample_rate_hz = config.radio.bandwidth_hz;
    emulator.transmitter_antennas.clear();
    for (const auto& device : config.devices)
        emulator.transmitter_antennas.push_back(static_cast<std::size_t>(device.antennas));
    emulator.receiver_antennas = {static_cast<std::size_t>(config.radio.server_antennas)};
    emulator.most_delay = most_delay;
    emulator.most_offset = most_offset;
    emulator.seed = derive_seed(config.seed, seed_for::uplink_air);
    return emulator;
}

phy::EmulatorConfig downlink_config(const Config& config) {
    phy::EmulatorConfig emulator = uplink_config(config);
    emulator.receiver_antennas = emulator.transmitter_antennas;
    emulator.transmitter_antennas = {static_cast<std::size_t>(config.radio.server_antennas)};
    emulator.seed = derive_seed(config.seed, seed_for::downlink_air);
    return emulator;
}

/// Of the links' mean power, by path; they sum to 1.
std::vector<double> path_parts(const WaveformConfig& waveform) {
    std::vector<double> parts;
    parts.reserve(static_cast<std::size_t>(waveform.paths));
    for (int i = 0; i < waveform.paths; ++i)
        parts.push_back(std::pow(10, -waveform.path_decay_db * i / 10));
    const double total = std::accumulate(parts.begin(), parts.end(), 0.0);
    for (double& part : parts)
        part /= total;
    return parts;
}

}  // namespace

WaveformAir::WaveformAir(const Config& config, const phy::BurstFormat& format,
                         const std::vector<double>& path_gains, double noise_power_w)
    : waveform_(config.waveform),
      doppler_hz_(config.radio.doppler_hz),
      path_parts_(path_parts(config.waveform)),
      devices_(config.devices),
      seed_(config.seed),
      sample_rate_hz_(config.radio.bandwidth_hz),
      server_antennas_(static_cast<std::size_t>(config.radio.server_antennas)),
      sample_noise_w_(noise_power_w * format.fft_size /
                      static_cast<double>(format.used_subcarriers())),
      uplink_(uplink_config(config)),
      downlink_(downlink_config(config)),
      heard_(config.devices.size()) {
    set_radios(path_gains);
    set_noise(true);
    downlink_.set_noise_power(sample_noise_w_);
}

void WaveformAir::set_radios(const std::vector<double>& path_gains) {
    std::mt19937_64 magnitude(derive_seed(seed_, seed_for::radios));
    std::mt19937_64 sign(derive_seed(seed_, seed_for::radio_signs));
    std::uniform_real_distribution<double> fraction(0, 1), both(-1, 1);
    double received_w = sample_noise_w_;
    for (std::size_t n = 0; n < devices_.size(); ++n) {
        phy::RadioImpairments radio;
        radio.carrier_offset_hz = waveform_.carrier_offset_hz * both(sign);
        radio.sampling_offset_ppm = waveform_.sampling_offset_ppm * both(sign);
        radio.iq_gain_db = waveform_.iq_gain_db * both(sign);
        radio.iq_phase_deg = waveform_.iq_phase_deg * both(sign);
        radio.timing_offset = waveform_.timing_offset * fraction(magnitude);
        radio.linewidth_hz = waveform_.linewidth_hz;
        radio.full_scale = waveform_.transmit_range * std::sqrt(devices_[n].max_power_w / 2);
        radio.converter_bits = static_cast<unsigned>(waveform_.dac_bits);
        radio.on = devices_[n].name != waveform_.silent_device;
        uplink_.set_transmitter(n, radio);
        carrier_offset_hz_.push_back(radio.carrier_offset_hz);
        received_w += path_gains[n] * devices_[n].max_power_w;
    }
    phy::RadioImpairments server;
    server.full_scale = waveform_.receive_range * std::sqrt(received_w / 2);
    server.converter_bits = static_cast<unsigned>(waveform_.adc_bits);
    uplink_.set_receiver(0, server);
}

void WaveformAir::set_channels(const std::vector<Eigen::MatrixXcd>& channels, std::uint64_t seed) {
    optimizer::Random random(seed);
    later_.clear();
    for (const auto& h : channels) {
        const double power = h.squaredNorm() / static_cast<double>(h.size());
        std::vector<double> powers;
        for (std::size_t i = 1; i < path_parts_.size(); ++i)
            powers.push_back(path_parts_[i] * power);
        later_.emplace_back(powers, h, doppler_hz_, random);
    }
    set_links(channels);
    uplink_.restart_clocks();
}

void WaveformAir::move(const std::vector<Eigen::MatrixXcd>& channels, double seconds) {
    for (LaterPaths& later : later_)
        later.move(seconds);
    set_links(channels);
}

void WaveformAir::set_links(const std::vector<Eigen::MatrixXcd>& channels) {
    std::vector<phy::Path> paths(path_parts_.size());
    std::size_t stream = 0;
    for (std::size_t n = 0; n < channels.size(); ++n) {
        const auto& h = channels[n];
        for (Eigen::Index t = 0; t < h.cols(); ++t, ++stream) {
            for (Eigen::Index r = 0; r < h.rows(); ++r) {
                for (std::size_t i = 0; i < paths.size(); ++i) {
                    paths[i].delay = static_cast<double>(i);
                    paths[i].gain =
                        i == 0 ? std::sqrt(path_parts_[0]) * h(r, t) : later_[n].gain(i - 1, r, t);
                }
                const auto antenna = static_cast<std::size_t>(r);
                uplink_.set_link(antenna, stream, paths);
                downlink_.set_link(stream, antenna, paths);
            }
        }
    }
}

void WaveformAir::set_noise(bool on) {
    uplink_.set_noise_power(on ? sample_noise_w_ : 0);
}

std::size_t WaveformAir::window(std::size_t samples) const {
    // Even the latest device over the longest path lies inside.
    return lead() + samples + uplink_.latency() + static_cast<std::size_t>(most_delay);
}

gsl::span<const phy::Sample> WaveformAir::uplink(gsl::span<const std::vector<phy::Sample>> bursts,
                                                 std::size_t samples) {
    const std::size_t length = window(samples);
    sent_.assign(uplink_.transmit_streams() * length, phy::Sample());
    std::size_t stream = 0;
    for (std::size_t n = 0; n < devices_.size(); ++n) {
        const auto antennas = static_cast<std::size_t>(devices_[n].antennas);
        for (std::size_t t = 0; t < antennas && !bursts[n].empty(); ++t) {
            std::copy_n(&bursts[n][t * samples], samples, &sent_[(stream + t) * length + lead()]);
        }
        stream += antennas;
    }
    pass(length);
    return received_;
}

/// Sends `samples` of every stream of `sent_` through the uplink, piece by piece, and notes the
/// oscillators' phases between the pieces.
void WaveformAir::pass(std::size_t samples) {
    received_.resize(server_antennas_ * samples);
    phases_.clear();
    std::vector<gsl::span<const phy::Sample>> in(uplink_.transmit_streams());
    std::vector<gsl::span<phy::Sample>> out(server_antennas_);
    for (std::size_t begin = 0; begin < samples; begin += phase_step) {
        const std::size_t count = std::min(phase_step, samples - begin);
        for (std::size_t n = 0; n < devices_.size(); ++n)
            phases_.push_back(uplink_.transmitter_phase(n));
        for (std::size_t k = 0; k < in.size(); ++k)
            in[k] = {&sent_[k * samples + begin], count};
        for (std::size_t r = 0; r < out.size(); ++r)
            out[r] = {&received_[r * samples + begin], count};
        uplink_.process(in, out);
    }
    now_ += samples;
}

std::vector<std::complex<double>> WaveformAir::residuals(std::size_t device, double phase,
                                                         double offset, std::size_t first,
                                                         std::size_t last) const {
    std::vector<std::complex<double>> turns;
    for (std::size_t i = first / phase_step; i * phase_step < last; ++i) {
        const double since = static_cast<double>(i * phase_step) - static_cast<double>(lead());
        const double corrected = phase + two_pi * offset * since;
        turns.push_back(std::polar(1.0, phases_[i * devices_.size() + device] - corrected));
    }
    return turns;
}

const std::vector<std::vector<phy::Sample>>& WaveformAir::downlink(
    gsl::span<const phy::Sample> burst) {
    const std::size_t samples = burst.size() / server_antennas_;
    const std::size_t length = window(samples);
    sent_.assign(server_antennas_ * length, phy::Sample());
    std::vector<gsl::span<const phy::Sample>> in;
    for (std::size_t r = 0; r < server_antennas_; ++r) {
        std::copy_n(&burst[r * samples], samples, &sent_[r * length + lead()]);
        in.emplace_back(&sent_[r * length], length);
    }
    std::vector<gsl::span<phy::Sample>> out;
    for (std::size_t n = 0; n < devices_.size(); ++n) {
        const auto antennas = static_cast<std::size_t>(devices_[n].antennas);
        heard_[n].resize(antennas * length);
        for (std::size_t t = 0; t < antennas; ++t)
            out.emplace_back(&heard_[n][t * length], length);
    }
    downlink_.process(in, out);
    sent_.assign(uplink_.transmit_streams() * length, phy::Sample());
    pass(length);  // the devices' oscillators run on meanwhile
    for (std::size_t n = 0; n < devices_.size(); ++n)
        turn_by_oscillator(n, length, heard_[n]);
    return heard_;
}

/// How far an oscillator's phase goes in a sample, between two phases that are known but for whole
/// turns.
double WaveformAir::phase_step_of(std::size_t device, double begin, double end,
                                  std::size_t samples) const {
    const double expected =
        two_pi * carrier_offset_hz_[device] * static_cast<double>(samples) / sample_rate_hz_;
    const double walked = std::remainder(end - begin - expected, two_pi);
    return (expected + walked) / static_cast<double>(samples);
}

// Straight lines between the oscillator's phases.
void WaveformAir::turn_by_oscillator(std::size_t device, std::size_t samples,
                                     std::vector<phy::Sample>& received) const {
    const std::size_t antennas = received.size() / samples;
    for (std::size_t begin = 0; begin < samples; begin += phase_step) {
        const std::size_t count = std::min(phase_step, samples - begin);
        const std::size_t i = begin / phase_step;
        const bool is_last = begin + count == samples;
        const double phase = phases_[i * devices_.size() + device];
        const double next = is_last ? uplink_.transmitter_phase(device)
                                    : phases_[(i + 1) * devices_.size() + device];
        const double step = phase_step_of(device, phase, next, count);
        for (std::size_t j = 0; j < count; ++j) {
            const phy::Sample turn(std::polar(1.0, -(phase + step * static_cast<double>(j))));
            for (std::size_t t = 0; t < antennas; ++t)
                received[t * samples + begin + j] *= turn;
        }
    }
}

void WaveformAir::idle(double samples) {
    auto left = static_cast<std::size_t>(std::max(0.0, samples));
    while (left > 0) {
        const std::size_t chunk = std::min(left, idle_chunk);
        sent_.assign(uplink_.transmit_streams() * chunk, phy::Sample());
        pass(chunk);
        left -= chunk;
    }
}

}  // namespace aircomp::runtime
