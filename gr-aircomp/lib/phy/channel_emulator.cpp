// SPDX-License-Identifier: GPL-3.0-or-later
// The channel emulator: transmitters' front ends into one buffer per stream, one filter per link
// that holds all its paths and both radios' timing, receivers' front ends.
#include "gnuradio/aircomp/phy/channel_emulator.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "emulated_link.hpp"
#include "emulated_radio.hpp"
#include "emulator_loops.hpp"
#include "emulator_support.hpp"
#include "gnuradio/aircomp/phy/noise.hpp"
#include "gnuradio/aircomp/phy/seed.hpp"

namespace gr::aircomp::phy {
namespace {

using emulation::block;
using emulation::chunk;
using emulation::kernel_taps;
using emulation::Link;
using emulation::Radio;
using emulation::require;
using emulation::Turning;

/// What a seed is for; each purpose has a sequence of its own.
enum Purpose : std::uint64_t { for_transmitters, for_receivers, for_noise, for_fading };

std::vector<std::size_t> owners(const std::vector<std::size_t>& antennas, const char* what) {
    require(!antennas.empty() && antennas.size() <= 1024, what, "from 1 to 1024 radios",
            antennas.size());
    std::vector<std::size_t> owner;
    for (std::size_t r = 0; r < antennas.size(); ++r) {
        require(antennas[r] >= 1 && antennas[r] <= 64, what, "from 1 to 64 antennas", antennas[r]);
        owner.insert(owner.end(), antennas[r], r);
    }
    return owner;
}

}  // namespace

std::vector<Path> draw_paths(const DelayProfile& profile, std::uint64_t seed) {
    require(profile.paths >= 1 && profile.paths <= ChannelEmulator::most_paths, "paths",
            "from 1 to 64", profile.paths);
    require(profile.step >= 0, "step", ">= 0", profile.step);
    require(profile.rician_k >= 0, "rician_k", ">= 0", profile.rician_k);
    require(profile.power >= 0, "power", ">= 0", profile.power);
    std::vector<std::complex<float>> draws(profile.paths);
    NoiseGenerator(seed).fill(draws, 1.0F);
    std::vector<double> powers(profile.paths);
    for (std::size_t p = 0; p < profile.paths; ++p)
        powers[p] = std::pow(10, -profile.decay_db * static_cast<double>(p) / 10);
    const double sum = std::accumulate(powers.begin(), powers.end(), 0.0);
    std::vector<Path> paths;
    for (std::size_t p = 0; p < profile.paths; ++p) {
        const double amplitude = std::sqrt(profile.power * powers[p] / sum);
        const double k = p == 0 ? profile.rician_k : 0;
        const double fixed = amplitude * std::sqrt(k / (1 + k));
        const double random = amplitude * std::sqrt(1 / (1 + k));
        const double delay = profile.step * static_cast<double>(p);
        if (profile.spread_hz == 0) {
            const auto drawn = random * std::complex<double>(draws[p]);
            paths.push_back({delay, fixed + drawn, profile.shift_hz, 0, 0});
            continue;
        }
        paths.push_back({delay, random, profile.shift_hz, profile.spread_hz, 0});
        if (k > 0) paths.push_back({delay, fixed, profile.shift_hz, 0, 0});
    }
    require(paths.size() <= ChannelEmulator::most_paths, "paths", "at most 64", paths.size());
    return paths;
}

struct ChannelEmulator::Impl {
    explicit Impl(const EmulatorConfig& c);

    void process(gsl::span<const gsl::span<const Sample>> transmit,
                 gsl::span<const gsl::span<Sample>> receive);
    void transmit_chunk(gsl::span<const gsl::span<const Sample>> transmit, std::size_t done,
                        std::size_t count);
    void link_chunk(gsl::span<const gsl::span<Sample>> receive, std::size_t done,
                    std::size_t count);
    void receive_chunk(gsl::span<const gsl::span<Sample>> receive, std::size_t done,
                       std::size_t count);
    void seek(std::uint64_t to);
    void start_block(std::uint64_t start);
    void refresh(std::size_t r, std::size_t k, std::uint64_t start);
    void refresh_all();
    Link& link(std::size_t r, std::size_t k) {
        require(r < receiver_of.size(), "receive stream", "one that is there", r);
        require(k < transmitter_of.size(), "transmit stream", "one that is there", k);
        return links[r * transmitter_of.size() + k];
    }
    float* samples(std::size_t k) { return history.data() + 2 * (k * pitch + past); }

    EmulatorConfig config;
    std::vector<std::size_t> transmitter_of, receiver_of;  ///< The radio of every stream.
    std::size_t latency;
    std::size_t past;   ///< Samples of every transmit stream kept from before the chunk.
    std::size_t pitch;  ///< Samples from a stream's buffer to the next.
    std::vector<Radio> transmitters, receivers;
    std::vector<Link> links;  ///< Of receive stream r and transmit stream k at r K + k.
    std::vector<NoiseGenerator> noise;
    double noise_power = 0;
    std::vector<float> history;
    std::vector<loops::Filter> filters;
    Turning turning;
    std::uint64_t position = 0;
    std::uint64_t slips = 0;
};

ChannelEmulator::Impl::Impl(const EmulatorConfig& c)
    : config(c),
      transmitter_of(owners(c.transmitter_antennas, "transmitter_antennas")),
      receiver_of(owners(c.receiver_antennas, "receiver_antennas")) {
    require(c.sample_rate_hz > 0 && std::isfinite(c.sample_rate_hz), "sample_rate_hz", "above 0",
            c.sample_rate_hz);
    require(c.most_delay >= 0 && c.most_delay <= 4096, "most_delay", "from 0 to 4096",
            c.most_delay);
    require(c.most_offset >= 1 && c.most_offset <= 4096, "most_offset", "from 1 to 4096",
            c.most_offset);
    const auto offset = static_cast<std::size_t>(std::ceil(2 * c.most_offset));
    const auto delay = static_cast<std::size_t>(std::ceil(c.most_delay));
    latency = kernel_taps / 2 + offset;
    past = latency + offset + delay + kernel_taps;
    pitch = past + chunk + loops::overread;
    history.resize(2 * pitch * transmitter_of.size());
    filters.resize(transmitter_of.size());
    for (std::size_t n = 0; n < c.transmitter_antennas.size(); ++n)
        transmitters.emplace_back(derive_seed(derive_seed(c.seed, for_transmitters), n),
                                  c.sample_rate_hz, c.most_offset);
    for (std::size_t n = 0; n < c.receiver_antennas.size(); ++n)
        receivers.emplace_back(derive_seed(derive_seed(c.seed, for_receivers), n), c.sample_rate_hz,
                               c.most_offset);
    for (std::size_t i = 0; i < receiver_of.size() * transmitter_of.size(); ++i)
        links.emplace_back(derive_seed(derive_seed(c.seed, for_fading), i), c.most_delay);
    for (std::size_t r = 0; r < receiver_of.size(); ++r)
        noise.emplace_back(derive_seed(derive_seed(c.seed, for_noise), r));
    const Path direct;
    for (Link& link : links)
        link.set({&direct, 1});
    refresh_all();
}

void ChannelEmulator::Impl::refresh(std::size_t r, std::size_t k, std::uint64_t start) {
    constexpr double middle = block / 2.0;
    const double seconds = (static_cast<double>(start) + middle) / config.sample_rate_hz;
    const double lag = static_cast<double>(latency) +
                       transmitters[transmitter_of[k]].timing(middle) -
                       receivers[receiver_of[r]].timing(middle);
    link(r, k).refresh(seconds, lag);
}

void ChannelEmulator::Impl::refresh_all() {
    for (std::size_t r = 0; r < receiver_of.size(); ++r) {
        for (std::size_t k = 0; k < transmitter_of.size(); ++k)
            refresh(r, k, position - position % block);
    }
}

void ChannelEmulator::Impl::seek(std::uint64_t to) {
    position = to;
    std::fill(history.begin(), history.end(), 0.0F);
    for (auto* radios : {&transmitters, &receivers}) {
        for (Radio& radio : *radios)
            radio.seek(to);
    }
    refresh_all();
}

void ChannelEmulator::Impl::start_block(std::uint64_t start) {
    if (start == 0) return;
    for (auto* radios : {&transmitters, &receivers}) {
        for (Radio& radio : *radios)
            slips += radio.pass_block() ? 1 : 0;
    }
    for (std::size_t r = 0; r < receiver_of.size(); ++r) {
        for (std::size_t k = 0; k < transmitter_of.size(); ++k) {
            if (link(r, k).moves() || transmitters[transmitter_of[k]].drifts() ||
                receivers[receiver_of[r]].drifts())
                refresh(r, k, start);
        }
    }
}

void ChannelEmulator::Impl::transmit_chunk(gsl::span<const gsl::span<const Sample>> transmit,
                                           std::size_t done, std::size_t count) {
    std::size_t k = 0;
    for (std::size_t radio = 0; radio < transmitters.size(); ++radio) {
        Radio& own = transmitters[radio];
        own.oscillate(position, count, 1.0F, turning);
        for (std::size_t antenna = 0; antenna < config.transmitter_antennas[radio];
             ++antenna, ++k) {
            float* const x = samples(k);
            if (!own.settings().on) {
                std::fill_n(x, 2 * count, 0.0F);
                continue;
            }
            std::copy_n(reinterpret_cast<const float*>(transmit[k].data() + done), 2 * count, x);
            own.convert(x, count);
            own.unbalance(x, count);
            loops::rotate(x, turning.stretches.data(), turning.count);
        }
    }
}

void ChannelEmulator::Impl::link_chunk(gsl::span<const gsl::span<Sample>> receive, std::size_t done,
                                       std::size_t count) {
    for (std::size_t into = 0; into < count;) {
        const std::size_t in_block = (position + into) % block;
        if (in_block == 0) start_block(position + into);
        const std::size_t length = std::min(block - in_block, count - into);
        for (std::size_t r = 0; r < receiver_of.size(); ++r) {
            float* const y = reinterpret_cast<float*>(receive[r].data() + done + into);
            std::size_t used = 0;
            for (std::size_t k = 0; k < transmitter_of.size(); ++k)
                filters[used++] =
                    links[r * transmitter_of.size() + k].filter(samples(k) + 2 * into);
            loops::filter_sum(y, length, filters.data(), used);
        }
        into += length;
    }
    for (std::size_t k = 0; k < transmitter_of.size(); ++k) {
        float* const kept = samples(k) - 2 * past;
        std::copy_n(kept + 2 * count, 2 * past, kept);
    }
}

void ChannelEmulator::Impl::receive_chunk(gsl::span<const gsl::span<Sample>> receive,
                                          std::size_t done, std::size_t count) {
    std::size_t r = 0;
    for (std::size_t radio = 0; radio < receivers.size(); ++radio) {
        Radio& own = receivers[radio];
        own.oscillate(position, count, -1.0F, turning);
        for (std::size_t antenna = 0; antenna < config.receiver_antennas[radio]; ++antenna, ++r) {
            const gsl::span<Sample> output = receive[r].subspan(done, count);
            float* const y = reinterpret_cast<float*>(output.data());
            if (!own.settings().on) std::fill_n(y, 2 * count, 0.0F);
            noise[r].seek(position);
            if (noise_power > 0) noise[r].add(output, static_cast<float>(noise_power));
            loops::rotate(y, turning.stretches.data(), turning.count);
            own.unbalance(y, count);
            own.convert(y, count);
        }
    }
}

void ChannelEmulator::Impl::process(gsl::span<const gsl::span<const Sample>> transmit,
                                    gsl::span<const gsl::span<Sample>> receive) {
    require(transmit.size() == transmitter_of.size(), "transmit streams", "one per antenna",
            transmit.size());
    require(receive.size() == receiver_of.size(), "receive streams", "one per antenna",
            receive.size());
    const std::size_t length = transmit[0].size();
    for (const auto& stream : transmit)
        require(stream.size() == length, "transmit stream's samples", "as many as in the first",
                stream.size());
    for (const auto& stream : receive)
        require(stream.size() == length, "receive stream's samples", "as many as are transmitted",
                stream.size());
    for (std::size_t done = 0; done < length;) {
        const std::size_t count = std::min(chunk, length - done);
        transmit_chunk(transmit, done, count);
        link_chunk(receive, done, count);
        receive_chunk(receive, done, count);
        position += count;
        done += count;
    }
}

ChannelEmulator::ChannelEmulator(const EmulatorConfig& config)
    : impl_(std::make_unique<Impl>(config)) {}
ChannelEmulator::~ChannelEmulator() = default;
ChannelEmulator::ChannelEmulator(ChannelEmulator&&) noexcept = default;
ChannelEmulator& ChannelEmulator::operator=(ChannelEmulator&&) noexcept = default;

void ChannelEmulator::seek(std::uint64_t position) {
    impl_->seek(position);
}

std::size_t ChannelEmulator::transmit_streams() const {
    return impl_->transmitter_of.size();
}
std::size_t ChannelEmulator::receive_streams() const {
    return impl_->receiver_of.size();
}
std::size_t ChannelEmulator::latency() const {
    return impl_->latency;
}

void ChannelEmulator::process(gsl::span<const gsl::span<const Sample>> transmit,
                              gsl::span<const gsl::span<Sample>> receive) {
    impl_->process(transmit, receive);
}

void ChannelEmulator::set_transmitter(std::size_t radio, const RadioImpairments& impairments) {
    require(radio < impl_->transmitters.size(), "transmitter", "one that is there", radio);
    impl_->transmitters[radio].set(impairments);
    impl_->refresh_all();
}

void ChannelEmulator::set_receiver(std::size_t radio, const RadioImpairments& impairments) {
    require(radio < impl_->receivers.size(), "receiver", "one that is there", radio);
    impl_->receivers[radio].set(impairments);
    impl_->refresh_all();
}

const RadioImpairments& ChannelEmulator::transmitter(std::size_t radio) const {
    require(radio < impl_->transmitters.size(), "transmitter", "one that is there", radio);
    return impl_->transmitters[radio].settings();
}

const RadioImpairments& ChannelEmulator::receiver(std::size_t radio) const {
    require(radio < impl_->receivers.size(), "receiver", "one that is there", radio);
    return impl_->receivers[radio].settings();
}

void ChannelEmulator::set_link(std::size_t receive_stream, std::size_t transmit_stream,
                               gsl::span<const Path> paths) {
    impl_->link(receive_stream, transmit_stream).set(paths);
    impl_->refresh(receive_stream, transmit_stream, impl_->position - impl_->position % block);
}

gsl::span<const Path> ChannelEmulator::link(std::size_t receive_stream,
                                            std::size_t transmit_stream) const {
    return impl_->link(receive_stream, transmit_stream).paths();
}

void ChannelEmulator::set_noise_power(double power) {
    require(power >= 0 && std::isfinite(power), "noise power", ">= 0", power);
    impl_->noise_power = power;
}

double ChannelEmulator::noise_power() const {
    return impl_->noise_power;
}

void ChannelEmulator::restart_clocks() {
    for (auto* radios : {&impl_->transmitters, &impl_->receivers}) {
        for (Radio& radio : *radios)
            radio.restart_clock();
    }
    impl_->refresh_all();
}

std::uint64_t ChannelEmulator::slips() const {
    return impl_->slips;
}

std::complex<double> ChannelEmulator::response(std::size_t receive_stream,
                                               std::size_t transmit_stream,
                                               double frequency) const {
    return impl_->link(receive_stream, transmit_stream)
        .response(frequency, static_cast<double>(impl_->latency));
}

double ChannelEmulator::transmitter_phase(std::size_t radio) const {
    require(radio < impl_->transmitters.size(), "transmitter", "one that is there", radio);
    return impl_->transmitters[radio].phase();
}

double ChannelEmulator::receiver_phase(std::size_t radio) const {
    require(radio < impl_->receivers.size(), "receiver", "one that is there", radio);
    return impl_->receivers[radio].phase();
}

}  // namespace gr::aircomp::phy
