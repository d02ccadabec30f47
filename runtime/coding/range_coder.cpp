// SPDX-License-Identifier: GPL-3.0-or-later
// Ranges of 32 bits, bytes as soon as they are known but for a carry.
#include "coding/range_coder.hpp"

#include <algorithm>

namespace aircomp::runtime {
namespace {

constexpr int byte_bits = 8;
/// A range below it gets another byte.
constexpr std::uint32_t narrowest = 1U << 24;
constexpr std::uint64_t all_of_32_bits = 0xffffffff;

}  // namespace

void RangeEncoder::put(const FrequencyRange& symbol) {
    narrow(symbol.begin, symbol.size, frequency_bits);
}

void RangeEncoder::put_bits(std::uint32_t value, int bits) {
    narrow(value, 1, bits);
}

void RangeEncoder::narrow(std::uint32_t begin, std::uint32_t size, int bits) {
    const std::uint32_t step = range_ >> bits;
    low_ += static_cast<std::uint64_t>(step) * begin;
    range_ = step * size;
    carry();
    for (; range_ < narrowest; range_ <<= byte_bits) {
        bytes_.push_back(static_cast<std::uint8_t>(low_ >> 24));
        low_ = (low_ << byte_bits) & all_of_32_bits;
    }
}

void RangeEncoder::carry() {
    if (low_ <= all_of_32_bits) return;
    low_ &= all_of_32_bits;
    for (auto byte = bytes_.rbegin(); byte != bytes_.rend() && ++*byte == 0; ++byte) {
    }
}

std::vector<std::uint8_t> RangeEncoder::finish() {
    // The number in the range that has the fewest bytes.
    const std::uint64_t last = low_ + range_ - 1;
    std::uint64_t kept = 0;
    for (int bits = 4 * byte_bits; bits >= 0; bits -= byte_bits) {
        const std::uint64_t below = (std::uint64_t{1} << bits) - 1;
        kept = (low_ + below) & ~below;
        if (kept <= last) break;
    }
    low_ = kept;
    carry();
    for (int shift = 24; shift >= 0; shift -= byte_bits)
        bytes_.push_back(static_cast<std::uint8_t>(low_ >> shift));
    while (!bytes_.empty() && bytes_.back() == 0)
        bytes_.pop_back();
    return std::move(bytes_);
}

RangeDecoder::RangeDecoder(gsl::span<const std::uint8_t> bytes) : bytes_(bytes) {
    for (int i = 0; i < 4; ++i)
        code_ = code_ << byte_bits | next();
}

std::uint32_t RangeDecoder::target(int bits) const {
    return std::min(code_ / (range_ >> bits), (1U << bits) - 1);
}

std::uint32_t RangeDecoder::take_bits(int bits) {
    const std::uint32_t value = target(bits);
    narrow(value, 1, bits);
    return value;
}

void RangeDecoder::narrow(std::uint32_t begin, std::uint32_t size, int bits) {
    const std::uint32_t step = range_ >> bits;
    code_ -= step * begin;
    range_ = step * size;
    for (; range_ < narrowest; range_ <<= byte_bits)
        code_ = code_ << byte_bits | next();
}

}  // namespace aircomp::runtime
