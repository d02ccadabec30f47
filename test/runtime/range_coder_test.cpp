// SPDX-License-Identifier: GPL-3.0-or-later
// The range coder beside one of whole numbers without end, and the codes of coefficients beside their
// distribution.
#include "coding/range_coder.hpp"

#include <boost/crc.hpp>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "coding/coefficient_code.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

/// A whole number without end, its bytes from the largest on.
using Number = std::vector<std::uint8_t>;

Number sum(Number number, std::uint64_t more) {
    for (std::size_t i = number.size(); i-- > 0 && more > 0;) {
        more += number[i];
        number[i] = static_cast<std::uint8_t>(more);
        more >>= 8;
    }
    return number;
}

/// The interval of a message: nothing is carried, nothing is sent before the end.
class Interval {
public:
    void narrow(std::uint32_t begin, std::uint32_t size, int bits) {
        const std::uint32_t step = range_ >> bits;
        low_ = sum(std::move(low_), std::uint64_t{step} * begin);
        range_ = step * size;
        for (; range_ < (1U << 24); range_ <<= 8)
            low_.push_back(0);
    }
    bool holds(const std::vector<std::uint8_t>& message) const {
        Number number = {0};
        number.insert(number.end(), message.begin(), message.end());
        if (number.size() > low_.size()) return false;
        number.resize(low_.size(), 0);
        return number >= low_ && number < sum(low_, range_);
    }

private:
    Number low_ = Number(5, 0);  // four bytes below the point, and one that its end may reach
    std::uint32_t range_ = 0xffffffff;
};

struct Symbol {
    FrequencyRange range;
    int bits = 0;  ///< Of a plain number, which `range.begin` is; 0: a symbol.
};

/// Some likely, some not, and numbers as they are.
std::vector<Symbol> random_symbols(std::size_t count, unsigned seed) {
    std::mt19937 generator(seed);
    constexpr std::uint32_t all = 1U << frequency_bits;
    std::vector<Symbol> symbols;
    for (std::size_t i = 0; i < count; ++i) {
        switch (generator() % 4) {
            case 0:
                symbols.push_back({{static_cast<std::uint32_t>(generator() % 128), 1}, 7});
                break;
            case 1:  // at the upper end, where carries come from
                symbols.push_back({{all - 1, 1}, 0});
                break;
            default:
                symbols.push_back({{1, all - 2}, 0});
        }
    }
    return symbols;
}

TEST_CASE("range codes lie in the interval of exact arithmetic, and are read back") {
    const unsigned seed = GENERATE(1U, 2U, 3U);
    const auto symbols = random_symbols(GENERATE(0U, 1U, 2000U), seed);
    RangeEncoder encoder;
    Interval interval;
    for (const Symbol& symbol : symbols) {
        if (symbol.bits > 0)
            encoder.put_bits(symbol.range.begin, symbol.bits);
        else
            encoder.put(symbol.range);
        interval.narrow(symbol.range.begin, symbol.range.size,
                        symbol.bits > 0 ? symbol.bits : frequency_bits);
    }
    const auto message = encoder.finish();
    CHECK(interval.holds(message));
    RangeDecoder decoder(message);
    for (const Symbol& symbol : symbols) {
        if (symbol.bits > 0) {
            REQUIRE(decoder.take_bits(symbol.bits) == symbol.range.begin);
            continue;
        }
        const std::uint32_t target = decoder.target();
        REQUIRE(target >= symbol.range.begin);
        REQUIRE(target < symbol.range.begin + symbol.range.size);
        decoder.take(symbol.range);
    }
}

TEST_CASE("coefficients of any width and size are read back") {
    const int width = GENERATE(-40, least_width, -3, 0, 11, 12, 33, most_width, 200);
    RangeEncoder encoder;
    std::vector<std::int32_t> values = {
        0, 1, -1, 2, -31, 32, -33, 1000, -999, 65535, -largest_coefficient, largest_coefficient};
    for (const std::int32_t value : values)
        put_coefficient(value, width, encoder);
    const auto message = encoder.finish();
    RangeDecoder decoder(message);
    for (const std::int32_t value : values)
        CHECK(take_coefficient(width, decoder) == value);
}

/// Differential entropy of a logistic distribution of standard deviation 1, bits.
const double logistic_entropy = std::log2(std::exp(2) * std::sqrt(3) / M_PI);

TEST_CASE("coefficients of their own distribution take their entropy") {
    const int width = GENERATE(4, 12, 30);
    const double deviation = std::exp2(width / 4.0);
    std::mt19937_64 generator(1);
    std::uniform_real_distribution<double> uniform(0, 1);
    constexpr int count = 20000;
    RangeEncoder encoder;
    double told = 0;
    for (int i = 0; i < count; ++i) {
        const double u = uniform(generator);
        const double value = deviation * std::sqrt(3) / M_PI * std::log(u / (1 - u));
        const auto whole = static_cast<std::int32_t>(std::lround(value));
        put_coefficient(whole, width, encoder);
        told += coefficient_bits(whole, width);
    }
    const double bits = 8.0 * static_cast<double>(encoder.finish().size()) / count;
    CHECK(told / count == Approx(bits).epsilon(0.03));
    // Cells of a width that leaves plain bits are of one size: that costs a few hundredths.
    CHECK(bits == Approx(logistic_entropy + std::log2(deviation)).margin(0.05));
}

TEST_CASE("a range code has the same bytes on all machines") {
    RangeEncoder encoder;
    for (int i = 0; i < 60; ++i)
        put_coefficient((i * i * 37 % 101 - 50) >> (i % 6), i - 16, encoder);
    const auto message = encoder.finish();
    boost::crc_32_type crc;
    crc.process_bytes(message.data(), message.size());
    CHECK(message.size() == 72);
    CHECK(crc.checksum() == 0x94e5b73d);
}

TEST_CASE("any bytes can be read as coefficients") {
    std::mt19937 generator(1);
    std::vector<std::uint8_t> noise(40);
    for (std::uint8_t& byte : noise)
        byte = static_cast<std::uint8_t>(generator());
    noise[0] = noise[1] = 0xff;
    RangeDecoder decoder(noise);
    for (int i = 0; i < 1000; ++i)
        CHECK(std::abs(take_coefficient(i % 100 - 20, decoder)) <= largest_coefficient);
}

TEST_CASE("widths add as variances do") {
    for (const int apart : {0, 1, 2, 4, 8, 30}) {
        const double exact = 2 * std::log2(std::exp2(apart / 2.0) + 1);
        CHECK(std::abs(sum_of_widths(3 + apart, 3) - (3 + exact)) <= 0.75);
        CHECK(sum_of_widths(3, 3 + apart) == sum_of_widths(3 + apart, 3));
    }
}

}  // namespace
}  // namespace aircomp::runtime
