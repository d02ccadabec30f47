// SPDX-License-Identifier: GPL-3.0-or-later
// Seeded signals and figures that the tests of the kernels share.
#pragma once

#include <cmath>
#include <complex>
#include <cstdint>
#include <random>
#include <vector>

#include "gnuradio/aircomp/phy/burst_format.hpp"

namespace gr::aircomp::phy::test {

constexpr double two_pi = 6.28318530717958647692;

inline std::vector<float> gaussian(std::size_t length, unsigned seed, double deviation = 1) {
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal(0, static_cast<float>(deviation));
    std::vector<float> x(length);
    for (float& value : x)
        value = normal(generator);
    return x;
}

/// Adds CN(0, variance) noise.
class Noise {
public:
    explicit Noise(std::uint64_t seed) : generator_(seed) {}

    void add(gsl::span<Sample> samples, double variance) {
        const auto deviation = static_cast<float>(std::sqrt(variance / 2));
        for (Sample& sample : samples)
            sample += Sample(deviation * normal_(generator_), deviation * normal_(generator_));
    }
    std::complex<double> draw() {
        return std::complex<double>(normal_(generator_), normal_(generator_)) / std::sqrt(2.0);
    }

private:
    std::mt19937_64 generator_;
    std::normal_distribution<float> normal_;
};

/// The preamble with its prefix, unit power.
inline std::vector<Sample> preamble(const BurstFormat& format) {
    const auto sequence = sync_sequence(format);
    std::vector<Sample> samples;
    for (std::size_t i = 0; i < format.prefix; ++i) {
        const Sample value = sequence[format.sync_period - format.prefix + i];
        samples.push_back(static_cast<float>(sync_sign(format, 0)) * value);
    }
    for (std::size_t m = 0; m < format.sync_periods; ++m) {
        for (const Sample value : sequence)
            samples.push_back(static_cast<float>(sync_sign(format, m)) * value);
    }
    return samples;
}

inline double nmse(const std::vector<float>& found, const std::vector<float>& expected) {
    double error = 0;
    double signal = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        error += std::pow(static_cast<double>(found[i]) - expected[i], 2);
        signal += std::pow(static_cast<double>(expected[i]), 2);
    }
    return error / signal;
}

inline double to_db(double ratio) {
    return 10 * std::log10(ratio);
}

inline double from_db(double db) {
    return std::pow(10, db / 10);
}

}  // namespace gr::aircomp::phy::test
