// SPDX-License-Identifier: GPL-3.0-or-later
// The wire format of protocol buffers: a key of number and type, then the value.
#include "text/protobuf_reader.hpp"

#include <cstring>
#include <stdexcept>
#include <utility>

namespace aircomp::inference {

namespace {

[[noreturn]] void fail(const std::string& file, const std::string& found) {
    throw std::runtime_error(file + ": expected a protocol buffer message, found " + found);
}

}  // namespace

void ProtobufField::require(Type type, const char* expected) const {
    if (type_ != type) {
        throw std::runtime_error(file_ + ": field " + std::to_string(number_) + ": expected " +
                                 expected + ", found wire type " +
                                 std::to_string(static_cast<int>(type_)));
    }
}

std::string_view ProtobufField::bytes() const {
    require(Type::bytes, "bytes");
    return bytes_;
}

std::uint64_t ProtobufField::integer() const {
    require(Type::varint, "an integer");
    return value_;
}

float ProtobufField::real() const {
    require(Type::fixed32, "a number of 32 bits");
    const auto bits = static_cast<std::uint32_t>(value_);
    float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

ProtobufReader::ProtobufReader(std::string_view message, std::string file)
    : rest_(message), file_(std::move(file)) {}

std::optional<ProtobufField> ProtobufReader::next() {
    if (rest_.empty()) return std::nullopt;
    ProtobufField field;
    field.file_ = file_;
    const std::uint64_t key = read_varint();
    field.number_ = key >> 3;
    switch (key & 7) {
        case 0:
            field.type_ = ProtobufField::Type::varint;
            field.value_ = read_varint();
            break;
        case 1:
            field.type_ = ProtobufField::Type::fixed64;
            field.value_ = read_fixed(8);
            break;
        case 2:
            field.type_ = ProtobufField::Type::bytes;
            field.bytes_ = take(read_varint());
            break;
        case 5:
            field.type_ = ProtobufField::Type::fixed32;
            field.value_ = read_fixed(4);
            break;
        default:
            fail(file_, "wire type " + std::to_string(key & 7));
    }
    return field;
}

/// Seven bits a byte, the lowest first, the eighth set on all but the last.
std::uint64_t ProtobufReader::read_varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const auto byte = static_cast<std::uint8_t>(take(1).front());
        value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
        if (byte < 0x80) return value;
    }
    fail(file_, "an integer of more than 64 bits");
}

std::uint64_t ProtobufReader::read_fixed(std::size_t length) {
    const std::string_view bytes = take(length);
    std::uint64_t value = 0;
    for (std::size_t i = length; i-- > 0;) {
        value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
    }
    return value;
}

std::string_view ProtobufReader::take(std::uint64_t length) {
    if (length > rest_.size()) {
        fail(file_, "a field of " + std::to_string(length) + " bytes where " +
                        std::to_string(rest_.size()) + " are left");
    }
    const std::string_view bytes = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return bytes;
}

}  // namespace aircomp::inference
