// SPDX-License-Identifier: GPL-3.0-or-later
// The rotation is orthonormal, undoes itself and spreads spikes, at lengths of real models.
#include "gnuradio/aircomp/phy/rotation.hpp"

#include <cmath>
#include <random>

#include "support/catch.hpp"

namespace gr::aircomp::phy {
namespace {

std::vector<float> gaussian(std::size_t length, unsigned seed) {
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal;
    std::vector<float> x(length);
    for (float& value : x)
        value = normal(generator);
    return x;
}

double norm(const std::vector<float>& x) {
    double sum = 0;
    for (const float value : x)
        sum += static_cast<double>(value) * value;
    return std::sqrt(sum);
}

TEST_CASE("a rotation keeps the norm and comes back to where it began") {
    const auto length = GENERATE(1, 7, 64, 256, 768, 896, 1000, 2048);
    const auto x = gaussian(static_cast<std::size_t>(length), 1);
    const Rotation rotation(length, 5);
    auto y = x;
    rotation.apply(y);
    // Float32 rounding of log2(length) additions.
    CHECK(norm(y) == Approx(norm(x)).epsilon(1e-5));
    rotation.undo(y);
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
        worst = std::max<double>(worst, std::abs(y[i] - x[i]));
    CHECK(worst < 1e-5);
}

TEST_CASE("a rotation spreads a spike over all coordinates") {
    const auto length = GENERATE(256, 768, 2048);
    std::vector<float> spike(static_cast<std::size_t>(length), 0.0F);
    spike[17] = 1000;
    Rotation(length, 5).apply(spike);
    float largest = 0;
    for (const float value : spike)
        largest = std::max(largest, std::abs(value));
    // Even would be 1000 / sqrt(length); the Hartley factor of 768 = 3 * 256 adds at most sqrt(2).
    CHECK(largest <= 1.42F * 1000 / std::sqrt(static_cast<float>(length)));
}

TEST_CASE("another seed is another rotation") {
    auto a = gaussian(256, 1);
    auto b = a;
    Rotation(256, 5).apply(a);
    Rotation(256, 6).apply(b);
    CHECK(a != b);
}

}  // namespace
}  // namespace gr::aircomp::phy
