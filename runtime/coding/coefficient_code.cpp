// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of a logistic distribution's cells: the highest bits of a magnitude by their frequency, the
// others and the sign as they are.
#include "coding/coefficient_code.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace aircomp::runtime {
namespace {

constexpr int steps_per_octave = 4;
/// Magnitudes of a table; the last one stands for all beyond as well.
constexpr std::uint32_t cells = 32;
constexpr std::uint32_t beyond = cells - 1;
/// Numbers of a wider width leave bits to be sent as they are.
constexpr int widest_whole = 11;
/// Of a whole number that follows.
constexpr int most_length = 31;

/// Bits of a magnitude of that width whose values are all as likely.
int plain_bits(int width) {
    return std::max(0, (width - widest_whole + steps_per_octave - 1) / steps_per_octave);
}

/// exp(-pi / sqrt(12) 2^(-width/4)): a logistic distribution of that width has 1 / (1 + that) below half
/// a step. Products and square roots are rounded alike everywhere, exponential functions are not.
double decay(int width) {
    constexpr std::array<double, steps_per_octave> of_first_octave = {
        0.40377411361004867, 0.4664480194053357, 0.526620599330303, 0.5831879401342278};
    const int octave = (width - least_width) / steps_per_octave + least_width / steps_per_octave;
    double value = of_first_octave[static_cast<std::size_t>(width - steps_per_octave * octave)];
    for (int i = 0; i < octave; ++i)
        value = std::sqrt(value);
    for (int i = 0; i > octave; --i)
        value *= value;
    return value;
}

double power(double base, std::uint64_t exponent) {
    double value = 1;
    for (; exponent > 0; exponent >>= 1, base *= base) {
        if ((exponent & 1U) != 0) value *= base;
    }
    return value;
}

/// How likely which cell is.
struct Table {
    int plain = 0;  ///< plain_bits()
    std::array<std::uint32_t, cells + 1> begins{};
    std::array<float, cells> bits{};  ///< Of the cell's symbol and the bits that follow it.

    FrequencyRange of(std::uint32_t cell) const {
        return {begins[cell], begins[cell + 1] - begins[cell]};
    }
    std::uint32_t cell_at(std::uint32_t target) const {
        const auto above = std::upper_bound(begins.begin() + 1, begins.end() - 1, target);
        return static_cast<std::uint32_t>(above - begins.begin() - 1);
    }
};

Table table_of(int width) {
    constexpr std::uint32_t all = 1U << frequency_bits;
    Table table;
    table.plain = plain_bits(width);
    const double ratio = decay(width);
    for (std::uint32_t cell = 1; cell < cells; ++cell) {
        // Magnitudes from so many on, which begin half a step before.
        const std::uint64_t first = std::uint64_t{cell} << table.plain;
        const double far = power(ratio, 2 * first - 1);
        const double below = 1 - 2 * far / (1 + far);
        // Every cell has a frequency of 1 at least.
        table.begins[cell] = static_cast<std::uint32_t>(below * (all - cells)) + cell;
    }
    table.begins[cells] = all;
    for (std::uint32_t cell = 0; cell < cells; ++cell) {
        const bool has_sign = cell > 0;  // in most cases, where bits follow
        table.bits[cell] = static_cast<float>(frequency_bits - std::log2(table.of(cell).size) +
                                              table.plain + (has_sign ? 1 : 0));
    }
    return table;
}

const Table& table(int width) {
    static const auto all = [] {
        std::array<Table, most_width - least_width + 1> tables;
        for (int w = least_width; w <= most_width; ++w)
            tables[static_cast<std::size_t>(w - least_width)] = table_of(w);
        return tables;
    }();
    return all[static_cast<std::size_t>(std::clamp(width, least_width, most_width) - least_width)];
}

void put_plain(std::uint32_t value, int bits, RangeEncoder& encoder) {
    for (; bits > frequency_bits; bits -= frequency_bits, value >>= frequency_bits)
        encoder.put_bits(value & ((1U << frequency_bits) - 1), frequency_bits);
    encoder.put_bits(value, bits);
}

std::uint32_t take_plain(int bits, RangeDecoder& decoder) {
    std::uint32_t value = 0;
    int at = 0;
    for (; bits - at > frequency_bits; at += frequency_bits)
        value |= decoder.take_bits(frequency_bits) << at;
    return value | decoder.take_bits(bits - at) << at;
}

/// Bits of `value` from the highest 1 on, less 1.
int length_of(std::uint32_t value) {
    int length = 0;
    while ((value >>= 1) > 0)
        ++length;
    return length;
}

/// A whole number without a known width (P. Elias, IEEE Trans. Inform. Theory 21, 1975).
void put_number(std::uint32_t value, RangeEncoder& encoder) {
    const int length = length_of(value + 1);
    for (int i = 0; i < length; ++i)
        encoder.put_bits(1, 1);
    encoder.put_bits(0, 1);
    put_plain(value + 1 - (1U << length), length, encoder);
}

std::uint32_t take_number(RangeDecoder& decoder) {
    int length = 0;
    while (length < most_length && decoder.take_bits(1) == 1)
        ++length;
    return take_plain(length, decoder) + (1U << length) - 1;
}

}  // namespace

int sum_of_widths(int a, int b) {
    // Quarters of an octave that 2^(a/2) + 2^(b/2) is above its larger term, by how far they are apart.
    constexpr std::array<int, 5> above = {2, 2, 1, 1, 1};
    const auto apart = static_cast<std::size_t>(std::abs(a - b));
    return std::max(a, b) + (apart < above.size() ? above[apart] : 0);
}

void put_coefficient(std::int32_t value, int width, RangeEncoder& encoder) {
    const Table& own = table(width);
    const auto magnitude = static_cast<std::uint32_t>(std::abs(value));
    const std::uint32_t cell = std::min(magnitude >> own.plain, beyond);
    encoder.put(own.of(cell));
    if (cell == beyond) put_number((magnitude >> own.plain) - beyond, encoder);
    put_plain(magnitude & ((1U << own.plain) - 1), own.plain, encoder);
    if (magnitude > 0) encoder.put_bits(value < 0 ? 1 : 0, 1);
}

std::int32_t take_coefficient(int width, RangeDecoder& decoder) {
    const Table& own = table(width);
    const std::uint32_t cell = own.cell_at(decoder.target());
    decoder.take(own.of(cell));
    std::uint64_t high = cell;
    if (cell == beyond) high += take_number(decoder);
    const std::uint64_t whole = (high << own.plain) + take_plain(own.plain, decoder);
    const auto magnitude =
        static_cast<std::int32_t>(std::min<std::uint64_t>(whole, largest_coefficient));
    if (magnitude == 0) return 0;
    return decoder.take_bits(1) == 1 ? -magnitude : magnitude;
}

double coefficient_bits(std::int32_t value, int width) {
    const Table& own = table(width);
    const std::uint32_t high = static_cast<std::uint32_t>(std::abs(value)) >> own.plain;
    if (high < beyond) return own.bits[high];
    return own.bits[beyond] + 2 * length_of(high - beyond + 1) + 1;
}

}  // namespace aircomp::runtime
