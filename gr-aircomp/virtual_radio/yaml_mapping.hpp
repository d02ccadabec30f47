// SPDX-License-Identifier: GPL-3.0-or-later
// A YAML mapping read strictly: every error names file, line, key, what was expected and found.
#pragma once

#include <yaml-cpp/yaml.h>

#include <set>
#include <string>
#include <vector>

namespace gr::aircomp::virtual_radio {

/// Everything throws std::runtime_error "FILE:LINE: KEY: expected ..., found ...".
class YamlMapping {
public:
    /// The mapping `node`, called `key` in errors; "" at the top.
    YamlMapping(const YAML::Node& node, std::string file, std::string key);

    /// Parses a file that holds one mapping.
    static YamlMapping of_file(const std::string& file);

    /// Each overwrites `value`, or leaves it as it is where `key` is not set.
    void read(const std::string& key, double& value, double least, double most);
    void read(const std::string& key, bool& value);
    void read(const std::string& key, std::string& value);
    /// Whole numbers from `least` to `most`.
    template <typename Integer>
    void read_whole(const std::string& key, Integer& value, double least, double most) {
        double number = static_cast<double>(value);
        read(key, number, least, most);
        if (number != static_cast<double>(static_cast<Integer>(number)))
            fail(key, "a whole number", node_[key]);
        value = static_cast<Integer>(number);
    }

    /// What `key` holds, undefined where it is not set; the elements of a list.
    YAML::Node node(const std::string& key);
    std::vector<YAML::Node> elements(const std::string& key);
    /// A mapping inside this one; empty where `key` is not set.
    YamlMapping mapping(const std::string& key);
    YamlMapping mapping(const YAML::Node& element, const std::string& key) const;

    /// To be called when all was read: throws at the first key that nobody asked for.
    void finish() const;

    [[noreturn]] void fail(const std::string& key, const std::string& expected,
                           const YAML::Node& found) const;

private:
    std::string name(const std::string& key) const;

    YAML::Node node_;
    std::string file_, key_;
    std::set<std::string> known_;
};

}  // namespace gr::aircomp::virtual_radio
