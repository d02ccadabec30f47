// SPDX-License-Identifier: GPL-3.0-or-later
// Blocked types in plain C++. Compiled without fused multiply-add, so that values are the
// reference's to the last bit on every processor.
#include "weights/blocks.hpp"

#include <algorithm>

namespace aircomp::inference {

namespace {

/// The values of a block.
template <class Format>
void values_of(const std::byte* block, float* out) {
    const std::int64_t elements = block_size(Format::type).elements;
    BlockParts parts;
    Format::take_apart(block, parts);
    for (std::int64_t i = 0; i < elements; i += group_elements) {
        const auto group = static_cast<std::size_t>(i / group_elements);
        const float scale = parts.scale[group];
        const float offset = parts.offset[group];
        for (std::int64_t k = i; k < i + group_elements; ++k) {
            const float value = scale * static_cast<float>(parts.q[static_cast<std::size_t>(k)]);
            out[k] = Format::has_offset ? value + offset : value;
        }
    }
}

template <>
void values_of<FP8>(const std::byte* block, float* out) {
    const float scale = single_at(block);
    for (std::int64_t i = 0; i < block_size(FP8::type).elements; ++i)
        out[i] = scale * FP8::value(static_cast<std::uint8_t>(byte_at(block + 4, i)));
}

template <class Format>
void dequantise(const std::byte* blocks, float* out, std::int64_t count) {
    const BlockSize block = block_size(Format::type);
    std::array<float, largest_block> last;
    for (; count > 0; count -= block.elements, blocks += block.bytes, out += block.elements) {
        if (count >= block.elements) {
            values_of<Format>(blocks, out);
        } else {
            values_of<Format>(blocks, last.data());
            std::copy_n(last.begin(), count, out);
        }
    }
}

template <class Format>
float dot(const std::byte* blocks, const float* x, std::int64_t count) {
    const BlockSize block = block_size(Format::type);
    std::array<float, largest_block> values;
    // Independent sums, so that additions neither wait for each other nor pile up rounding errors.
    std::array<float, group_elements> sums{};
    for (; count > 0; count -= block.elements, blocks += block.bytes, x += block.elements) {
        values_of<Format>(blocks, values.data());
        for (std::int64_t i = 0; i < block.elements; i += group_elements) {
            for (std::int64_t lane = 0; lane < group_elements; ++lane) {
                sums[static_cast<std::size_t>(lane)] +=
                    values[static_cast<std::size_t>(i + lane)] * x[i + lane];
            }
        }
    }
    for (std::size_t half = group_elements / 2; half > 0; half /= 2) {
        for (std::size_t lane = 0; lane < half; ++lane)
            sums[lane] += sums[lane + half];
    }
    return sums[0];
}

}  // namespace

Kernels portable_block_kernels(DataType type) {
    return with_block_format(type, [](auto format) {
        using Format = decltype(format);
        return Kernels{dot<Format>, dequantise<Format>};
    });
}

}  // namespace aircomp::inference
