// SPDX-License-Identifier: GPL-3.0-or-later
// The computed quantisers against published ones, and against themselves.
#include "coding/lloyd_max.hpp"

#include <cmath>
#include <limits>
#include <random>

#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

TEST_CASE("Lloyd-Max quantisers have the distortions and levels of Max's tables") {
    // J. Max, Quantizing for Minimum Distortion, 1960, table I; of 16 levels on, its distortions
    // are off in the fourth digit.
    const double distortions[] = {0.3634, 0.1175, 0.03454, 0.009497, 0.002499};
    const double largest[] = {0.7980, 1.510, 2.152, 2.733, 3.263};
    for (int bits = 1; bits <= 5; ++bits) {
        const LloydMax& quantiser = LloydMax::of(bits);
        CAPTURE(bits);
        REQUIRE(quantiser.levels().size() == std::size_t{1} << bits);
        CHECK(quantiser.distortion() == Approx(distortions[bits - 1]).epsilon(0.003));
        CHECK(quantiser.levels().back() == Approx(largest[bits - 1]).epsilon(0.001));
        for (std::size_t i = 0; i < quantiser.levels().size(); ++i)
            CHECK(quantiser.levels()[i] ==
                  Approx(-quantiser.levels()[quantiser.levels().size() - 1 - i]).margin(1e-6));
    }
}

TEST_CASE("a Lloyd-Max quantiser takes the nearest level, which costs what it says") {
    const int bits = GENERATE(2, 4, most_lloyd_max_bits);
    const LloydMax& quantiser = LloydMax::of(bits);
    std::mt19937_64 generator(3);
    std::normal_distribution<float> gaussian;
    double error = 0;
    constexpr int count = 200000;
    for (int i = 0; i < count; ++i) {
        const float value = gaussian(generator);
        const float level = quantiser.nearest(value);
        for (const float other : quantiser.levels())
            if (std::abs(other - value) < std::abs(level - value) - 1e-6F) FAIL("not the nearest");
        error += (level - value) * (level - value);
    }
    CHECK(error / count == Approx(quantiser.distortion()).epsilon(0.04));
    CHECK(quantiser.nearest(1e9F) == quantiser.levels().back());
    CHECK(quantiser.nearest(-std::numeric_limits<float>::infinity()) == quantiser.levels().front());
}

TEST_CASE("Lloyd-Max codes come back as what the quantiser makes of the values") {
    const LloydMax& quantiser = LloydMax::of(GENERATE(1, 3, most_lloyd_max_bits));
    std::mt19937_64 generator(5);
    std::normal_distribution<float> gaussian(0, 7);
    std::vector<float> values(101);
    for (float& value : values)
        value = gaussian(generator);
    std::vector<std::uint8_t> bytes(packed_bytes(values.size(), quantiser));
    CHECK(bytes.size() == 4 + (101 * static_cast<std::size_t>(quantiser.bits()) + 7) / 8);
    pack(values, quantiser, bytes);
    std::vector<float> back(values.size());
    unpack(bytes, quantiser, back);
    quantise(values, quantiser);
    CHECK(back == values);
    std::fill(values.begin(), values.end(), 0.0F);
    pack(values, quantiser, bytes);
    unpack(bytes, quantiser, back);
    CHECK(back == values);
}

TEST_CASE("Lloyd-Max quantisers of other numbers of bits are refused") {
    CHECK_THROWS_WITH(LloydMax::of(0), Catch::Contains("expected 1 to 6 bits, found 0"));
    CHECK_THROWS_WITH(LloydMax::of(7), Catch::Contains("found 7"));
}

}  // namespace
}  // namespace aircomp::runtime
