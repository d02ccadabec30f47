// SPDX-License-Identifier: GPL-3.0-or-later
// A small channel for tests of the kernels, and a one-stream transceiver for it: devices of one
// antenna, paths at whole samples, white noise.
#pragma once

#include <algorithm>

#include "gnuradio/aircomp/phy/postprocessor.hpp"
#include "gnuradio/aircomp/phy/sounder.hpp"
#include "signals.hpp"

namespace gr::aircomp::phy::test {

struct Path {
    std::size_t delay;
    std::complex<double> gain;
};

/// Paths of every device to every server antenna.
using Links = std::vector<std::vector<std::vector<Path>>>;  // [devices][antennas]

/// Rayleigh fading of unit mean power over `taps` paths of a power that halves, device n delayed by
/// n * `stagger` samples.
inline Links draw_links(std::size_t devices, std::size_t antennas, std::size_t taps,
                        std::size_t stagger, Noise& random) {
    Links links(devices, std::vector<std::vector<Path>>(antennas));
    double total = 0;
    for (std::size_t i = 0; i < taps; ++i)
        total += std::pow(0.5, i);
    for (std::size_t n = 0; n < devices; ++n) {
        for (auto& paths : links[n]) {
            for (std::size_t i = 0; i < taps; ++i) {
                const double amplitude = std::sqrt(std::pow(0.5, i) / total);
                paths.push_back({n * stagger + i, amplitude * random.draw()});
            }
        }
    }
    return links;
}

/// Adds one device's burst, sent at `start`, to what the server receives, [antennas, window].
inline void propagate(const std::vector<std::vector<Path>>& link, gsl::span<const Sample> burst,
                      std::size_t start, std::vector<Sample>& received) {
    const std::size_t window = received.size() / link.size();
    for (std::size_t r = 0; r < link.size(); ++r) {
        for (const Path& path : link[r]) {
            for (std::size_t i = 0; i < burst.size(); ++i)
                received[r * window + start + path.delay + i] += Sample(path.gain) * burst[i];
        }
    }
}

/// Noise power per sample that makes `noise_power_w` within the used bandwidth.
inline double sample_noise(const BurstFormat& format, double noise_power_w) {
    return noise_power_w * format.fft_size / static_cast<double>(format.used_subcarriers());
}

/// One-stream transceivers for channels [devices][used * antennas], and what equation (4) says.
struct OneStream {
    std::vector<Sample> combiners;               // [used, antennas]
    std::vector<std::vector<Sample>> precoders;  // [devices][used]
    std::vector<Sample> pilot_reference;         // [used]

    /// (4) over the number of devices, for the true channels, mean over the subcarriers.
    double expected_nmse(const std::vector<std::vector<Sample>>& channels, double noise_power_w,
                         std::size_t antennas) const {
        double error = 0;
        const std::size_t used = pilot_reference.size();
        for (std::size_t k = 0; k < used; ++k) {
            for (std::size_t r = 0; r < antennas; ++r)
                error += noise_power_w * std::norm(combiners[k * antennas + r]);
            for (std::size_t n = 0; n < channels.size(); ++n) {
                Sample g = 0;
                for (std::size_t r = 0; r < antennas; ++r)
                    g += combiners[k * antennas + r] * channels[n][k * antennas + r];
                error += std::norm(g * precoders[n][k] - 1.0F);
            }
        }
        return error / static_cast<double>(used * channels.size());
    }
};

/// The sum of the normalised channels as combiner, its size the best of a grid, and (6) at unit
/// power for every device.
inline OneStream design(const std::vector<std::vector<Sample>>& channels, double noise_power_w,
                        std::size_t antennas) {
    const std::size_t used = channels[0].size() / antennas;
    OneStream best;
    best.combiners.resize(used * antennas);
    best.precoders.assign(channels.size(), std::vector<Sample>(used));
    best.pilot_reference.resize(used);
    std::vector<Sample> direction(antennas), gains(channels.size());
    for (std::size_t k = 0; k < used; ++k) {
        std::fill(direction.begin(), direction.end(), Sample());
        for (const auto& h : channels) {
            double norm = 0;
            for (std::size_t r = 0; r < antennas; ++r)
                norm += std::norm(h[k * antennas + r]);
            for (std::size_t r = 0; r < antennas; ++r) {
                direction[r] +=
                    std::conj(h[k * antennas + r]) / static_cast<float>(std::sqrt(norm));
            }
        }
        double square = 0;
        for (const Sample d : direction)
            square += std::norm(d);
        for (std::size_t n = 0; n < channels.size(); ++n) {
            gains[n] = 0;
            for (std::size_t r = 0; r < antennas; ++r)
                gains[n] += direction[r] * channels[n][k * antennas + r];
        }
        double least = 1e30;
        double size = 1;
        for (double a = 0.01; a < 100; a *= 1.1) {
            double error = noise_power_w * a * a * square;
            for (const Sample g : gains)
                error += std::pow(1 - std::min(1.0, a * static_cast<double>(std::abs(g))), 2);
            if (error < least) {
                least = error;
                size = a;
            }
        }
        for (std::size_t r = 0; r < antennas; ++r)
            best.combiners[k * antennas + r] = static_cast<float>(size) * direction[r];
        for (std::size_t n = 0; n < channels.size(); ++n) {
            const double g = size * static_cast<double>(std::abs(gains[n]));
            best.precoders[n][k] =
                std::conj(gains[n]) / std::abs(gains[n]) * static_cast<float>(std::min(1.0, 1 / g));
            best.pilot_reference[k] += static_cast<float>(std::min(1.0, g));
        }
    }
    return best;
}

}  // namespace gr::aircomp::phy::test
