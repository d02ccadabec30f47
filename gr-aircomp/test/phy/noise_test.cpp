// SPDX-License-Identifier: GPL-3.0-or-later
// The noise generator: Gaussian in body and tails, white, and one sequence however it is cut.
#include "gnuradio/aircomp/phy/noise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "support/catch.hpp"

using gr::aircomp::phy::NoiseGenerator;
using Samples = std::vector<std::complex<float>>;

namespace {

Samples draw(std::uint64_t seed, std::size_t count, float variance = 1.0F) {
    Samples samples(count);
    NoiseGenerator(seed).fill(samples, variance);
    return samples;
}

}  // namespace

TEST_CASE("noise has the moments of a circular Gaussian") {
    constexpr std::size_t count = 1 << 22;
    const Samples samples = draw(1, count);
    double sum[2] = {}, square[2] = {}, fourth[2] = {}, cross = 0.0;
    for (const auto& w : samples) {
        const double part[2] = {w.real(), w.imag()};
        for (int i = 0; i < 2; ++i) {
            sum[i] += part[i];
            square[i] += part[i] * part[i];
            fourth[i] += std::pow(part[i], 4);
        }
        cross += part[0] * part[1];
    }
    // Five standard errors each; a Gaussian of variance v has fourth moment 3 v^2, its estimate
    // variance 96 v^4 / count.
    const double error = 5.0 / std::sqrt(static_cast<double>(count));
    for (int i = 0; i < 2; ++i) {
        CHECK(std::abs(sum[i] / count) < error * std::sqrt(0.5));
        CHECK(std::abs(square[i] / count - 0.5) < error * std::sqrt(0.5));
        CHECK(std::abs(fourth[i] / count - 0.75) < error * std::sqrt(96.0) * 0.25);
    }
    CHECK(std::abs(cross / count) < error * 0.5);
}

TEST_CASE("noise follows the normal distribution into its tails") {
    constexpr std::size_t count = 1 << 22;
    const Samples samples = draw(2, count);
    for (const double threshold : {0.5, 1.0, 2.0, 3.0, 4.0, 4.5}) {
        std::size_t above = 0;
        for (const auto& w : samples)
            above += (std::abs(w.real()) > threshold * std::sqrt(0.5)) +
                     (std::abs(w.imag()) > threshold * std::sqrt(0.5));
        const double expected = 2.0 * count * std::erfc(threshold / std::sqrt(2.0));
        CAPTURE(threshold);
        CHECK(std::abs(static_cast<double>(above) - expected) < 5.0 * std::sqrt(expected));
    }
}

TEST_CASE("noise is white, and seeds are independent") {
    constexpr std::size_t count = 1 << 20;
    const Samples a = draw(3, count + 64), b = draw(4, count + 64);
    const double bound = 5.0 / std::sqrt(static_cast<double>(count));
    for (const std::size_t lag : {0, 1, 2, 3, 8, 16, 31, 64}) {
        std::complex<double> own{}, across{};
        for (std::size_t i = 0; i < count; ++i) {
            own += std::complex<double>(a[i]) * std::conj(std::complex<double>(a[i + lag]));
            across += std::complex<double>(a[i]) * std::conj(std::complex<double>(b[i + lag]));
        }
        CAPTURE(lag);
        if (lag > 0) CHECK(std::abs(own) / count < bound);
        CHECK(std::abs(across) / count < bound);
    }
}

TEST_CASE("noise does not depend on how it is cut into calls") {
    const Samples whole = draw(5, 1000, 4.0F);
    NoiseGenerator generator(5);
    Samples pieces(1000);
    std::size_t done = 0;
    for (const std::size_t piece : {1, 2, 3, 5, 7, 16, 33, 200, 733}) {
        generator.add(gsl::span(pieces).subspan(done, piece), 4.0F);
        done += piece;
    }
    REQUIRE(done == 1000);
    CHECK(generator.position() == 1000);
    // Fused and separate multiply-adds round differently in the loops' remainders.
    for (std::size_t i = 0; i < 1000; ++i)
        CHECK(std::abs(whole[i] - pieces[i]) < 1e-5F);
}

TEST_CASE("noise goes on past 2^32 samples with new values") {
    NoiseGenerator generator(6);
    generator.seek((std::uint64_t{1} << 32) - 10);
    Samples across(20);
    generator.fill(across, 1.0F);
    const Samples first = draw(6, 10);
    for (std::size_t i = 0; i < 10; ++i)
        CHECK(std::abs(across[10 + i] - first[i]) > 0.0F);
    CHECK(std::all_of(across.begin(), across.end(),
                      [](auto w) { return std::isfinite(w.real()) && std::isfinite(w.imag()); }));
}
