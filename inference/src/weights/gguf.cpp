// SPDX-License-Identifier: GPL-3.0-or-later
// Reads and checks what stands before the tensors of a GGUF file.
#include "weights/gguf.hpp"

#include <algorithm>
#include <cstring>
#include <set>
#include <stdexcept>
#include <utility>

#include "weights/ggml_type.hpp"
#include "weights/lfs_pointer.hpp"
#include "weights/safetensors.hpp"

namespace aircomp::inference {

namespace {

constexpr std::uint64_t default_alignment = 32;
constexpr std::uint64_t largest_alignment = std::uint64_t{1} << 30;

}  // namespace

/// Goes through the bytes of one file once, from its begin.
class GgufReader {
public:
    GgufReader(gsl::span<const std::byte> contents, const std::string& file)
        : contents_(contents), file_(std::make_shared<const std::string>(file)) {}

    GgufFile read() {
        check_magic_and_version();
        // The shortest value is a byte behind an empty key; the shortest tensor has one dimension.
        constexpr std::uint64_t shortest_value = 8 + 4 + 1;
        constexpr std::uint64_t shortest_tensor = 8 + 4 + 8 + 4 + 8;
        const auto tensors = scalar<std::uint64_t>("number of tensors");
        const auto values = scalar<std::uint64_t>("number of metadata values");
        check_count(values, shortest_value, "metadata values");
        check_count(tensors, shortest_tensor, "tensors");
        file_contents_.metadata.file_ = file_;
        for (std::uint64_t i = 0; i < values; ++i)
            read_value(i);
        for (std::uint64_t i = 0; i < tensors; ++i)
            read_tensor(i);
        place_tensors();
        return std::move(file_contents_);
    }

private:
    [[noreturn]] void fail(const std::string& message) const {
        throw std::runtime_error(*file_ + ": " + message);
    }

    std::uint64_t left() const { return contents_.size() - at_; }

    gsl::span<const std::byte> take(std::uint64_t bytes, const std::string& what) {
        if (bytes > left()) {
            fail(what + ": expected " + std::to_string(bytes) + " bytes at byte " +
                 std::to_string(at_) + ", found " + std::to_string(left()) + " (truncated file?)");
        }
        const auto taken = contents_.subspan(at_, static_cast<std::size_t>(bytes));
        at_ += static_cast<std::size_t>(bytes);
        return taken;
    }

    template <class T>
    T scalar(const std::string& what) {
        return load<T>(take(sizeof(T), what).data());
    }

    std::string_view text(const std::string& what) {
        const auto length = scalar<std::uint64_t>("length of " + what);
        const auto bytes = take(length, what);
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }

    void check_magic_and_version() {
        const auto magic = take(4, "magic");
        if (std::memcmp(magic.data(), "GGUF", 4) != 0) {
            fail("expected a GGUF file, which begins with \"GGUF\", found \"" +
                 shown({reinterpret_cast<const char*>(magic.data()), 4}) + "\"");
        }
        const auto version = scalar<std::uint32_t>("version");
        if (version != 0 && (version & 0xffffu) == 0) {
            fail(
                "expected a little-endian GGUF file, found a big-endian one (convert it with "
                "gguf-convert-endian of PyPI's gguf)");
        }
        if (version != 2 && version != 3) {
            fail("version: expected GGUF 2 or 3, found " + std::to_string(version));
        }
    }

    void check_count(std::uint64_t count, std::uint64_t shortest, const char* what) const {
        if (count > left() / shortest) {
            fail(std::string("expected at most ") + std::to_string(left() / shortest) + " " + what +
                 ", as many as there are bytes for, found " + std::to_string(count));
        }
    }

    GgufType type(const std::string& what) {
        const auto number = scalar<std::uint32_t>("type of " + what);
        if (number >= gguf_type_names.size()) {
            fail(what + ": expected a value's type of 0 to " +
                 std::to_string(gguf_type_names.size() - 1) + ", found " + std::to_string(number));
        }
        return static_cast<GgufType>(number);
    }

    void read_value(std::uint64_t index) {
        GgufValue value;
        value.file_ = file_;
        value.key_ = text("key " + std::to_string(index));
        const std::string name = shown(value.key_);
        value.type_ = type(name);
        if (value.type_ == GgufType::array) {
            read_array(value, name);
        } else if (value.type_ == GgufType::text) {
            const std::string_view content = text(name);
            value.bytes_ = gsl::as_bytes(gsl::span<const char>(content.data(), content.size()));
        } else {
            value.bytes_ = take(bytes_of(value.type_), name);
        }
        if (value.type_ == GgufType::boolean || value.element_type_ == GgufType::boolean) {
            check_booleans(value, name);
        }
        std::string key = value.key_;
        if (!file_contents_.metadata.values_.emplace(std::move(key), std::move(value)).second) {
            fail(name + ": expected once, found twice");
        }
    }

    void read_array(GgufValue& value, const std::string& name) {
        value.element_type_ = type("elements of " + name);
        value.count_ = scalar<std::uint64_t>("length of " + name);
        if (value.element_type_ == GgufType::array) {
            fail(name + ": expected an array of texts, booleans or numbers, found one of arrays");
        }
        const std::size_t begin = at_;
        const std::size_t each = bytes_of(value.element_type_);
        const std::size_t shortest = each > 0 ? each : sizeof(std::uint64_t);
        check_count(value.count_, shortest, ("elements of " + name).c_str());
        if (each > 0) {
            take(value.count_ * each, name);
        } else {
            for (std::uint64_t i = 0; i < value.count_; ++i)
                text(name);
        }
        value.bytes_ = contents_.subspan(begin, at_ - begin);
    }

    void check_booleans(const GgufValue& value, const std::string& name) const {
        const bool are_booleans = std::all_of(value.bytes_.begin(), value.bytes_.end(),
                                              [](std::byte b) { return b <= std::byte{1}; });
        if (!are_booleans) fail(name + ": expected bytes 0 and 1 for booleans, found another");
    }

    void read_tensor(std::uint64_t index) {
        GgufTensor tensor;
        tensor.name = text("name of tensor " + std::to_string(index));
        const std::string name = "tensor " + shown(tensor.name);
        if (!names_.insert(tensor.name).second) fail(name + ": expected once, found twice");
        const auto dimensions = scalar<std::uint32_t>(name);
        constexpr std::uint32_t most_dimensions = 4;  // ggml's own bound
        if (dimensions < 1 || dimensions > most_dimensions) {
            fail(name + ": expected 1 to 4 dimensions, found " + std::to_string(dimensions));
        }
        for (std::uint32_t i = 0; i < dimensions; ++i) {
            const auto extent = scalar<std::uint64_t>(name);
            if (extent > static_cast<std::uint64_t>(INT64_MAX)) {
                fail(name + ": expected a dimension below 2^63, found " + std::to_string(extent));
            }
            tensor.shape.insert(tensor.shape.begin(), static_cast<std::int64_t>(extent));
        }
        tensor.type = scalar<std::uint32_t>(name);
        const auto offset = scalar<std::uint64_t>(name);
        places_.push_back({offset, bytes_of_tensor(tensor, name)});
        file_contents_.tensors.push_back(std::move(tensor));
    }

    std::uint64_t bytes_of_tensor(const GgufTensor& tensor, const std::string& name) const {
        const GgmlType* const type = find_ggml_type(tensor.type);
        if (type == nullptr) {
            fail(name + ": expected a known type, found ggml's number " +
                 std::to_string(tensor.type));
        }
        if (tensor.shape.back() % type->block_elements != 0) {
            fail(name + ": expected rows of whole blocks of " +
                 std::to_string(type->block_elements) + " elements of " + type->name + ", found " +
                 shape_text(tensor.shape));
        }
        auto bytes = static_cast<std::uint64_t>(tensor.shape.back() / type->block_elements);
        bool overflows =
            __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(type->block_bytes), &bytes);
        for (std::size_t i = 0; i + 1 < tensor.shape.size(); ++i) {
            overflows |=
                __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(tensor.shape[i]), &bytes);
        }
        if (overflows) fail(name + ": expected at most 2^64 - 1 bytes, found more");
        return bytes;
    }

    std::uint64_t alignment() const {
        const GgufValue* const value = file_contents_.metadata.find("general.alignment");
        if (value == nullptr) return default_alignment;
        const auto alignment = static_cast<std::uint64_t>(
            value->integer(1, static_cast<std::int64_t>(largest_alignment)));
        if ((alignment & (alignment - 1)) != 0) value->fail("a power of two");
        return alignment;
    }

    void place_tensors() {
        if (places_.empty()) return;
        const std::uint64_t step = alignment();
        const std::uint64_t begin = (at_ + step - 1) / step * step;
        const std::uint64_t data_bytes = begin > contents_.size() ? 0 : contents_.size() - begin;
        std::vector<std::size_t> order;
        for (std::size_t i = 0; i < places_.size(); ++i) {
            place(i, step, begin, data_bytes);
            order.push_back(i);
        }
        std::sort(order.begin(), order.end(),
                  [&](std::size_t a, std::size_t b) { return places_[a] < places_[b]; });
        for (std::size_t i = 1; i < order.size(); ++i) {
            const auto [before, bytes] = places_[order[i - 1]];
            if (places_[order[i]].first < before + bytes) {
                fail("tensor " + shown(file_contents_.tensors[order[i]].name) +
                     ": expected to begin where tensor " +
                     shown(file_contents_.tensors[order[i - 1]].name) + " ends, at byte " +
                     std::to_string(before + bytes) + " of the data, or later, found " +
                     std::to_string(places_[order[i]].first));
            }
        }
    }

    void place(std::size_t i, std::uint64_t step, std::uint64_t begin, std::uint64_t data_bytes) {
        GgufTensor& tensor = file_contents_.tensors[i];
        const auto [offset, bytes] = places_[i];
        if (offset % step != 0) {
            fail("tensor " + shown(tensor.name) + ": expected to begin at a multiple of " +
                 std::to_string(step) + ", found " + std::to_string(offset));
        }
        if (offset > data_bytes || bytes > data_bytes - offset) {
            fail("tensor " + shown(tensor.name) + ": expected " + std::to_string(bytes) +
                 " bytes at byte " + std::to_string(offset) + " of the data, found only " +
                 std::to_string(data_bytes) + " (truncated file?)");
        }
        if (bytes == 0) return;  // such a tensor may lie behind the end
        tensor.bytes = contents_.subspan(static_cast<std::size_t>(begin + offset),
                                         static_cast<std::size_t>(bytes));
    }

    gsl::span<const std::byte> contents_;
    std::shared_ptr<const std::string> file_;
    std::size_t at_ = 0;
    GgufFile file_contents_;
    std::set<std::string> names_;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> places_;  ///< Offset and bytes.
};

GgufFile parse_gguf(gsl::span<const std::byte> contents, const std::string& file) {
    refuse_lfs_pointer(contents, file);
    return GgufReader(contents, file).read();
}

}  // namespace aircomp::inference
