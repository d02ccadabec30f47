// SPDX-License-Identifier: GPL-3.0-or-later
// JSON with strict parsing and located errors, on nlohmann-json.
#include "weights/json_reader.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <unordered_set>
#include <utility>
#include <vector>

namespace aircomp::inference {

namespace {

constexpr std::uintmax_t largest_file_bytes = std::uintmax_t{256} << 20;

/// The document model keeps the last of two equal keys; this refuses them while they are read.
class DuplicateKeys {
public:
    explicit DuplicateKeys(const std::string& file) : file_(file) {}

    void see(nlohmann::json::parse_event_t event, const nlohmann::json& value) {
        using Event = nlohmann::json::parse_event_t;
        if (event == Event::object_start) {
            open_.emplace_back();
        } else if (event == Event::object_end) {
            open_.pop_back();
        } else if (event == Event::key && !open_.back().insert(value.get<std::string>()).second) {
            throw std::runtime_error(file_ + ": key " + value.dump(-1, ' ', true) +
                                     ": expected once in its object, found twice");
        }
    }

private:
    const std::string& file_;
    std::vector<std::unordered_set<std::string>> open_;
};

/// What an error says was found: scalars in full, the rest by type.
std::string describe(const nlohmann::json& value) {
    if (value.is_object()) return "an object";
    if (value.is_array()) return "an array of " + std::to_string(value.size());
    constexpr std::size_t longest = 80;
    std::string text = value.dump(-1, ' ', true);
    if (text.size() > longest) text = text.substr(0, longest) + "...";
    return text;
}

/// On one line and in ASCII, whatever the name holds.
std::string escaped(const std::string& name) {
    const std::string quoted = nlohmann::json(name).dump(-1, ' ', true);
    return quoted.substr(1, quoted.size() - 2);
}

constexpr int most_levels = 100;

struct TooDeep {};

/// Where the brackets are deeper than most_levels.
std::size_t deep_at(std::string_view text) {
    int depth = 0;
    bool is_text = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (is_text && c == '\\') ++i;
        if (c == '"') is_text = !is_text;
        if (is_text) continue;
        if (c == '}' || c == ']') --depth;
        if ((c == '{' || c == '[') && ++depth > most_levels) return i;
    }
    return text.size();
}

/// "FILE:LINE:COLUMN", both from 1; columns are bytes.
std::string place(const std::string& file, std::string_view text, std::size_t at) {
    const std::string_view before = text.substr(0, at);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    return file + ":" + std::to_string(line) + ":" + std::to_string(before.size() - begin + 1);
}

/// What is wrong with a text, and where. Some exceptions of the library have no place.
struct FirstError final : nlohmann::json::json_sax_t {
    std::size_t position = 0;
    std::string what;

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_object(std::size_t) override { return true; }
    bool key(string_t&) override { return true; }
    bool end_object() override { return true; }
    bool start_array(std::size_t) override { return true; }
    bool end_array() override { return true; }
    bool parse_error(std::size_t read, const std::string&,
                     const nlohmann::json::exception& error) override {
        position = read == 0 ? 0 : read - 1;  // of the last byte that was read
        const std::string text = error.what();
        // "[json.exception.parse_error.101] parse error at line 1, column 2: what it is"
        const auto id = text.find("] "), words = text.find(": ");
        what = text.substr(words != std::string::npos ? words + 2 : id + 2);
        return false;
    }
};

}  // namespace

nlohmann::json parse_json(std::string_view text, const std::string& file) {
    // nlohmann-json takes a zero byte for the end of its input.
    if (const auto zero = text.find('\0'); zero != std::string_view::npos) {
        throw std::runtime_error(file + ": expected JSON, found a zero byte at " +
                                 std::to_string(zero));
    }
    DuplicateKeys duplicates(file);
    const auto callback = [&](int depth, nlohmann::json::parse_event_t event,
                              nlohmann::json& value) {
        if (depth >= most_levels) throw TooDeep();
        duplicates.see(event, value);
        return true;
    };
    try {
        return nlohmann::json::parse(text.begin(), text.end(), callback);
    } catch (const TooDeep&) {
        throw std::runtime_error(place(file, text, deep_at(text)) + ": expected at most " +
                                 std::to_string(most_levels) + " levels of nesting, found more");
    } catch (const nlohmann::json::exception&) {
        FirstError first;
        nlohmann::json::sax_parse(text.begin(), text.end(), &first);
        throw std::runtime_error(place(file, text, first.position) +
                                 ": expected JSON, found: " + first.what);
    }
}

nlohmann::json read_json(const std::filesystem::path& file) {
    if (!std::filesystem::exists(file)) {
        throw std::runtime_error(file.string() + ": no such file");
    }
    if (std::filesystem::is_directory(file)) {
        throw std::runtime_error(file.string() + ": is a folder, expected a file");
    }
    if (!std::filesystem::is_regular_file(file)) {
        throw std::runtime_error(file.string() + ": expected a regular file");
    }
    if (const auto bytes = std::filesystem::file_size(file); bytes > largest_file_bytes) {
        throw std::runtime_error(file.string() + ": expected at most " +
                                 std::to_string(largest_file_bytes) + " bytes, found " +
                                 std::to_string(bytes));
    }
    std::ifstream stream(file, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(stream)), {});
    if (!stream) throw std::runtime_error(file.string() + ": cannot be read");
    return parse_json(text, file.string());
}

JsonNode::JsonNode(const nlohmann::json& document, std::string file)
    : value_(&document), file_(std::make_shared<const std::string>(std::move(file))) {}

JsonNode::JsonNode(const nlohmann::json& value, const JsonNode& parent, Place place)
    : value_(&value),
      file_(parent.file_),
      place_(std::make_shared<const Place>(std::move(place))) {}

/// The path as errors print it: `model.merges[3]`.
std::string JsonNode::key() const {
    std::string key;
    for (const Place* place = place_.get(); place != nullptr; place = place->parent.get()) {
        const char* separator = place->parent == nullptr ? "" : ".";
        key.insert(0, place->is_member ? separator + escaped(place->member)
                                       : "[" + std::to_string(place->index) + "]");
    }
    return key.empty() ? "top level" : key;
}

JsonNode JsonNode::at(const std::string& key) const {
    if (!value_->is_object()) fail("an object");
    const auto found = value_->find(key);
    if (found == value_->end()) {
        const JsonNode missing(*value_, *this, {place_, key, 0, true});
        throw std::runtime_error(*file_ + ": " + missing.key() + ": expected, but missing");
    }
    return {*found, *this, {place_, key, 0, true}};
}

std::optional<JsonNode> JsonNode::find(const std::string& key) const {
    if (!value_->is_object()) fail("an object");
    const auto found = value_->find(key);
    if (found == value_->end() || found->is_null()) return std::nullopt;
    return at(key);
}

std::size_t JsonNode::array_size() const {
    if (!value_->is_array()) fail("an array");
    return value_->size();
}

JsonNode JsonNode::element(std::size_t index) const {
    if (index >= array_size()) fail("at least " + std::to_string(index + 1) + " elements");
    return {(*value_)[index], *this, {place_, "", index, false}};
}

const std::string& JsonNode::text() const {
    if (!value_->is_string()) fail("a string");
    return value_->get_ref<const std::string&>();
}

bool JsonNode::boolean() const {
    if (!value_->is_boolean()) fail("true or false");
    return value_->get<bool>();
}

std::int64_t JsonNode::integer(std::int64_t lowest, std::int64_t highest) const {
    // Integers beyond 2^63 - 1 are kept as unsigned, beyond 2^64 - 1 as floating point.
    const bool fits =
        value_->is_number_integer() &&
        (!value_->is_number_unsigned() || value_->get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
    if (!fits || value_->get<std::int64_t>() < lowest || value_->get<std::int64_t>() > highest) {
        fail("an integer from " + std::to_string(lowest) + " to " + std::to_string(highest));
    }
    return value_->get<std::int64_t>();
}

double JsonNode::number() const {
    if (!value_->is_number()) fail("a number");
    return value_->get<double>();
}

double JsonNode::number_above(double bound) const {
    if (!value_->is_number() || !(value_->get<double>() > bound)) {
        fail("a number above " + nlohmann::json(bound).dump());
    }
    return value_->get<double>();
}

void JsonNode::fail(const std::string& expected) const {
    throw std::runtime_error(*file_ + ": " + key() + ": expected " + expected + ", found " +
                             describe(*value_));
}

}  // namespace aircomp::inference
