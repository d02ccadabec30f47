// SPDX-License-Identifier: GPL-3.0-or-later
// The kernels for AVX2 with FMA and F16C: eight weights at a time.
#if defined(__x86_64__)
#include <immintrin.h>

#include "weights/blocks.hpp"
#include "weights/matvec_kernels.hpp"

#define AIRCOMP_AVX2 __attribute__((target("avx2,fma,f16c")))

namespace aircomp::inference {

namespace {

constexpr std::int64_t lanes = 8;

struct F32 {
    static constexpr DataType type = DataType::f32;
    static constexpr std::int64_t bytes = 4;
    AIRCOMP_AVX2 static inline __m256 load(const std::byte* from) {
        return _mm256_loadu_ps(reinterpret_cast<const float*>(from));
    }
};

struct F16 {
    static constexpr DataType type = DataType::f16;
    static constexpr std::int64_t bytes = 2;
    AIRCOMP_AVX2 static inline __m256 load(const std::byte* from) {
        return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
    }
};

struct BF16 {
    static constexpr DataType type = DataType::bf16;
    static constexpr std::int64_t bytes = 2;
    AIRCOMP_AVX2 static inline __m256 load(const std::byte* from) {
        const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
        return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
    }
};

AIRCOMP_AVX2 inline float sum_of_lanes(__m256 v) {
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

template <class T>
AIRCOMP_AVX2 float dot(const std::byte* weights, const float* x, std::int64_t count) {
    __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    std::int64_t i = 0;
    for (; i + 4 * lanes <= count; i += 4 * lanes) {
        const std::byte* w = weights + i * T::bytes;
        s0 = _mm256_fmadd_ps(T::load(w), _mm256_loadu_ps(x + i), s0);
        s1 = _mm256_fmadd_ps(T::load(w + lanes * T::bytes), _mm256_loadu_ps(x + i + lanes), s1);
        s2 = _mm256_fmadd_ps(T::load(w + 2 * lanes * T::bytes), _mm256_loadu_ps(x + i + 2 * lanes),
                             s2);
        s3 = _mm256_fmadd_ps(T::load(w + 3 * lanes * T::bytes), _mm256_loadu_ps(x + i + 3 * lanes),
                             s3);
    }
    for (; i + lanes <= count; i += lanes) {
        s0 = _mm256_fmadd_ps(T::load(weights + i * T::bytes), _mm256_loadu_ps(x + i), s0);
    }
    const float rest =
        i == count ? 0.0f : portable_kernels(T::type).dot(weights + i * T::bytes, x + i, count - i);
    return sum_of_lanes(_mm256_add_ps(_mm256_add_ps(s0, s1), _mm256_add_ps(s2, s3))) + rest;
}

template <class T>
AIRCOMP_AVX2 void widen(const std::byte* weights, float* out, std::int64_t count) {
    std::int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        _mm256_storeu_ps(out + i, T::load(weights + i * T::bytes));
    }
    portable_kernels(T::type).widen(weights + i * T::bytes, out + i, count - i);
}

}  // namespace

Kernels avx2_kernels(DataType type) {
    switch (type) {
        case DataType::f16:
            return {dot<F16>, widen<F16>};
        case DataType::bf16:
            return {dot<BF16>, widen<BF16>};
        case DataType::f32:
            return {dot<F32>, widen<F32>};
        default:
            return avx2_block_kernels(type);
    }
}

}  // namespace aircomp::inference
#endif
