// SPDX-License-Identifier: GPL-3.0-or-later
// Reads JSON such that every error names the file, the key, what was expected and what was found.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace aircomp::inference {

/// Parses `text`, which `file` names in errors. Throws std::runtime_error, with line and column,
/// for text that is not JSON, is not valid UTF-8, has a number that no double holds, or is nested
/// more than 100 levels deep; and for one that names a key twice in one object.
nlohmann::json parse_json(std::string_view text, const std::string& file);

/// The same for the contents of a file.
nlohmann::json read_json(const std::filesystem::path& file);

/// A value of a JSON document and its place in it. Refers to the document, which must outlive it.
/// Every accessor throws std::runtime_error `FILE: KEY: expected ..., found ...`.
class JsonNode {
public:
    /// The top level of a document.
    JsonNode(const nlohmann::json& document, std::string file);

    const nlohmann::json& value() const { return *value_; }

    /// The member of that name; missing is an error, and so is a value that is not an object.
    JsonNode at(const std::string& key) const;
    /// The member of that name, or nothing where it is missing or null.
    std::optional<JsonNode> find(const std::string& key) const;
    /// Element `index` of an array.
    JsonNode element(std::size_t index) const;
    /// Number of elements; anything but an array is an error.
    std::size_t array_size() const;

    const std::string& text() const;
    bool boolean() const;
    std::int64_t integer(std::int64_t lowest, std::int64_t highest) const;
    double number() const;
    double number_above(double bound) const;

    [[noreturn]] void fail(const std::string& expected) const;

private:
    /// Where in the document, as a path of links: vocabularies have 100,000 members, of which
    /// hardly one is ever written out.
    struct Place {
        std::shared_ptr<const Place> parent;
        std::string member;  ///< Of an object, where it is one.
        std::size_t index;   ///< Of an array otherwise.
        bool is_member;
    };

    JsonNode(const nlohmann::json& value, const JsonNode& parent, Place place);
    std::string key() const;

    const nlohmann::json* value_;
    std::shared_ptr<const std::string> file_;
    std::shared_ptr<const Place> place_;  ///< Nothing at the top level.
};

}  // namespace aircomp::inference
