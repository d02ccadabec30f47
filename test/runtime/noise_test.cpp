// SPDX-License-Identifier: GPL-3.0-or-later
// Receiver noise has the moments of a circular Gaussian and is fixed by its seed.
#include "air/noise.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gnuradio/aircomp/phy/seed.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

std::vector<std::complex<float>> draw(std::uint64_t seed, std::size_t count, double variance) {
    std::vector<std::complex<float>> samples(count);
    NoiseGenerator(seed).add(samples, variance);
    return samples;
}

TEST_CASE("noise has zero mean, the variance asked for, and a Gaussian's fourth moment") {
    constexpr std::size_t count = 400000;
    const double variance = 0.3;
    std::complex<double> mean;
    double second = 0, fourth = 0;
    std::complex<double> pseudo;
    for (const auto sample : draw(3, count, variance)) {
        const std::complex<double> z(sample);
        mean += z / static_cast<double>(count);
        pseudo += z * z / static_cast<double>(count);
        second += std::norm(z) / count;
        fourth += std::norm(z) * std::norm(z) / count;
    }
    // Five standard errors of each mean over 400,000 samples.
    CHECK(std::abs(mean) < 5 * std::sqrt(variance / count));
    CHECK(second == Approx(variance).epsilon(5 / std::sqrt(static_cast<double>(count))));
    CHECK(std::abs(pseudo) < 5 * variance * std::sqrt(2.0 / count));
    CHECK(fourth == Approx(2 * variance * variance).epsilon(5 * std::sqrt(20.0 / 4 / count)));
}

TEST_CASE("each sample is what Box and Muller make of its hash") {
    // In one call, and in calls of 1, 3, 5, ... samples.
    const std::uint64_t seed = 77;
    const double variance = 2;
    const auto at_once = draw(seed, 5003, variance);
    NoiseGenerator generator(seed);
    std::vector<std::complex<float>> pieces(at_once.size());
    const gsl::span<std::complex<float>> all(pieces);
    for (std::size_t begin = 0, size = 1; begin < pieces.size(); begin += size, size += 2) {
        size = std::min(size, pieces.size() - begin);
        generator.add(all.subspan(begin, size), variance);
    }
    const auto uniform = [](std::uint64_t bits) {
        return (static_cast<float>(bits >> 8) + 0.5F) * 0x1p-24F;
    };
    for (std::size_t i = 0; i < at_once.size(); ++i) {
        const std::uint64_t bits = gr::aircomp::phy::derive_seed(seed, i);
        const double radius = std::sqrt(-variance * std::log(double{uniform(bits >> 32)}));
        const double angle = 2 * std::acos(-1.0) * uniform(bits & 0xFFFFFFFF);
        const std::complex<double> expected = std::polar(radius, angle);
        // Each function to 2e-7, their products and the sum in float32.
        CHECK(std::abs(std::complex<double>(at_once[i]) - expected) < 1e-6 * (1 + radius));
        CHECK(std::abs(pieces[i] - at_once[i]) < 1e-6 * (1 + radius));
    }
}

TEST_CASE("noise is fixed by its seed and does not repeat between calls") {
    CHECK(draw(3, 100, 1) == draw(3, 100, 1));
    CHECK(draw(3, 100, 1) != draw(4, 100, 1));
    NoiseGenerator generator(3);
    std::vector<std::complex<float>> first(50), second(50);
    generator.add(first, 1);
    generator.add(second, 1);
    CHECK(first != second);
    const auto both = draw(3, 100, 1);
    CHECK(std::equal(second.begin(), second.end(), both.begin() + 50));
}

}  // namespace
}  // namespace aircomp::runtime
