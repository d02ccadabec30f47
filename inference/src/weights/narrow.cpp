// SPDX-License-Identifier: GPL-3.0-or-later
// Rounding of float32 to bfloat16 and float16.
#include "weights/narrow.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>

namespace aircomp::inference {

namespace {

std::uint32_t bits_of(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

/// Drops the lowest `count` bits, to nearest, ties to even.
std::uint32_t drop_bits(std::uint32_t bits, int count) {
    const std::uint32_t below_half = (std::uint32_t{1} << (count - 1)) - 1;
    return (bits + below_half + (bits >> count & 1u)) >> count;
}

std::uint16_t to_bf16(float value) {
    if (std::isnan(value)) return 0x7fc0;
    return static_cast<std::uint16_t>(drop_bits(bits_of(value), 16));
}

std::uint16_t to_f16(float value) {
    const auto sign = static_cast<std::uint16_t>(bits_of(value) >> 16 & 0x8000u);
    const float magnitude = std::fabs(value);
    std::uint32_t half = 0;
    if (std::isnan(value)) {
        half = 0x7e00;
    } else if (magnitude >= 65536.0f) {
        half = 0x7c00;
    } else if (magnitude < 0x1p-14f) {
        half = static_cast<std::uint32_t>(std::nearbyint(magnitude * 0x1p24f));  // subnormal
    } else {
        constexpr std::uint32_t difference_of_biases = 112u << 23;
        half = drop_bits(bits_of(magnitude) - difference_of_biases, 13);
    }
    return static_cast<std::uint16_t>(sign | half);
}

}  // namespace

void narrow(DataType type, gsl::span<const float> values, std::byte* out) {
    if (type == DataType::f32) {
        std::memcpy(out, values.data(), values.size() * sizeof(float));
        return;
    }
    const auto convert = type == DataType::f16 ? to_f16 : to_bf16;
    for (const float value : values) {
        const std::uint16_t half = convert(value);
        std::memcpy(out, &half, sizeof half);
        out += sizeof half;
    }
}

}  // namespace aircomp::inference
