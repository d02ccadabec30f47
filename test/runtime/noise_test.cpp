// SPDX-License-Identifier: GPL-3.0-or-later
// Receiver noise has the moments of a circular Gaussian and is fixed by its seed.
#include "air/noise.hpp"

#include <vector>

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
