// SPDX-License-Identifier: GPL-3.0-or-later
// Values to codes of a few bits, and back.
#include "coding/packed_partial.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

#include "coding/lloyd_max.hpp"

namespace aircomp::runtime {
namespace {

float largest_of(gsl::span<const float> values) {
    float largest = 0;
    for (const float value : values)
        largest = std::max(largest, std::abs(value));
    return largest;
}

/// The grid's points on either side of 0.
float levels_of(int bits) {
    return static_cast<float>((std::int64_t{1} << (bits - 1)) - 1);
}

float code_of(float value, float largest, float levels) {
    return std::round(value / largest * levels);
}

float value_of(float code, float largest, float levels) {
    return code / levels * largest;
}

}  // namespace

std::size_t packed_bytes(std::size_t length, int bits) {
    return sizeof(float) + (length * static_cast<std::size_t>(bits) + 7) / 8;
}

void pack(gsl::span<const float> values, int bits, gsl::span<std::uint8_t> bytes) {
    const float largest = largest_of(values), levels = levels_of(bits);
    std::memcpy(bytes.data(), &largest, sizeof(largest));
    std::size_t at = sizeof(largest);
    std::uint32_t pending = 0;
    int held = 0;
    for (const float value : values) {
        // From 0 on: as many codes below as above the middle.
        const float code = largest > 0 ? code_of(value, largest, levels) : 0.0F;
        pending |= static_cast<std::uint32_t>(code + levels) << held;
        for (held += bits; held >= 8; held -= 8, pending >>= 8)
            bytes[at++] = static_cast<std::uint8_t>(pending);
    }
    if (held > 0) bytes[at] = static_cast<std::uint8_t>(pending);
}

void unpack(gsl::span<const std::uint8_t> bytes, int bits, gsl::span<float> values) {
    float largest = 0;
    std::memcpy(&largest, bytes.data(), sizeof(largest));
    if (!(std::isfinite(largest) && largest >= 0)) {
        throw std::runtime_error("quantised vector: expected a finite range, found " +
                                 std::to_string(largest));
    }
    const float levels = levels_of(bits);
    const std::uint32_t mask = (1U << bits) - 1;
    std::size_t at = sizeof(largest);
    std::uint32_t pending = 0;
    int held = 0;
    for (float& value : values) {
        for (; held < bits; held += 8)
            pending |= static_cast<std::uint32_t>(bytes[at++]) << held;
        value = value_of(static_cast<float>(pending & mask) - levels, largest, levels);
        pending >>= bits;
        held -= bits;
    }
}

void quantise(gsl::span<float> values, int bits) {
    const float largest = largest_of(values), levels = levels_of(bits);
    if (largest == 0) return;
    for (float& value : values)
        value = value_of(code_of(value, largest, levels), largest, levels);
}

void quantise(gsl::span<float> values, const DigitalConfig& codes) {
    if (codes.quantiser == Quantiser::lloyd_max)
        quantise(values, LloydMax::of(codes.bits));
    else
        quantise(values, codes.bits);
}

}  // namespace aircomp::runtime
