// SPDX-License-Identifier: GPL-3.0-or-later
// Blocked types of weights, one struct each: how many elements a block has and how it is taken
// apart. The layouts are ggml's; `gguf.quants` of PyPI's gguf is the reference.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "aircomp/inference/checkpoint.hpp"

namespace aircomp::inference {

/// float16 to float32.
inline float half_to_float(std::uint16_t half) {
    const std::uint32_t sign = (half & 0x8000u) << 16;
    const std::uint32_t magnitude = (half & 0x7fffu) << 13;
    const auto from_bits = [](std::uint32_t bits) {
        float value;
        std::memcpy(&value, &bits, sizeof value);
        return value;
    };
    // The exponents' biases differ by 112. Multiplying by 2^112 also turns subnormal halves into
    // normal floats; infinity and NaN (exponent 31) need the full float exponent.
    if (magnitude >= 0x0f800000u) return from_bits(sign | magnitude | 0x7f800000u);
    const float value = from_bits(magnitude) * 0x1p112f;
    return sign != 0 ? -value : value;
}

/// The float16 that lies at `from`.
inline float half_at(const std::byte* from) {
    std::uint16_t half;
    std::memcpy(&half, from, sizeof half);
    return half_to_float(half);
}

inline std::uint32_t byte_at(const std::byte* from, std::int64_t index) {
    return std::to_integer<std::uint32_t>(from[index]);
}

/// Elements that share a scale; the finest of all types.
constexpr std::int64_t group_elements = 16;
constexpr std::int64_t largest_block = 256;

/// A block taken apart: element i is scale[g] * q[i], and offset[g] more where the type has
/// offsets, g = i / group_elements; each operation rounded to float32.
struct BlockParts {
    std::array<std::int8_t, largest_block> q;
    std::array<float, largest_block / group_elements> scale;
    std::array<float, largest_block / group_elements> offset;

    /// One scale and offset for the two groups of the 32 elements from 32 * i on.
    void set_pair(std::size_t i, float its_scale, float its_offset = 0) {
        scale[2 * i] = scale[2 * i + 1] = its_scale;
        offset[2 * i] = offset[2 * i + 1] = its_offset;
    }
};

/// 32 elements of four bits: the first 16 in the low halves of the bytes, the others in the high.
template <class Value>
void unpack_nibbles(const std::byte* from, std::int8_t* q, const Value& value) {
    for (std::int64_t i = 0; i < 16; ++i) {
        q[i] = value(byte_at(from, i) & 15u, i);
        q[i + 16] = value(byte_at(from, i) >> 4, i + 16);
    }
}

struct Q4_0 {
    static constexpr DataType type = DataType::q4_0;
    static constexpr bool has_offset = false;
    static void take_apart(const std::byte* block, BlockParts& parts) {
        parts.set_pair(0, half_at(block));
        unpack_nibbles(block + 2, parts.q.data(), [](std::uint32_t bits, std::int64_t) {
            return static_cast<std::int8_t>(static_cast<int>(bits) - 8);
        });
    }
};

struct Q4_1 {
    static constexpr DataType type = DataType::q4_1;
    static constexpr bool has_offset = true;
    static void take_apart(const std::byte* block, BlockParts& parts) {
        parts.set_pair(0, half_at(block), half_at(block + 2));
        unpack_nibbles(block + 4, parts.q.data(), [](std::uint32_t bits, std::int64_t) {
            return static_cast<std::int8_t>(bits);
        });
    }
};

/// 32 elements of five bits, the highest ones apart, less `bias`.
inline void unpack_fives(const std::byte* high, const std::byte* low, int bias, std::int8_t* q) {
    std::uint32_t highest;
    std::memcpy(&highest, high, sizeof highest);
    unpack_nibbles(low, q, [=](std::uint32_t bits, std::int64_t i) {
        const std::uint32_t five = bits | (highest >> i & 1u) << 4;
        return static_cast<std::int8_t>(static_cast<int>(five) - bias);
    });
}

struct Q5_0 {
    static constexpr DataType type = DataType::q5_0;
    static constexpr bool has_offset = false;
    static void take_apart(const std::byte* block, BlockParts& parts) {
        parts.set_pair(0, half_at(block));
        unpack_fives(block + 2, block + 6, 16, parts.q.data());
    }
};

struct Q5_1 {
    static constexpr DataType type = DataType::q5_1;
    static constexpr bool has_offset = true;
    static void take_apart(const std::byte* block, BlockParts& parts) {
        parts.set_pair(0, half_at(block), half_at(block + 2));
        unpack_fives(block + 4, block + 8, 0, parts.q.data());
    }
};

struct Q8_0 {
    static constexpr DataType type = DataType::q8_0;
    static constexpr bool has_offset = false;
    static void take_apart(const std::byte* block, BlockParts& parts) {
        parts.set_pair(0, half_at(block));
        std::memcpy(parts.q.data(), block + 2, 32);
    }
};

/// Eight scales and eight minima of six bits each, packed into 12 bytes: the first four of both in
/// the low bits of bytes 0 to 7, whose highest two bits complete the others' of bytes 8 to 11.
struct SixBitScales {
    explicit SixBitScales(const std::byte* from) {
        for (std::int64_t i = 0; i < 4; ++i) {
            const std::uint32_t a = byte_at(from, i);
            const std::uint32_t b = byte_at(from, i + 4);
            const std::uint32_t c = byte_at(from, i + 8);
            const auto place = static_cast<std::size_t>(i);
            scale[place] = static_cast<std::uint8_t>(a & 63u);
            minimum[place] = static_cast<std::uint8_t>(b & 63u);
            scale[place + 4] = static_cast<std::uint8_t>((c & 15u) | (a >> 6) << 4);
            minimum[place + 4] = static_cast<std::uint8_t>(c >> 4 | (b >> 6) << 4);
        }
    }
    std::array<std::uint8_t, 8> scale;
    std::array<std::uint8_t, 8> minimum;
};

/// Scales and offsets of Q4_K and Q5_K: float16 factors of the six-bit numbers.
inline void set_six_bit_scales(const std::byte* block, BlockParts& parts) {
    const SixBitScales packed(block + 4);
    const float d = half_at(block);
    const float minimum = half_at(block + 2);
    for (std::size_t i = 0; i < 8; ++i) {
        parts.set_pair(i, d * static_cast<float>(packed.scale[i]),
                       -(minimum * static_cast<float>(packed.minimum[i])));
    }
}

/// The two runs of 32 elements whose halves share bytes: the low halves' run comes first.
template <class Value>
void unpack_runs(const std::byte* from, std::int64_t runs, std::int8_t* q, const Value& value) {
    for (std::int64_t run = 0; run < runs; ++run) {
        for (std::int64_t i = 0; i < 32; ++i) {
            const std::uint32_t bits = byte_at(from, run / 2 * 32 + i);
            q[run * 32 + i] = value(run % 2 == 0 ? bits & 15u : bits >> 4, run, i);
        }
    }
}

struct Q4_K {
    static constexpr DataType type = DataType::q4_k;
    static constexpr bool has_offset = true;
    static void take_apart(const std::byte* block, BlockParts& parts) {
        set_six_bit_scales(block, parts);
        unpack_runs(block + 16, 8, parts.q.data(),
                    [](std::uint32_t bits, std::int64_t, std::int64_t) {
                        return static_cast<std::int8_t>(bits);
                    });
    }
};

struct Q5_K {
    static constexpr DataType type = DataType::q5_k;
    static constexpr bool has_offset = true;
    static void take_apart(const std::byte* block, BlockParts& parts) {
        set_six_bit_scales(block, parts);
        unpack_runs(block + 48, 8, parts.q.data(),
                    [high = block + 16](std::uint32_t bits, std::int64_t run, std::int64_t i) {
                        return static_cast<std::int8_t>(bits | (byte_at(high, i) >> run & 1u) << 4);
                    });
    }
};

struct Q6_K {
    static constexpr DataType type = DataType::q6_k;
    static constexpr bool has_offset = false;
    static void take_apart(const std::byte* block, BlockParts& parts) {
        const std::byte* const high = block + 128;
        const std::byte* const scales = block + 192;
        const float d = half_at(block + 208);
        for (std::int64_t g = 0; g < 16; ++g) {
            const auto scale = static_cast<std::int8_t>(byte_at(scales, g));
            parts.scale[static_cast<std::size_t>(g)] = d * static_cast<float>(scale);
        }
        // 128 elements are four runs of 32: the low halves of 64 bytes, then their high halves.
        for (std::int64_t run = 0; run < 8; ++run) {
            for (std::int64_t i = 0; i < 32; ++i) {
                const std::uint32_t low =
                    byte_at(block, run / 4 * 64 + run % 2 * 32 + i) >> (run % 4 / 2 * 4) & 15u;
                const std::uint32_t two = byte_at(high, run / 4 * 32 + i) >> (run % 4 * 2) & 3u;
                parts.q[static_cast<std::size_t>(run * 32 + i)] =
                    static_cast<std::int8_t>(static_cast<int>(low | two << 4) - 32);
            }
        }
    }
};

/// Two bits of element `i` of 256: 128 elements are four runs of 32 that share 32 bytes.
inline std::uint32_t two_bits(const std::byte* from, std::int64_t i) {
    return byte_at(from, i / 128 * 32 + i % 32) >> (i / 32 % 4 * 2) & 3u;
}

struct Q2_K {
    static constexpr DataType type = DataType::q2_k;
    static constexpr bool has_offset = true;
    static void take_apart(const std::byte* block, BlockParts& parts) {
        const float d = half_at(block + 80);
        const float minimum = half_at(block + 82);
        for (std::int64_t g = 0; g < 16; ++g) {
            const std::uint32_t packed = byte_at(block, g);
            const auto place = static_cast<std::size_t>(g);
            parts.scale[place] = d * static_cast<float>(packed & 15u);
            parts.offset[place] = -(minimum * static_cast<float>(packed >> 4));
        }
        for (std::int64_t i = 0; i < largest_block; ++i) {
            parts.q[static_cast<std::size_t>(i)] =
                static_cast<std::int8_t>(two_bits(block + 16, i));
        }
    }
};

struct Q3_K {
    static constexpr DataType type = DataType::q3_k;
    static constexpr bool has_offset = false;
    static void take_apart(const std::byte* block, BlockParts& parts) {
        const std::byte* const scales = block + 96;
        const float d = half_at(block + 108);
        for (std::int64_t g = 0; g < 16; ++g) {
            const std::uint32_t low = byte_at(scales, g % 8) >> (g / 8 * 4) & 15u;
            const std::uint32_t high = byte_at(scales, 8 + g % 4) >> (g / 4 * 2) & 3u;
            parts.scale[static_cast<std::size_t>(g)] =
                d * static_cast<float>(static_cast<int>(low | high << 4) - 32);
        }
        for (std::int64_t i = 0; i < largest_block; ++i) {
            // The third bit is stored inverted: 4 less where it is not set.
            const std::uint32_t third = byte_at(block, i % 32) >> (i / 32) & 1u;
            parts.q[static_cast<std::size_t>(i)] = static_cast<std::int8_t>(
                static_cast<int>(two_bits(block + 32, i)) - (third == 0 ? 4 : 0));
        }
    }
};

/// What the four bits of IQ4_NL and IQ4_XS stand for.
constexpr std::array<std::int8_t, 16> iq4_values = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                    1,    13,   25,  38,  53,  69,  89,  113};

struct IQ4_NL {
    static constexpr DataType type = DataType::iq4_nl;
    static constexpr bool has_offset = false;
    static void take_apart(const std::byte* block, BlockParts& parts) {
        parts.set_pair(0, half_at(block));
        unpack_nibbles(block + 2, parts.q.data(),
                       [](std::uint32_t bits, std::int64_t) { return iq4_values[bits]; });
    }
};

struct IQ4_XS {
    static constexpr DataType type = DataType::iq4_xs;
    static constexpr bool has_offset = false;
    static void take_apart(const std::byte* block, BlockParts& parts) {
        const float d = half_at(block);
        std::uint16_t high;
        std::memcpy(&high, block + 2, sizeof high);
        for (std::int64_t i = 0; i < 8; ++i) {
            const std::uint32_t low = byte_at(block + 4, i / 2) >> (i % 2 * 4) & 15u;
            const std::uint32_t two = std::uint32_t{high} >> (2 * i) & 3u;
            parts.set_pair(static_cast<std::size_t>(i),
                           d * static_cast<float>(static_cast<int>(low | two << 4) - 32));
            unpack_nibbles(block + 8 + 16 * i, parts.q.data() + 32 * i,
                           [](std::uint32_t bits, std::int64_t) { return iq4_values[bits]; });
        }
    }
};

/// Doubled values of e2m1, the four-bit float of the OCP Microscaling Formats 1.0.
constexpr std::array<std::int8_t, 16> mxfp4_values = {0, 1,  2,  3,  4,  6,  8,  12,
                                                      0, -1, -2, -3, -4, -6, -8, -12};

struct MXFP4 {
    static constexpr DataType type = DataType::mxfp4;
    static constexpr bool has_offset = false;
    static void take_apart(const std::byte* block, BlockParts& parts) {
        // Half of 2^(e - 127), since the values are doubled; below 2^-126 it is subnormal.
        const std::uint32_t e = byte_at(block, 0);
        const std::uint32_t bits = e < 2 ? 0x00200000u << e : (e - 1) << 23;
        float scale;
        std::memcpy(&scale, &bits, sizeof scale);
        parts.set_pair(0, scale);
        unpack_nibbles(block + 1, parts.q.data(),
                       [](std::uint32_t value, std::int64_t) { return mxfp4_values[value]; });
    }
};

/// The float32 that lies at `from`.
inline float single_at(const std::byte* from) {
    float value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

/// 32 elements as quantised folders have them: scale * (q - zero), both exact in float32.
struct INT4 {
    static constexpr DataType type = DataType::int4;
    static constexpr bool has_offset = false;
    static constexpr std::int64_t elements = 32;
    static void take_apart(const std::byte* block, BlockParts& parts) {
        parts.set_pair(0, single_at(block));
        const int zero = std::to_integer<int>(block[4]);
        unpack_nibbles(block + 5, parts.q.data(), [zero](std::uint32_t bits, std::int64_t) {
            return static_cast<std::int8_t>(static_cast<int>(bits) - zero);
        });
    }
};

struct INT8 {
    static constexpr DataType type = DataType::int8;
    static constexpr bool has_offset = false;
    static void take_apart(const std::byte* block, BlockParts& parts) {
        parts.set_pair(0, single_at(block));
        std::memcpy(parts.q.data(), block + 4, 32);
    }
};

/// Floats E4M3 of the OCP 8-bit Floating Point Specification, without infinities. They are no
/// integers of eight bits, so that this one is not taken apart: values are looked up.
struct FP8 {
    static constexpr DataType type = DataType::fp8;
    static constexpr bool has_offset = false;
    static constexpr std::uint8_t nan_code = 0x7f;  ///< Beside the sign.

    /// As float16 the code has the same fields, and an exponent whose bias is 8 larger.
    static constexpr float half_factor = 0x1p8f;
    static std::uint16_t half_code(std::uint8_t code) {
        return static_cast<std::uint16_t>((code & 0x80u) << 8 | (code & 0x7fu) << 7);
    }
    static float value(std::uint8_t code) { return half_to_float(half_code(code)) * half_factor; }
};

/// Calls `action` with a value of the struct of `type`, which must be blocked.
template <class Action>
decltype(auto) with_block_format(DataType type, Action&& action) {
    switch (type) {
        case DataType::q4_1:
            return action(Q4_1{});
        case DataType::q5_0:
            return action(Q5_0{});
        case DataType::q5_1:
            return action(Q5_1{});
        case DataType::q8_0:
            return action(Q8_0{});
        case DataType::q2_k:
            return action(Q2_K{});
        case DataType::q3_k:
            return action(Q3_K{});
        case DataType::q4_k:
            return action(Q4_K{});
        case DataType::q5_k:
            return action(Q5_K{});
        case DataType::q6_k:
            return action(Q6_K{});
        case DataType::iq4_nl:
            return action(IQ4_NL{});
        case DataType::iq4_xs:
            return action(IQ4_XS{});
        case DataType::mxfp4:
            return action(MXFP4{});
        case DataType::int4:
            return action(INT4{});
        case DataType::int8:
            return action(INT8{});
        case DataType::fp8:
            return action(FP8{});
        case DataType::f32:
        case DataType::f16:
        case DataType::bf16:
        case DataType::q4_0:
            break;
    }
    return action(Q4_0{});
}

}  // namespace aircomp::inference
