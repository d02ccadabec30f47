// SPDX-License-Identifier: GPL-3.0-or-later
// A range coder (G. Martin, Video & Data Recording Conference, 1979): symbols of known frequencies in
// little more than their information. Integers only, so that all machines write and read the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <gsl/span>
#include <vector>

namespace aircomp::runtime {

/// Frequencies of all symbols add up to 2^frequency_bits.
constexpr int frequency_bits = 15;

/// What a symbol has of that sum: [begin, begin + size), of which size is at least 1.
struct FrequencyRange {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
};

class RangeEncoder {
public:
    void put(const FrequencyRange& symbol);
    /// At most frequency_bits bits, all alike.
    void put_bits(std::uint32_t value, int bits);

    /// The message, without zeros at its end. The encoder is done with.
    std::vector<std::uint8_t> finish();

private:
    void narrow(std::uint32_t begin, std::uint32_t size, int bits);
    void carry();

    std::uint64_t low_ = 0;  // 2^32 at most before carry()
    std::uint32_t range_ = 0xffffffff;
    std::vector<std::uint8_t> bytes_;
};

/// Reads what a RangeEncoder wrote. Any bytes can be read: symbols of a message that is not whole are
/// wrong, and that is all.
class RangeDecoder {
public:
    explicit RangeDecoder(gsl::span<const std::uint8_t> bytes);

    /// Where in the sum of frequencies the next symbol is.
    std::uint32_t target() { return target(frequency_bits); }
    /// Goes on behind that symbol.
    void take(const FrequencyRange& symbol) { narrow(symbol.begin, symbol.size, frequency_bits); }
    std::uint32_t take_bits(int bits);

private:
    std::uint32_t target(int bits) const;
    void narrow(std::uint32_t begin, std::uint32_t size, int bits);
    std::uint8_t next() { return at_ < bytes_.size() ? bytes_[at_++] : std::uint8_t{0}; }

    gsl::span<const std::uint8_t> bytes_;
    std::size_t at_ = 0;
    std::uint32_t code_ = 0;  // above the low end of the range
    std::uint32_t range_ = 0xffffffff;
};

}  // namespace aircomp::runtime
