// SPDX-License-Identifier: GPL-3.0-or-later
// The GGUF container of ggml, versions 2 and 3, little-endian: metadata, a table of tensors, their
// bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <gsl/span>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "weights/gguf_type.hpp"

namespace aircomp::inference {

/// One value of the metadata. Refers to the file's bytes, which must outlive it; nothing of an array
/// is copied before it is asked for. Every accessor throws std::runtime_error `FILE: KEY: expected
/// ..., found ...` where the value is of another type or out of range.
class GgufValue {
public:
    std::string_view text() const;  ///< As in the file; not checked to be UTF-8.
    bool boolean() const;
    /// Of any integer type.
    std::int64_t integer(std::int64_t lowest, std::int64_t highest) const;
    /// Finite; of any integer or floating-point type.
    double number() const;
    double number_above(double bound) const;

    bool is_array() const { return type_ == GgufType::array; }
    /// Elements of an array; anything else is an error.
    std::size_t size() const;
    std::vector<std::string_view> texts() const;
    std::vector<bool> booleans() const;
    std::vector<std::int64_t> integers(std::int64_t lowest, std::int64_t highest) const;
    std::vector<double> numbers() const;  ///< May be infinite or NaN, such as scores of tokens.

    /// Throws; "expected EXPECTED, found" and what the value is.
    [[noreturn]] void fail(const std::string& expected) const;

private:
    friend class GgufReader;

    void expect_array_of(bool matches, const char* expected) const;
    std::string described() const;

    std::shared_ptr<const std::string> file_;
    std::string key_;
    GgufType type_{};
    GgufType element_type_{};  ///< Of an array.
    std::uint64_t count_ = 0;  ///< Elements of an array.
    gsl::span<const std::byte> bytes_;
};

/// The metadata of a file: values by their keys.
class GgufMetadata {
public:
    const std::string& file() const { return *file_; }

    /// The value of that key; missing is an error that names file and key.
    const GgufValue& at(const std::string& key) const;
    /// The value of that key, or nothing.
    const GgufValue* find(const std::string& key) const;
    /// Sorted.
    std::vector<std::string> keys() const;

private:
    friend class GgufReader;

    std::shared_ptr<const std::string> file_;
    std::map<std::string, GgufValue> values_;
};

/// One tensor as the table describes it, checked.
struct GgufTensor {
    std::string name;
    std::uint32_t type;               ///< ggml's number of it.
    std::vector<std::int64_t> shape;  ///< Row-major, the opposite order of the file's.
    gsl::span<const std::byte> bytes;
};

struct GgufFile {
    GgufMetadata metadata;
    std::vector<GgufTensor> tensors;  ///< In the order of the table; none in a vocabulary.
};

/// Metadata and table of a whole file; reads nothing behind them. Checked are: magic and version
/// (a big-endian file is refused in words), counts and lengths against the bytes that are there, keys
/// and names (none twice), types, shapes of 1 to 4 dimensions in whole blocks of the tensor's type,
/// places of tensors (aligned, within the file, none over another). Arrays of arrays are refused.
/// Throws std::runtime_error that starts with `file`.
GgufFile parse_gguf(gsl::span<const std::byte> contents, const std::string& file);

}  // namespace aircomp::inference
