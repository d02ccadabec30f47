// SPDX-License-Identifier: GPL-3.0-or-later
// The kernels for AVX-512 (F, BW, VL): sixteen weights at a time, tails under a mask.
#if defined(__x86_64__)
// GCC 12's own intrinsics pass registers of unspecified content, and it warns where they are
// inlined.
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>

#include "weights/blocks.hpp"
#include "weights/matvec_kernels.hpp"

#define AIRCOMP_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl")))

namespace aircomp::inference {

namespace {

constexpr std::int64_t lanes = 16;

struct F32 {
    static constexpr std::int64_t bytes = 4;
    AIRCOMP_AVX512 static inline __m512 load(const std::byte* from) {
        return _mm512_loadu_ps(from);
    }
    AIRCOMP_AVX512 static inline __m512 load(const std::byte* from, __mmask16 mask) {
        return _mm512_maskz_loadu_ps(mask, from);
    }
};

struct F16 {
    static constexpr std::int64_t bytes = 2;
    AIRCOMP_AVX512 static inline __m512 load(const std::byte* from) {
        return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
    }
    AIRCOMP_AVX512 static inline __m512 load(const std::byte* from, __mmask16 mask) {
        return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, from));
    }
};

struct BF16 {
    static constexpr std::int64_t bytes = 2;
    AIRCOMP_AVX512 static inline __m512 load(const std::byte* from) {
        return shift(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
    }
    AIRCOMP_AVX512 static inline __m512 load(const std::byte* from, __mmask16 mask) {
        return shift(_mm256_maskz_loadu_epi16(mask, from));
    }

private:
    AIRCOMP_AVX512 static inline __m512 shift(__m256i halves) {
        return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
    }
};

inline __mmask16 first(std::int64_t count) {
    return static_cast<__mmask16>((1u << count) - 1);
}

template <class T>
AIRCOMP_AVX512 float dot(const std::byte* weights, const float* x, std::int64_t count) {
    __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    std::int64_t i = 0;
    for (; i + 4 * lanes <= count; i += 4 * lanes) {
        const std::byte* w = weights + i * T::bytes;
        s0 = _mm512_fmadd_ps(T::load(w), _mm512_loadu_ps(x + i), s0);
        s1 = _mm512_fmadd_ps(T::load(w + lanes * T::bytes), _mm512_loadu_ps(x + i + lanes), s1);
        s2 = _mm512_fmadd_ps(T::load(w + 2 * lanes * T::bytes), _mm512_loadu_ps(x + i + 2 * lanes),
                             s2);
        s3 = _mm512_fmadd_ps(T::load(w + 3 * lanes * T::bytes), _mm512_loadu_ps(x + i + 3 * lanes),
                             s3);
    }
    for (; i + lanes <= count; i += lanes) {
        s0 = _mm512_fmadd_ps(T::load(weights + i * T::bytes), _mm512_loadu_ps(x + i), s0);
    }
    if (i < count) {
        const __mmask16 rest = first(count - i);
        s1 = _mm512_fmadd_ps(T::load(weights + i * T::bytes, rest),
                             _mm512_maskz_loadu_ps(rest, x + i), s1);
    }
    return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s0, s1), _mm512_add_ps(s2, s3)));
}

template <class T>
AIRCOMP_AVX512 void widen(const std::byte* weights, float* out, std::int64_t count) {
    std::int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        _mm512_storeu_ps(out + i, T::load(weights + i * T::bytes));
    }
    const __mmask16 rest = first(count - i);
    _mm512_mask_storeu_ps(out + i, rest, T::load(weights + i * T::bytes, rest));
}

}  // namespace

Kernels avx512_kernels(DataType type) {
    switch (type) {
        case DataType::f16:
            return {dot<F16>, widen<F16>};
        case DataType::bf16:
            return {dot<BF16>, widen<BF16>};
        case DataType::f32:
            return {dot<F32>, widen<F32>};
        default:
            return avx512_block_kernels(type);
    }
}

}  // namespace aircomp::inference
#endif
