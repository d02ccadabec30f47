// SPDX-License-Identifier: GPL-3.0-or-later
// Vectors as the digital schemes send them.
#include "coding/packed_partial.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

std::vector<float> draw(std::size_t length) {
    std::mt19937 generator(7);
    std::normal_distribution<float> normal;
    std::vector<float> values(length);
    for (float& value : values)
        value = normal(generator);
    return values;
}

TEST_CASE("what is packed comes back rounded to its grid, at any number of bits") {
    const int bits = GENERATE(range(2, 33));
    const std::size_t length = GENERATE(std::size_t{1}, std::size_t{7}, std::size_t{256});
    const auto values = draw(length);
    std::vector<std::uint8_t> bytes(packed_bytes(length, bits));
    CHECK(bytes.size() == 4 + (length * static_cast<std::size_t>(bits) + 7) / 8);
    pack(values, bits, bytes);
    std::vector<float> back(length), rounded = values;
    unpack(bytes, bits, back);
    quantise(rounded, bits);
    CHECK(back == rounded);
    float largest = 0;
    for (const float value : values)
        largest = std::max(largest, std::abs(value));
    const float half_step = largest / static_cast<float>((std::int64_t{1} << (bits - 1)) - 1) / 2;
    for (std::size_t i = 0; i < length; ++i)
        CHECK(std::abs(back[i] - values[i]) <= 1.001F * half_step + 1e-6F * largest);
}

TEST_CASE("codes of any kind come back rounded as quantise() rounds them") {
    DigitalConfig codes;
    codes.quantiser = GENERATE(Quantiser::uniform, Quantiser::lloyd_max);
    codes.bits = GENERATE(2.0, 4.4, 5.5);
    const std::size_t length = GENERATE(std::size_t{1}, std::size_t{7}, std::size_t{256});
    const auto values = draw(length);
    std::vector<std::uint8_t> bytes(packed_bytes(length, codes));
    CHECK(8 * static_cast<double>(bytes.size()) >= code_bits(length, codes));
    CHECK(8 * static_cast<double>(bytes.size()) < code_bits(length, codes) + 16);
    pack(values, codes, bytes);
    std::vector<float> back(length), rounded = values;
    unpack(bytes, codes, back);
    quantise(rounded, codes);
    CHECK(back == rounded);
}

TEST_CASE("a vector of zeros stays one") {
    std::vector<float> values(10, 0.0F), back(10, 1.0F);
    std::vector<std::uint8_t> bytes(packed_bytes(10, 4));
    pack(values, 4, bytes);
    unpack(bytes, 4, back);
    CHECK(back == values);
}

TEST_CASE("a range that is no number does not travel on") {
    std::vector<std::uint8_t> bytes(packed_bytes(4, 8));
    const float range = GENERATE(std::numeric_limits<float>::quiet_NaN(),
                                 std::numeric_limits<float>::infinity(), -1.0F);
    std::memcpy(bytes.data(), &range, sizeof(range));
    std::vector<float> values(4);
    CHECK_THROWS_WITH(unpack(bytes, 8, values), Catch::Contains("finite range"));
}

}  // namespace
}  // namespace aircomp::runtime
