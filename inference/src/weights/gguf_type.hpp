// SPDX-License-Identifier: GPL-3.0-or-later
// Types of values in the metadata of GGUF files.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace aircomp::inference {

/// Numbered as in the file.
enum class GgufType : std::uint32_t {
    u8,
    i8,
    u16,
    i16,
    u32,
    i32,
    f32,
    boolean,
    text,
    array,
    u64,
    i64,
    f64
};

constexpr std::array<const char*, 13> gguf_type_names = {
    "uint8",   "int8", "uint16", "int16",  "uint32", "int32",  "float32",
    "boolean", "text", "array",  "uint64", "int64",  "float64"};

/// Bytes of a value of fixed size; 0 for texts and arrays.
std::size_t bytes_of(GgufType type);

bool is_float(GgufType type);
bool is_integer(GgufType type);

/// A value that may lie at any address.
template <class T>
T load(const std::byte* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

/// A text of a file as errors print it: on one line of ASCII, cut where it is long.
std::string shown(std::string_view text);

}  // namespace aircomp::inference
