// SPDX-License-Identifier: GPL-3.0-or-later
// Reads a protocol buffer message field by field: as much of the format as tokenizer.model needs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aircomp::inference {

/// One field. Accessors throw std::runtime_error, naming the file, where it is of another type.
class ProtobufField {
public:
    std::uint64_t number() const { return number_; }
    std::string_view bytes() const;  ///< Of a string, or of a message within the message.
    std::uint64_t integer() const;
    float real() const;

private:
    friend class ProtobufReader;
    enum class Type { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

    void require(Type type, const char* expected) const;

    std::string file_;
    std::uint64_t number_ = 0;
    Type type_ = Type::varint;
    std::uint64_t value_ = 0;
    std::string_view bytes_;
};

/// Walks through a message, whose bytes must outlive it. `file` names it in errors.
class ProtobufReader {
public:
    ProtobufReader(std::string_view message, std::string file);

    /// The next field, or nothing at the end. Throws std::runtime_error where a field is cut off.
    std::optional<ProtobufField> next();

private:
    std::uint64_t read_varint();
    std::uint64_t read_fixed(std::size_t length);
    std::string_view take(std::uint64_t length);

    std::string_view rest_;
    std::string file_;
};

}  // namespace aircomp::inference
