// SPDX-License-Identifier: GPL-3.0-or-later
// Packs elements anew, so that those of a row lie side by side and a block has its scale with it.
#include "weights/quantised_matrix.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

#include "weights/block_formats.hpp"
#include "weights/matvec.hpp"
#include "weights/narrow.hpp"

namespace aircomp::inference {

namespace {

constexpr std::int64_t block_elements = INT4::elements;

void put(std::byte* out, float scale) {
    std::memcpy(out, &scale, sizeof scale);
}

/// What a matrix has at a place: an integer less `zero`, or the code of a float.
std::int32_t code_at(const QuantisedMatrix& m, std::int64_t row, std::int64_t column,
                     std::int32_t zero) {
    const std::int32_t code = m.values.at(row, column) - zero;
    if (m.floats && (code & 0x7f) == FP8::nan_code) {
        throw std::range_error("expected finite values, found NaN at row " + std::to_string(row) +
                               ", column " + std::to_string(column));
    }
    return code;
}

/// A block of a row: `end` is where the row does, if it does so within the block.
struct Block {
    std::int64_t row, first, end;
    std::int64_t group;
};

void pack_int4(const QuantisedMatrix& m, const Block& block, std::int32_t zero, std::byte* out) {
    put(out, m.scales.at(block.row, block.group));
    out[4] = static_cast<std::byte>(zero);
    const auto code = [&](std::int64_t i) {
        const std::int64_t column = block.first + i;
        return static_cast<std::uint32_t>(column < block.end ? m.values.at(block.row, column) : 0);
    };
    for (std::int64_t i = 0; i < block_elements / 2; ++i)
        out[5 + i] = static_cast<std::byte>(code(i) | code(i + block_elements / 2) << 4);
}

void pack_bytes(const QuantisedMatrix& m, const Block& block, std::int32_t zero, std::byte* out) {
    put(out, m.scales.at(block.row, block.group));
    for (std::int64_t i = 0; i < block_elements; ++i) {
        const std::int64_t column = block.first + i;
        out[4 + i] =
            static_cast<std::byte>(column < block.end ? code_at(m, block.row, column, zero) : 0);
    }
}

float value_of(const QuantisedMatrix& m, std::int64_t row, std::int64_t column, std::int32_t zero) {
    const std::int32_t code = code_at(m, row, column, zero);
    const float value =
        m.floats ? FP8::value(static_cast<std::uint8_t>(code)) : static_cast<float>(code);
    return m.scales.at(row, m.group(column)) * value;
}

std::int32_t zero_of(const QuantisedMatrix& m, std::int64_t row, std::int64_t group) {
    return m.zero + (m.zeros ? m.zeros->at(row, group) : 0);
}

void read_row(const QuantisedMatrix& m, std::int64_t row, Range elements, DataType type,
              std::byte* out) {
    const BlockSize size = block_size(type);
    if (size.elements == 1) {
        for (std::int64_t c = elements.begin; c < elements.end; ++c, out += size.bytes) {
            const float value = value_of(m, row, c, zero_of(m, row, m.group(c)));
            narrow(type, {&value, 1}, out);
        }
        return;
    }
    for (std::int64_t first = elements.begin; first < elements.end;
         first += size.elements, out += size.bytes) {
        const Block block{row, first, std::min(first + size.elements, m.columns), m.group(first)};
        const std::int32_t zero = zero_of(m, row, block.group);
        type == DataType::int4 ? pack_int4(m, block, zero, out) : pack_bytes(m, block, zero, out);
    }
}

}  // namespace

float GroupScales::at(std::int64_t row, std::int64_t group) const {
    const std::int64_t index = row / rows_a_scale * row_stride + group * group_stride;
    float scale = 0;
    widen(type, bytes.data() + static_cast<std::size_t>(index) * element_bytes(type), {&scale, 1},
          InstructionSet::portable);
    if (!std::isfinite(scale))
        throw std::range_error("expected finite scales, found " + std::to_string(scale) +
                               " for row " + std::to_string(row) + ", group " +
                               std::to_string(group));
    return scale;
}

DataType QuantisedMatrix::held_as() const {
    const bool shared =
        group_of.empty() && (columns_a_group % block_elements == 0 || columns_a_group >= columns);
    // Eight bits less a zero of eight bits have nine.
    const bool fits = values.bits == 4 || !zeros;
    if (!shared || !fits) return scales.type;
    return floats ? DataType::fp8 : values.bits == 4 ? DataType::int4 : DataType::int8;
}

void QuantisedMatrix::read(Range wanted, Range elements, std::byte* out) const {
    const DataType type = held_as();
    const std::size_t width = row_bytes(type, elements.size());
    try {
        for (std::int64_t row = wanted.begin; row < wanted.end; ++row, out += width)
            read_row(*this, row, elements, type, out);
    } catch (const std::range_error& error) {
        throw std::runtime_error(place + ": " + error.what());
    }
}

}  // namespace aircomp::inference
