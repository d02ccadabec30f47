// SPDX-License-Identifier: GPL-3.0-or-later
// Products and values of blocked types for AVX2 with FMA and F16C. Compiled so that multiplications and additions
// fuse only where the code says so: values are the reference's to the last bit.
#if defined(__x86_64__)

#include <immintrin.h>

#include "weights/block_runs_avx2.hpp"
#include "weights/blocks.hpp"

#define AIRCOMP_AVX2 __attribute__((target("avx2,fma,f16c")))

namespace aircomp::inference {

namespace {

/// Elements [8 part, 8 part + 8) of run `i` before they are scaled.
template <class Runs>
AIRCOMP_AVX2 inline __m256 elements(const Runs& block, std::int64_t i, int part) {
    const __m256i run = block.run(i);
    const __m128i half = part < 2 ? _mm256_castsi256_si128(run) : _mm256_extracti128_si256(run, 1);
    const __m128i bytes = part % 2 == 0 ? half : _mm_unpackhi_epi64(half, half);
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
}

AIRCOMP_AVX2 inline __m256 elements(const avx2::RunsFP8& block, std::int64_t, int part) {
    const __m256i halves = block.halves(part / 2);
    const __m128i eight =
        part % 2 == 0 ? _mm256_castsi256_si128(halves) : _mm256_extracti128_si256(halves, 1);
    return _mm256_mul_ps(_mm256_cvtph_ps(eight), _mm256_set1_ps(FP8::half_factor));
}

AIRCOMP_AVX2 inline float sum_of_lanes(__m256 v) {
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/// Adds the products of run `i` with `x`.
template <class Runs>
AIRCOMP_AVX2 inline void add_run(const Runs& block, std::int64_t i, const float* x, __m256& sums,
                                 __m256& others) {
    const __m256 x0 = _mm256_loadu_ps(x), x1 = _mm256_loadu_ps(x + 8);
    const __m256 x2 = _mm256_loadu_ps(x + 16), x3 = _mm256_loadu_ps(x + 24);
    const __m256 first =
        _mm256_fmadd_ps(elements(block, i, 1), x1, _mm256_mul_ps(elements(block, i, 0), x0));
    const __m256 second =
        _mm256_fmadd_ps(elements(block, i, 3), x3, _mm256_mul_ps(elements(block, i, 2), x2));
    if constexpr (Runs::is_halved) {
        sums = _mm256_fmadd_ps(_mm256_set1_ps(block.scale(i)), first, sums);
        others = _mm256_fmadd_ps(_mm256_set1_ps(block.second_scale(i)), second, others);
    } else {
        sums = _mm256_fmadd_ps(_mm256_set1_ps(block.scale(i)), _mm256_add_ps(first, second), sums);
    }
    if constexpr (Runs::Of::has_offset) {
        const __m256 all = _mm256_add_ps(_mm256_add_ps(x0, x1), _mm256_add_ps(x2, x3));
        others = _mm256_fmadd_ps(_mm256_set1_ps(block.offset(i)), all, others);
    }
}

template <class Runs>
AIRCOMP_AVX2 inline void widen_run(const Runs& block, std::int64_t i, float* out) {
    for (int part = 0; part < 4; ++part) {
        float scale = block.scale(i);
        if constexpr (Runs::is_halved) scale = part < 2 ? scale : block.second_scale(i);
        __m256 values = _mm256_mul_ps(_mm256_set1_ps(scale), elements(block, i, part));
        if constexpr (Runs::Of::has_offset) {
            values = _mm256_add_ps(values, _mm256_set1_ps(block.offset(i)));
        }
        _mm256_storeu_ps(out + 8 * part, values);
    }
}

template <class Runs>
AIRCOMP_AVX2 float dot(const std::byte* blocks, const float* x, std::int64_t count) {
    const BlockSize size = block_size(Runs::Of::type);
    __m256 sums = _mm256_setzero_ps(), others = sums;
    for (; count > 0; count -= size.elements) {
        const Runs block(blocks);
        for (std::int64_t i = 0; i < size.elements / avx2::run_elements; ++i) {
            add_run(block, i, x, sums, others);
            x += avx2::run_elements;
        }
        blocks += size.bytes;
    }
    return sum_of_lanes(_mm256_add_ps(sums, others));
}

template <class Runs>
AIRCOMP_AVX2 void widen(const std::byte* blocks, float* out, std::int64_t count) {
    using Format = typename Runs::Of;
    const BlockSize size = block_size(Format::type);
    for (; count >= size.elements; count -= size.elements) {
        const Runs block(blocks);
        for (std::int64_t i = 0; i < size.elements / avx2::run_elements; ++i) {
            widen_run(block, i, out);
            out += avx2::run_elements;
        }
        blocks += size.bytes;
    }
    if (count > 0) portable_block_kernels(Format::type).widen(blocks, out, count);
}

template <class Runs>
Kernels kernels() {
    return {dot<Runs>, widen<Runs>};
}

}  // namespace

Kernels avx2_block_kernels(DataType type) {
    switch (type) {
        case DataType::q4_0:
            return kernels<avx2::RunsQ4_0>();
        case DataType::q4_1:
            return kernels<avx2::RunsQ4_1>();
        case DataType::q5_0:
            return kernels<avx2::RunsQ5_0>();
        case DataType::q5_1:
            return kernels<avx2::RunsQ5_1>();
        case DataType::q8_0:
            return kernels<avx2::RunsQ8_0>();
        case DataType::q4_k:
            return kernels<avx2::RunsQ4_K>();
        case DataType::q5_k:
            return kernels<avx2::RunsQ5_K>();
        case DataType::q6_k:
            return kernels<avx2::RunsQ6_K>();
        case DataType::iq4_nl:
            return kernels<avx2::RunsIQ4_NL>();
        case DataType::int4:
            return kernels<avx2::RunsINT4>();
        case DataType::int8:
            return kernels<avx2::RunsINT8>();
        case DataType::fp8:
            return kernels<avx2::RunsFP8>();
        default:
            return portable_block_kernels(type);
    }
}

}  // namespace aircomp::inference
#endif
