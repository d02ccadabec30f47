// SPDX-License-Identifier: GPL-3.0-or-later
// Products and values of blocked types for AVX-512 (F, BW, VL). Compiled so that multiplications and additions
// fuse only where the code says so: values are the reference's to the last bit.
#if defined(__x86_64__)
// GCC 12's own intrinsics pass registers of unspecified content, and it warns where they are
// inlined.
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>

#include "weights/block_runs_avx2.hpp"
#include "weights/blocks.hpp"

#define AIRCOMP_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx2,fma,f16c")))

namespace aircomp::inference {

namespace {

/// 16 integers as floats.
AIRCOMP_AVX512 inline __m512 floats(__m128i bytes) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
}

/// Run `i` before it is scaled: its first 16 elements and the others.
template <class Runs>
AIRCOMP_AVX512 inline void elements(const Runs& block, std::int64_t i, __m512& first,
                                    __m512& second) {
    const __m256i run = block.run(i);
    first = floats(_mm256_castsi256_si128(run));
    second = floats(_mm256_extracti128_si256(run, 1));
}

AIRCOMP_AVX512 inline void elements(const avx2::RunsFP8& block, std::int64_t, __m512& first,
                                    __m512& second) {
    const __m512 factor = _mm512_set1_ps(FP8::half_factor);
    first = _mm512_mul_ps(_mm512_cvtph_ps(block.halves(0)), factor);
    second = _mm512_mul_ps(_mm512_cvtph_ps(block.halves(1)), factor);
}

/// Adds the products of run `i` with `x`.
template <class Runs>
AIRCOMP_AVX512 inline void add_run(const Runs& block, std::int64_t i, const float* x, __m512& sums,
                                   __m512& others) {
    __m512 first, second;
    elements(block, i, first, second);
    const __m512 first_x = _mm512_loadu_ps(x);
    const __m512 second_x = _mm512_loadu_ps(x + 16);
    first = _mm512_mul_ps(first, first_x);
    if constexpr (Runs::is_halved) {
        sums = _mm512_fmadd_ps(_mm512_set1_ps(block.scale(i)), first, sums);
        others = _mm512_fmadd_ps(_mm512_set1_ps(block.second_scale(i)),
                                 _mm512_mul_ps(second, second_x), others);
    } else {
        const __m512 both = _mm512_fmadd_ps(second, second_x, first);
        sums = _mm512_fmadd_ps(_mm512_set1_ps(block.scale(i)), both, sums);
    }
    if constexpr (Runs::Of::has_offset) {
        others = _mm512_fmadd_ps(_mm512_set1_ps(block.offset(i)), _mm512_add_ps(first_x, second_x),
                                 others);
    }
}

template <class Runs>
AIRCOMP_AVX512 inline void widen_run(const Runs& block, std::int64_t i, float* out) {
    __m512 first, second;
    elements(block, i, first, second);
    __m512 scale = _mm512_set1_ps(block.scale(i));
    first = _mm512_mul_ps(scale, first);
    if constexpr (Runs::is_halved) scale = _mm512_set1_ps(block.second_scale(i));
    second = _mm512_mul_ps(scale, second);
    if constexpr (Runs::Of::has_offset) {
        const __m512 offset = _mm512_set1_ps(block.offset(i));
        first = _mm512_add_ps(first, offset);
        second = _mm512_add_ps(second, offset);
    }
    _mm512_storeu_ps(out, first);
    _mm512_storeu_ps(out + 16, second);
}

template <class Runs>
AIRCOMP_AVX512 float dot(const std::byte* blocks, const float* x, std::int64_t count) {
    const BlockSize size = block_size(Runs::Of::type);
    __m512 sums = _mm512_setzero_ps(), others = sums;
    for (; count > 0; count -= size.elements) {
        const Runs block(blocks);
        for (std::int64_t i = 0; i < size.elements / avx2::run_elements; ++i) {
            add_run(block, i, x, sums, others);
            x += avx2::run_elements;
        }
        blocks += size.bytes;
    }
    return _mm512_reduce_add_ps(_mm512_add_ps(sums, others));
}

template <class Runs>
AIRCOMP_AVX512 void widen(const std::byte* blocks, float* out, std::int64_t count) {
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

Kernels avx512_block_kernels(DataType type) {
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
