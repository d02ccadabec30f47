// SPDX-License-Identifier: GPL-3.0-or-later
// Values to codes of a few bits, and back.
#include "coding/packed_partial.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "coding/bit_stream.hpp"
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
std::int64_t levels_of(int bits) {
    return (std::int64_t{1} << (bits - 1)) - 1;
}

std::int64_t code_of(float value, float largest, std::int64_t levels) {
    const float code = std::round(value / largest * static_cast<float>(levels));
    // As a float, many levels are one more than they are.
    return std::clamp(static_cast<std::int64_t>(code), -levels, levels);
}

float value_of(std::int64_t code, float largest, std::int64_t levels) {
    return static_cast<float>(code) / static_cast<float>(levels) * largest;
}

}  // namespace

std::size_t packed_bytes(std::size_t length, int bits) {
    return sizeof(float) + (length * static_cast<std::size_t>(bits) + 7) / 8;
}

void pack(gsl::span<const float> values, int bits, gsl::span<std::uint8_t> bytes) {
    const float largest = largest_of(values);
    const std::int64_t levels = levels_of(bits);
    std::memcpy(bytes.data(), &largest, sizeof(largest));
    BitWriter codes(bytes.subspan(sizeof(largest)));
    for (const float value : values) {
        // From 0 on: as many codes below as above the middle.
        const std::int64_t code = largest > 0 ? code_of(value, largest, levels) : 0;
        codes.put(static_cast<std::uint32_t>(code + levels), bits);
    }
    codes.finish();
}

void unpack(gsl::span<const std::uint8_t> bytes, int bits, gsl::span<float> values) {
    float largest = 0;
    std::memcpy(&largest, bytes.data(), sizeof(largest));
    if (!(std::isfinite(largest) && largest >= 0)) {
        throw std::runtime_error("quantised vector: expected a finite range, found " +
                                 std::to_string(largest));
    }
    const std::int64_t levels = levels_of(bits);
    BitReader codes(bytes.subspan(sizeof(largest)));
    for (float& value : values)
        value = value_of(static_cast<std::int64_t>(codes.take(bits)) - levels, largest, levels);
}

void quantise(gsl::span<float> values, int bits) {
    const float largest = largest_of(values);
    const std::int64_t levels = levels_of(bits);
    if (largest == 0) return;
    for (float& value : values)
        value = value_of(code_of(value, largest, levels), largest, levels);
}

namespace {

/// Values of a vector that have the same whole number of bits.
struct Part {
    std::size_t begin, size;
    int bits;
};

/// One or two, none of them empty.
std::vector<Part> parts_of(std::size_t length, const DigitalConfig& codes) {
    const double fewer = std::floor(codes.bits);
    const auto bits = static_cast<int>(fewer);
    const auto more =
        static_cast<std::size_t>(std::llround((codes.bits - fewer) * static_cast<double>(length)));
    std::vector<Part> parts;
    if (more > 0) parts.push_back({0, more, bits + 1});
    if (more < length) parts.push_back({more, length - more, bits});
    return parts;
}

/// Calls `coder` with the values of each part, its bytes and its quantiser.
template <typename Value, typename Byte, typename Coder>
void for_parts(gsl::span<Value> values, gsl::span<Byte> bytes, const DigitalConfig& codes,
               const Coder& coder) {
    std::size_t at = 0;
    for (const Part& part : parts_of(values.size(), codes)) {
        // Both quantisers have as many bytes.
        const std::size_t size = packed_bytes(part.size, part.bits);
        const auto own = values.subspan(part.begin, part.size);
        if (codes.quantiser == Quantiser::lloyd_max)
            coder(own, LloydMax::of(part.bits), bytes.subspan(at, size));
        else
            coder(own, part.bits, bytes.subspan(at, size));
        at += size;
    }
}

}  // namespace

std::size_t packed_bytes(std::size_t length, const DigitalConfig& codes) {
    std::size_t bytes = 0;
    for (const Part& part : parts_of(length, codes))
        bytes += packed_bytes(part.size, part.bits);
    return bytes;
}

void pack(gsl::span<const float> values, const DigitalConfig& codes,
          gsl::span<std::uint8_t> bytes) {
    for_parts(values, bytes, codes, [](auto own, const auto& quantiser, auto its_bytes) {
        pack(own, quantiser, its_bytes);
    });
}

void unpack(gsl::span<const std::uint8_t> bytes, const DigitalConfig& codes,
            gsl::span<float> values) {
    for_parts(values, bytes, codes, [](auto own, const auto& quantiser, auto its_bytes) {
        unpack(its_bytes, quantiser, own);
    });
}

double code_bits(std::size_t length, const DigitalConfig& codes) {
    double bits = 0;
    for (const Part& part : parts_of(length, codes))
        bits += static_cast<double>(part.size) * part.bits + scale_bits;
    return bits;
}

void quantise(gsl::span<float> values, const DigitalConfig& codes) {
    for (const Part& part : parts_of(values.size(), codes)) {
        const auto own = values.subspan(part.begin, part.size);
        if (codes.quantiser == Quantiser::lloyd_max)
            quantise(own, LloydMax::of(part.bits));
        else
            quantise(own, part.bits);
    }
}

}  // namespace aircomp::runtime
