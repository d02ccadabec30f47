// SPDX-License-Identifier: GPL-3.0-or-later
// Reads values of a GGUF file's metadata where they lie.
#include <cmath>
#include <stdexcept>

#include "weights/gguf.hpp"

namespace aircomp::inference {

namespace {

const char* name_of(GgufType type) {
    return gguf_type_names[static_cast<std::size_t>(type)];
}

/// An integer of the file; `is_large` where it is beyond int64.
std::int64_t load_integer(GgufType type, const std::byte* from, bool& is_large) {
    is_large = false;
    switch (type) {
        case GgufType::u8:
            return load<std::uint8_t>(from);
        case GgufType::i8:
            return load<std::int8_t>(from);
        case GgufType::u16:
            return load<std::uint16_t>(from);
        case GgufType::i16:
            return load<std::int16_t>(from);
        case GgufType::u32:
            return load<std::uint32_t>(from);
        case GgufType::i32:
            return load<std::int32_t>(from);
        default:
            break;
    }
    const auto value = load<std::int64_t>(from);
    is_large = type == GgufType::u64 && value < 0;
    return value;
}

double load_number(GgufType type, const std::byte* from) {
    if (type == GgufType::f32) return double{load<float>(from)};
    if (type == GgufType::f64) return load<double>(from);
    bool is_large = false;
    const std::int64_t value = load_integer(type, from, is_large);
    return is_large ? static_cast<double>(static_cast<std::uint64_t>(value))
                    : static_cast<double>(value);
}

std::string range_text(std::int64_t lowest, std::int64_t highest) {
    if (highest == INT64_MAX) return "an integer of at least " + std::to_string(lowest);
    return "an integer from " + std::to_string(lowest) + " to " + std::to_string(highest);
}

}  // namespace

void GgufValue::fail(const std::string& expected) const {
    throw std::runtime_error(*file_ + ": " + shown(key_) + ": expected " + expected + ", found " +
                             described());
}

std::string GgufValue::described() const {
    if (type_ == GgufType::array) {
        return "an array of " + std::to_string(count_) + " " + name_of(element_type_);
    }
    if (type_ == GgufType::text) return '"' + shown(text()) + '"';
    if (type_ == GgufType::boolean) return boolean() ? "true" : "false";
    if (is_float(type_)) return std::to_string(number());
    bool is_large = false;
    const std::int64_t value = load_integer(type_, bytes_.data(), is_large);
    return is_large ? std::to_string(static_cast<std::uint64_t>(value)) : std::to_string(value);
}

std::string_view GgufValue::text() const {
    if (type_ != GgufType::text) fail("a text");
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
}

bool GgufValue::boolean() const {
    if (type_ != GgufType::boolean) fail("true or false");
    return bytes_[0] != std::byte{0};
}

std::int64_t GgufValue::integer(std::int64_t lowest, std::int64_t highest) const {
    if (!is_integer(type_)) fail(range_text(lowest, highest));
    bool is_large = false;
    const std::int64_t value = load_integer(type_, bytes_.data(), is_large);
    if (is_large || value < lowest || value > highest) fail(range_text(lowest, highest));
    return value;
}

double GgufValue::number() const {
    if (!is_integer(type_) && !is_float(type_)) fail("a number");
    const double value = load_number(type_, bytes_.data());
    if (!std::isfinite(value)) {
        throw std::runtime_error(*file_ + ": " + shown(key_) +
                                 ": expected a finite number, found " + std::to_string(value));
    }
    return value;
}

double GgufValue::number_above(double bound) const {
    if ((!is_integer(type_) && !is_float(type_)) || number() <= bound) {
        fail("a number above " + std::to_string(bound));
    }
    return number();
}

void GgufValue::expect_array_of(bool matches, const char* expected) const {
    if (!is_array() || !matches) fail(std::string("an array of ") + expected);
}

std::size_t GgufValue::size() const {
    if (!is_array()) fail("an array");
    return static_cast<std::size_t>(count_);
}

std::vector<std::string_view> GgufValue::texts() const {
    expect_array_of(element_type_ == GgufType::text, "texts");
    std::vector<std::string_view> texts;
    texts.reserve(size());
    const std::byte* from = bytes_.data();
    for (std::uint64_t i = 0; i < count_; ++i) {
        const auto length = static_cast<std::size_t>(load<std::uint64_t>(from));
        from += sizeof(std::uint64_t);
        texts.emplace_back(reinterpret_cast<const char*>(from), length);
        from += length;
    }
    return texts;
}

std::vector<bool> GgufValue::booleans() const {
    expect_array_of(element_type_ == GgufType::boolean, "booleans");
    std::vector<bool> booleans;
    for (const std::byte value : bytes_)
        booleans.push_back(value != std::byte{0});
    return booleans;
}

std::vector<std::int64_t> GgufValue::integers(std::int64_t lowest, std::int64_t highest) const {
    expect_array_of(is_integer(element_type_), "integers");
    std::vector<std::int64_t> integers;
    integers.reserve(size());
    const std::size_t step = bytes_of(element_type_);
    for (std::size_t i = 0; i < size(); ++i) {
        bool is_large = false;
        const std::int64_t value = load_integer(element_type_, bytes_.data() + i * step, is_large);
        if (is_large || value < lowest || value > highest) {
            throw std::runtime_error(*file_ + ": " + shown(key_) + "[" + std::to_string(i) +
                                     "]: expected " + range_text(lowest, highest) + ", found " +
                                     (is_large ? "more than 2^63" : std::to_string(value)));
        }
        integers.push_back(value);
    }
    return integers;
}

std::vector<double> GgufValue::numbers() const {
    expect_array_of(is_integer(element_type_) || is_float(element_type_), "numbers");
    std::vector<double> numbers;
    numbers.reserve(size());
    const std::size_t step = bytes_of(element_type_);
    for (std::size_t i = 0; i < size(); ++i) {
        numbers.push_back(load_number(element_type_, bytes_.data() + i * step));
    }
    return numbers;
}

const GgufValue& GgufMetadata::at(const std::string& key) const {
    if (const GgufValue* const value = find(key)) return *value;
    throw std::runtime_error(file() + ": " + key + ": expected a value, found no such key");
}

const GgufValue* GgufMetadata::find(const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? nullptr : &found->second;
}

std::vector<std::string> GgufMetadata::keys() const {
    std::vector<std::string> keys;
    for (const auto& value : values_)
        keys.push_back(value.first);
    return keys;
}

}  // namespace aircomp::inference
