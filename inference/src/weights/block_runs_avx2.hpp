// SPDX-License-Identifier: GPL-3.0-or-later
// Blocked types taken apart in vector registers, 32 elements (a run) at a time; what the kernels of
// AVX2 and of AVX-512 share. The layouts are told in block_formats.hpp.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "aircomp/inference/checkpoint.hpp"
#include "weights/block_formats.hpp"

#define AIRCOMP_AVX2_RUNS __attribute__((target("avx2,fma,f16c"), always_inline)) inline

namespace aircomp::inference::avx2 {

constexpr std::int64_t run_elements = 32;

AIRCOMP_AVX2_RUNS float half(const std::byte* from) {
    std::uint16_t bits;
    std::memcpy(&bits, from, sizeof bits);
    return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(bits)));
}

AIRCOMP_AVX2_RUNS __m256i load_32(const std::byte* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

AIRCOMP_AVX2_RUNS __m256i low_nibbles(__m256i bytes) {
    return _mm256_and_si256(bytes, _mm256_set1_epi8(15));
}

/// 32 elements of four bits from 16 bytes: the low halves, then the high.
AIRCOMP_AVX2_RUNS __m256i nibbles(const std::byte* from) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return low_nibbles(_mm256_set_m128i(_mm_srli_epi16(bytes, 4), bytes));
}

/// 16 in every byte whose bit of `bits` is set.
AIRCOMP_AVX2_RUNS __m256i sixteens(const std::byte* bits) {
    std::int32_t word;
    std::memcpy(&word, bits, sizeof word);
    // Byte i / 8 of the word to each byte i, then its bit i % 8 alone.
    const __m256i spread = _mm256_shuffle_epi8(
        _mm256_set1_epi32(word), _mm256_set_epi64x(0x0303030303030303, 0x0202020202020202,
                                                   0x0101010101010101, 0x0000000000000000));
    const __m256i one = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201ull));
    const __m256i is_set = _mm256_cmpeq_epi8(_mm256_and_si256(spread, one), one);
    return _mm256_and_si256(is_set, _mm256_set1_epi8(16));
}

AIRCOMP_AVX2_RUNS __m256i look_up(const std::array<std::int8_t, 16>& values, __m256i nibbles) {
    const __m128i table = _mm_loadu_si128(reinterpret_cast<const __m128i*>(values.data()));
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), nibbles);
}

// Each of these: made from a block; run(i) are the integers of elements [32 i, 32 i + 32), scale(i)
// and offset(i) what they are multiplied by and what is added. Where `is_halved`, scale(i) is of the
// first 16 elements and second_scale(i) of the others.

template <class Format>
struct OneRun {
    using Of = Format;
    static constexpr bool is_halved = false;

    AIRCOMP_AVX2_RUNS explicit OneRun(const std::byte* its_block) : block(its_block) {}
    AIRCOMP_AVX2_RUNS float scale(std::int64_t) const { return half(block); }
    AIRCOMP_AVX2_RUNS float offset(std::int64_t) const { return half(block + 2); }

    const std::byte* block;
};

struct RunsQ4_0 : OneRun<Q4_0> {
    AIRCOMP_AVX2_RUNS explicit RunsQ4_0(const std::byte* its_block) : OneRun(its_block) {}
    AIRCOMP_AVX2_RUNS __m256i run(std::int64_t) const {
        return _mm256_sub_epi8(nibbles(block + 2), _mm256_set1_epi8(8));
    }
};

struct RunsQ4_1 : OneRun<Q4_1> {
    AIRCOMP_AVX2_RUNS explicit RunsQ4_1(const std::byte* its_block) : OneRun(its_block) {}
    AIRCOMP_AVX2_RUNS __m256i run(std::int64_t) const { return nibbles(block + 4); }
};

struct RunsQ5_0 : OneRun<Q5_0> {
    AIRCOMP_AVX2_RUNS explicit RunsQ5_0(const std::byte* its_block) : OneRun(its_block) {}
    AIRCOMP_AVX2_RUNS __m256i run(std::int64_t) const {
        return _mm256_sub_epi8(_mm256_or_si256(nibbles(block + 6), sixteens(block + 2)),
                               _mm256_set1_epi8(16));
    }
};

struct RunsQ5_1 : OneRun<Q5_1> {
    AIRCOMP_AVX2_RUNS explicit RunsQ5_1(const std::byte* its_block) : OneRun(its_block) {}
    AIRCOMP_AVX2_RUNS __m256i run(std::int64_t) const {
        return _mm256_or_si256(nibbles(block + 8), sixteens(block + 4));
    }
};

struct RunsQ8_0 : OneRun<Q8_0> {
    AIRCOMP_AVX2_RUNS explicit RunsQ8_0(const std::byte* its_block) : OneRun(its_block) {}
    AIRCOMP_AVX2_RUNS __m256i run(std::int64_t) const { return load_32(block + 2); }
};

struct RunsIQ4_NL : OneRun<IQ4_NL> {
    AIRCOMP_AVX2_RUNS explicit RunsIQ4_NL(const std::byte* its_block) : OneRun(its_block) {}
    AIRCOMP_AVX2_RUNS __m256i run(std::int64_t) const {
        return look_up(iq4_values, nibbles(block + 2));
    }
};

/// A block whose scale is a float32.
template <class Format>
struct OneScaledRun {
    using Of = Format;
    static constexpr bool is_halved = false;

    AIRCOMP_AVX2_RUNS explicit OneScaledRun(const std::byte* its_block) : block(its_block) {}
    AIRCOMP_AVX2_RUNS float scale(std::int64_t) const { return single_at(block); }

    const std::byte* block;
};

struct RunsINT4 : OneScaledRun<INT4> {
    AIRCOMP_AVX2_RUNS explicit RunsINT4(const std::byte* its_block) : OneScaledRun(its_block) {}
    AIRCOMP_AVX2_RUNS __m256i run(std::int64_t) const {
        return _mm256_sub_epi8(nibbles(block + 5),
                               _mm256_set1_epi8(static_cast<char>(byte_at(block, 4))));
    }
};

struct RunsINT8 : OneScaledRun<INT8> {
    AIRCOMP_AVX2_RUNS explicit RunsINT8(const std::byte* its_block) : OneScaledRun(its_block) {}
    AIRCOMP_AVX2_RUNS __m256i run(std::int64_t) const { return load_32(block + 4); }
};

/// Its elements are floats.
struct RunsFP8 : OneScaledRun<FP8> {
    AIRCOMP_AVX2_RUNS explicit RunsFP8(const std::byte* its_block) : OneScaledRun(its_block) {}
    /// Elements [16 i, 16 i + 16) as float16, less the factor FP8::half_factor.
    AIRCOMP_AVX2_RUNS __m256i halves(std::int64_t i) const {
        const __m256i codes = _mm256_cvtepu8_epi16(
            _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + 4 + 16 * i)));
        const __m256i sign = _mm256_and_si256(codes, _mm256_set1_epi16(0x80));
        const __m256i rest = _mm256_and_si256(codes, _mm256_set1_epi16(0x7f));
        return _mm256_or_si256(_mm256_slli_epi16(sign, 8), _mm256_slli_epi16(rest, 7));
    }
};

/// Scales and offsets of Q4_K and Q5_K for all eight runs.
struct SixBitRuns {
    AIRCOMP_AVX2_RUNS explicit SixBitRuns(const std::byte* its_block) : block(its_block) {
        std::array<std::uint32_t, 3> words;
        std::memcpy(words.data(), block + 4, sizeof words);
        const auto six = [](std::uint32_t word) { return word & 0x3f3f3f3fu; };
        const auto two = [](std::uint32_t word) { return (word >> 6 & 0x03030303u) << 4; };
        const auto four = [](std::uint32_t word) { return word & 0x0f0f0f0fu; };
        put(six(words[0]), four(words[2]) | two(words[0]), half(block), scales);
        put(six(words[1]), four(words[2] >> 4) | two(words[1]), -half(block + 2), offsets);
    }
    AIRCOMP_AVX2_RUNS float scale(std::int64_t run) const { return scales[run]; }
    AIRCOMP_AVX2_RUNS float offset(std::int64_t run) const { return offsets[run]; }

    static constexpr bool is_halved = false;
    const std::byte* block;

private:
    AIRCOMP_AVX2_RUNS static void put(std::uint32_t first, std::uint32_t second, float factor,
                                      float* to) {
        const __m128i bytes =
            _mm_set_epi32(0, 0, static_cast<int>(second), static_cast<int>(first));
        const __m256 values = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
        _mm256_storeu_ps(to, _mm256_mul_ps(_mm256_set1_ps(factor), values));
    }

    float scales[8];
    float offsets[8];
};

/// Four bits of run `run` of two runs that share 32 bytes.
AIRCOMP_AVX2_RUNS __m256i shared_nibbles(const std::byte* from, std::int64_t run) {
    const __m256i bytes = load_32(from + run / 2 * 32);
    return low_nibbles(run % 2 == 0 ? bytes : _mm256_srli_epi16(bytes, 4));
}

struct RunsQ4_K : SixBitRuns {
    using Of = Q4_K;
    AIRCOMP_AVX2_RUNS explicit RunsQ4_K(const std::byte* its_block) : SixBitRuns(its_block) {}
    AIRCOMP_AVX2_RUNS __m256i run(std::int64_t run) const {
        return shared_nibbles(block + 16, run);
    }
};

struct RunsQ5_K : SixBitRuns {
    using Of = Q5_K;
    AIRCOMP_AVX2_RUNS explicit RunsQ5_K(const std::byte* its_block) : SixBitRuns(its_block) {}
    AIRCOMP_AVX2_RUNS __m256i run(std::int64_t run) const {
        const __m256i bits =
            _mm256_srl_epi16(load_32(block + 16), _mm_cvtsi32_si128(static_cast<int>(run)));
        const __m256i fifth = _mm256_and_si256(bits, _mm256_set1_epi8(1));
        return _mm256_or_si256(shared_nibbles(block + 48, run), _mm256_slli_epi16(fifth, 4));
    }
};

struct RunsQ6_K {
    using Of = Q6_K;
    static constexpr bool is_halved = true;

    AIRCOMP_AVX2_RUNS explicit RunsQ6_K(const std::byte* its_block) : block(its_block) {
        const __m256 d = _mm256_set1_ps(half(block + 208));
        for (std::int64_t i = 0; i < 16; i += 8) {
            const __m128i bytes =
                _mm_loadl_epi64(reinterpret_cast<const __m128i*>(block + 192 + i));
            _mm256_storeu_ps(scales + i,
                             _mm256_mul_ps(d, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes))));
        }
    }
    AIRCOMP_AVX2_RUNS float scale(std::int64_t run) const { return scales[2 * run]; }
    AIRCOMP_AVX2_RUNS float second_scale(std::int64_t run) const { return scales[2 * run + 1]; }
    AIRCOMP_AVX2_RUNS __m256i run(std::int64_t run) const {
        const __m256i low = load_32(block + run / 4 * 64 + run % 2 * 32);
        const __m256i four = low_nibbles(run % 4 < 2 ? low : _mm256_srli_epi16(low, 4));
        const __m256i high = _mm256_srl_epi16(load_32(block + 128 + run / 4 * 32),
                                              _mm_cvtsi32_si128(static_cast<int>(run % 4 * 2)));
        const __m256i two = _mm256_and_si256(high, _mm256_set1_epi8(3));
        return _mm256_sub_epi8(_mm256_or_si256(four, _mm256_slli_epi16(two, 4)),
                               _mm256_set1_epi8(32));
    }

    const std::byte* block;

private:
    float scales[16];
};

}  // namespace aircomp::inference::avx2
#endif
