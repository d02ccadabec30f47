// SPDX-License-Identifier: GPL-3.0-or-later
// Reads and checks the header of a safetensors file.
#include "weights/safetensors.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>
#include <tuple>
#include <utility>

#include "weights/json_reader.hpp"
#include "weights/lfs_pointer.hpp"

namespace aircomp::inference {

namespace {

constexpr std::size_t length_bytes = 8;
constexpr std::uint64_t largest_header_bytes = 100'000'000;  // the reference's own bound

struct ElementType {
    const char* name;
    std::uint64_t bytes;
};
constexpr std::array<ElementType, 16> element_types = {{{"BOOL", 1},
                                                        {"U8", 1},
                                                        {"I8", 1},
                                                        {"F8_E5M2", 1},
                                                        {"F8_E4M3", 1},
                                                        {"F8_E8M0", 1},
                                                        {"I16", 2},
                                                        {"U16", 2},
                                                        {"F16", 2},
                                                        {"BF16", 2},
                                                        {"I32", 4},
                                                        {"U32", 4},
                                                        {"F32", 4},
                                                        {"I64", 8},
                                                        {"U64", 8},
                                                        {"F64", 8}}};

std::uint64_t bytes_of_type(const JsonNode& node) {
    for (const ElementType& type : element_types) {
        if (node.text() == type.name) return type.bytes;
    }
    node.fail("a safetensors type such as F32, F16 or BF16");
}

/// The header's text, its length checked against the file's.
std::string_view header_text(gsl::span<const std::byte> contents, const std::string& file) {
    if (contents.size() < length_bytes) {
        throw std::runtime_error(file + ": header length: expected 8 bytes, found a file of " +
                                 std::to_string(contents.size()));
    }
    std::uint64_t length = 0;
    for (std::size_t i = length_bytes; i-- > 0;) {
        length = length << 8 | std::to_integer<std::uint64_t>(contents[i]);
    }
    const std::uint64_t limit =
        std::min<std::uint64_t>(contents.size() - length_bytes, largest_header_bytes);
    if (length > limit) {
        throw std::runtime_error(file + ": header length: expected at most " +
                                 std::to_string(limit) + ", found " + std::to_string(length));
    }
    const std::string_view text(reinterpret_cast<const char*>(contents.data()) + length_bytes,
                                length);
    if (text.empty() || text.front() != '{') {
        throw std::runtime_error(file + ": header: expected to start with '{', found " +
                                 (text.empty() ? "nothing" : "another byte"));
    }
    return text;
}

/// What an entry's own values say: type, shape, and begin and end relative to the data section.
struct Description {
    SafetensorsEntry entry;
    std::uint64_t begin;
    std::uint64_t end;
};

Description describe(const std::string& name, const JsonNode& node) {
    Description tensor{{name, node.at("dtype").text(), {}, {}}, 0, 0};
    std::uint64_t bytes = bytes_of_type(node.at("dtype"));
    const JsonNode shape = node.at("shape");
    for (std::size_t i = 0; i < shape.array_size(); ++i) {
        const std::int64_t extent = shape.element(i).integer(0, INT64_MAX);
        if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(extent), &bytes)) {
            shape.fail("at most 2^64 - 1 bytes");
        }
        tensor.entry.shape.push_back(extent);
    }
    const JsonNode offsets = node.at("data_offsets");
    if (offsets.array_size() != 2) offsets.fail("an array of 2, begin and end");
    const std::int64_t begin = offsets.element(0).integer(0, INT64_MAX);
    const std::int64_t end = offsets.element(1).integer(begin, INT64_MAX);
    tensor.begin = static_cast<std::uint64_t>(begin);
    tensor.end = static_cast<std::uint64_t>(end);
    if (tensor.end - tensor.begin != bytes) {
        node.fail("data_offsets that span the " + std::to_string(bytes) + " bytes of " +
                  tensor.entry.type + " " + shape_text(tensor.entry.shape) + ", not " +
                  std::to_string(tensor.end - tensor.begin));
    }
    return tensor;
}

void check_metadata(const JsonNode& metadata) {
    if (!metadata.value().is_object()) metadata.fail("an object");
    for (const auto& item : metadata.value().items())
        metadata.at(item.key()).text();
}

}  // namespace

std::vector<SafetensorsEntry> parse_safetensors(gsl::span<const std::byte> contents,
                                                const std::string& file) {
    refuse_lfs_pointer(contents, file);
    const std::string_view text = header_text(contents, file);
    const auto data = contents.subspan(length_bytes + text.size());
    const nlohmann::json document = parse_json(text, file);
    const JsonNode header(document, file);

    std::vector<Description> tensors;
    for (const auto& item : document.items()) {
        const JsonNode node = header.at(item.key());
        if (item.key() == "__metadata__") {
            check_metadata(node);
        } else {
            tensors.push_back(describe(item.key(), node));
        }
    }
    std::sort(tensors.begin(), tensors.end(), [](const Description& a, const Description& b) {
        return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
    });

    std::vector<SafetensorsEntry> entries;
    std::uint64_t expected = 0;
    for (Description& tensor : tensors) {
        if (tensor.begin != expected) {
            header.at(tensor.entry.name)
                .at("data_offsets")
                .fail("to begin at " + std::to_string(expected) +
                      ", where the tensor before ends, "
                      "not at " +
                      std::to_string(tensor.begin));
        }
        if (tensor.end > data.size()) {
            throw std::runtime_error(file + ": " + tensor.entry.name +
                                     ": expected to end at byte " + std::to_string(tensor.end) +
                                     " of the data, found only " + std::to_string(data.size()) +
                                     " (truncated file?)");
        }
        tensor.entry.bytes = data.subspan(tensor.begin, tensor.end - tensor.begin);
        expected = tensor.end;
        entries.push_back(std::move(tensor.entry));
    }
    if (expected != data.size()) {
        throw std::runtime_error(
            file + ": expected the last tensor to end with the file, at byte " +
            std::to_string(data.size()) + " of the data, found " + std::to_string(expected));
    }
    return entries;
}

std::map<std::string, std::string> safetensors_metadata(gsl::span<const std::byte> contents,
                                                        const std::string& file) {
    refuse_lfs_pointer(contents, file);
    const nlohmann::json document = parse_json(header_text(contents, file), file);
    const JsonNode header(document, file);
    std::map<std::string, std::string> values;
    const auto metadata = document.find("__metadata__");
    if (metadata == document.end()) return values;
    const JsonNode node = header.at("__metadata__");
    check_metadata(node);
    for (const auto& item : metadata->items())
        values[item.key()] = node.at(item.key()).text();
    return values;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) {
        text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
    }
    return text + "]";
}

}  // namespace aircomp::inference
