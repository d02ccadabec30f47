// SPDX-License-Identifier: GPL-3.0-or-later
// Writes GGUF files, right and wrong ones, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "weights/gguf.hpp"

namespace aircomp::test {

/// The little-endian bytes of a number.
template <class T>
std::string bytes_of_number(T value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

inline std::string bytes_of_text(const std::string& text) {
    return bytes_of_number<std::uint64_t>(text.size()) + text;
}

/// A file value by value and tensor by tensor. Any field can be made wrong.
class GgufBuilder {
public:
    using Type = inference::GgufType;

    GgufBuilder& value(const std::string& key, Type type, const std::string& bytes) {
        metadata_ += bytes_of_text(key) + bytes_of_number(static_cast<std::uint32_t>(type)) + bytes;
        ++values;
        return *this;
    }
    GgufBuilder& text(const std::string& key, const std::string& value_text) {
        return value(key, Type::text, bytes_of_text(value_text));
    }
    GgufBuilder& integer(const std::string& key, std::uint32_t number) {
        return value(key, Type::u32, bytes_of_number(number));
    }
    GgufBuilder& number(const std::string& key, float number) {
        return value(key, Type::f32, bytes_of_number(number));
    }
    GgufBuilder& array(const std::string& key, Type element, std::uint64_t count,
                       const std::string& bytes) {
        return value(
            key, Type::array,
            bytes_of_number(static_cast<std::uint32_t>(element)) + bytes_of_number(count) + bytes);
    }
    /// `shape` as in the file: the length of a row first.
    GgufBuilder& tensor(const std::string& name, const std::vector<std::uint64_t>& shape,
                        std::uint32_t type, const std::string& bytes) {
        data_.resize((data_.size() + alignment - 1) / alignment * alignment);
        entry(name, shape, type, data_.size());
        data_ += bytes;
        return *this;
    }
    GgufBuilder& entry(const std::string& name, const std::vector<std::uint64_t>& shape,
                       std::uint32_t type, std::uint64_t offset) {
        table_ += bytes_of_text(name) + bytes_of_number(static_cast<std::uint32_t>(shape.size()));
        for (const std::uint64_t extent : shape)
            table_ += bytes_of_number(extent);
        table_ += bytes_of_number(type) + bytes_of_number(offset);
        ++tensors;
        return *this;
    }

    std::string file() const {
        std::string head = magic + bytes_of_number(version) + bytes_of_number(tensors) +
                           bytes_of_number(values) + metadata_ + table_;
        if (!data_.empty()) head.resize((head.size() + alignment - 1) / alignment * alignment);
        return head + data_;
    }

    std::string magic = "GGUF";
    std::uint32_t version = 3;
    std::uint64_t tensors = 0;
    std::uint64_t values = 0;
    std::size_t alignment = 32;

private:
    std::string metadata_;
    std::string table_;
    std::string data_;
};

}  // namespace aircomp::test
