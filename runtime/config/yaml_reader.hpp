// SPDX-License-Identifier: GPL-3.0-or-later
// Reads YAML strictly: every error names file, line, key, what was expected and what was found.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/nearest_name.hpp"

namespace aircomp::runtime {

class YamlNode;

/// One YAML file: what it sets, and which of that somebody asked for.
class YamlDocument {
public:
    /// Parses the file. Throws std::runtime_error unless it holds one mapping.
    explicit YamlDocument(const std::filesystem::path& file);
    /// The same of `text`; errors name `origin` in the file's place.
    YamlDocument(const std::string& text, const std::string& origin);

    YamlNode root();

    /// How an error about the value at `key` ("radio.streams", "devices[1].name") begins:
    /// "FILE:LINE: KEY", without the line where the file does not set it.
    std::string place(const std::string& key) const;

    /// To be called when everything was read. Throws for the first key that no YamlNode::at() asked
    /// for, naming the nearest that one did; then for the first required one that is missing.
    void check_keys() const;

private:
    friend class YamlNode;

    std::string nearest_known_key(const std::string& unknown) const;

    std::string file_;
    YAML::Node root_;
    std::map<std::string, int> lines_;          // of every key in a mapping that was opened
    std::map<std::string, std::string> known_;  // keys that were asked for, set or not; their units
    std::map<std::string, std::string> renamed_;  // what keys of former names are called now
    std::vector<std::string> missing_;            // keys that were required and are not set
    std::set<std::string> provided_;              // keys that others stand for
};

/// A value of a document and its place in it, or the absence of one. Refers to the document, which
/// must outlive it. Everything throws std::runtime_error "FILE:LINE: KEY: expected ..., found ...".
class YamlNode {
public:
    /// The member of a mapping; absent where the file does not set it or the mapping is absent.
    /// `unit` is what errors say that a number is in.
    YamlNode at(const std::string& key, const std::string& unit = "") const;
    /// That a member is called `now`: check_keys() refuses the `former` name with that. A name with
    /// a dot in it is one of the whole document, of a key that came from another section; at the top of
    /// the document it has a dot before it.
    void rename(const std::string& former, const std::string& now) const;
    /// The elements of a list.
    std::vector<YamlNode> elements() const;

    bool present() const { return present_; }
    /// The value itself, and that of a member (undefined where there is none), whose own keys are
    /// not looked at: for what is checked elsewhere.
    const YAML::Node& yaml() const { return value_; }
    YAML::Node yaml_at(const std::string& key) const;
    /// This node, whose absence check_keys() shall report: a mistyped key is better called unknown
    /// than another one missing.
    const YamlNode& required() const;
    /// That the mapping of this node need not have a member of that name: this node's value stands
    /// for it.
    void provides(const std::string& sibling) const;

    /// Each of these overwrites `value`, or leaves it as it is where the node is absent.
    void read(bool& value) const;
    void read(int& value) const;
    void read(std::int64_t& value) const;
    void read(std::uint64_t& value) const;
    void read(double& value) const;
    void read(std::string& value) const;
    template <typename Enum>
    void read(Enum& value, const std::vector<std::pair<std::string, Enum>>& names) const;

    /// `hint` comes after what was found.
    [[noreturn]] void fail(const std::string& expected, const std::string& hint = "") const;

private:
    friend class YamlDocument;

    YamlNode(YamlDocument& document, std::string key)
        : document_(&document), key_(std::move(key)) {}
    YamlNode(YamlDocument& document, std::string key, const YAML::Node& value);

    void open_mapping();
    template <typename Integer>
    void read_integer(Integer& value) const;

    YamlDocument* document_;
    std::string key_;
    YAML::Node value_;
    bool present_ = false;
};

template <typename Enum>
void YamlNode::read(Enum& value, const std::vector<std::pair<std::string, Enum>>& names) const {
    if (!present_) return;
    std::string found;
    read(found);
    std::string expected;
    std::vector<std::string> known;
    for (const auto& [name, meaning] : names) {
        if (found == name) {
            value = meaning;
            return;
        }
        expected += (expected.empty() ? "" : ", ") + name;
        known.push_back(name);
    }
    fail("one of " + expected, did_you_mean(found, known));
}

}  // namespace aircomp::runtime
