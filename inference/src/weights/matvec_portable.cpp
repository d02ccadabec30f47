// SPDX-License-Identifier: GPL-3.0-or-later
// The kernels in plain C++, for processors without the vector instructions that we know.
#include <array>
#include <cstring>

#include "weights/block_formats.hpp"
#include "weights/blocks.hpp"
#include "weights/matvec_kernels.hpp"

namespace aircomp::inference {

namespace {

template <class T>
T read(const std::byte* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

float from_bits(std::uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

struct F32 {
    static constexpr std::int64_t bytes = 4;
    static float load(const std::byte* from) { return read<float>(from); }
};

struct BF16 {
    static constexpr std::int64_t bytes = 2;
    static float load(const std::byte* from) {
        return from_bits(std::uint32_t{read<std::uint16_t>(from)} << 16);
    }
};

struct F16 {
    static constexpr std::int64_t bytes = 2;
    static float load(const std::byte* from) { return half_at(from); }
};

template <class T>
float dot(const std::byte* weights, const float* x, std::int64_t count) {
    // Independent sums, so that additions neither wait for each other nor pile up rounding errors.
    constexpr std::int64_t lanes = 16;
    std::array<float, lanes> sums{};
    std::int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        for (std::int64_t lane = 0; lane < lanes; ++lane) {
            sums[static_cast<std::size_t>(lane)] +=
                T::load(weights + (i + lane) * T::bytes) * x[i + lane];
        }
    }
    for (; i < count; ++i)
        sums[0] += T::load(weights + i * T::bytes) * x[i];
    for (std::size_t half = lanes / 2; half > 0; half /= 2) {
        for (std::size_t lane = 0; lane < half; ++lane)
            sums[lane] += sums[lane + half];
    }
    return sums[0];
}

template <class T>
void widen(const std::byte* weights, float* out, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i)
        out[i] = T::load(weights + i * T::bytes);
}

}  // namespace

Kernels portable_kernels(DataType type) {
    switch (type) {
        case DataType::f16:
            return {dot<F16>, widen<F16>};
        case DataType::bf16:
            return {dot<BF16>, widen<BF16>};
        case DataType::f32:
            return {dot<F32>, widen<F32>};
        default:
            return portable_block_kernels(type);
    }
}

}  // namespace aircomp::inference
