// SPDX-License-Identifier: GPL-3.0-or-later
// A JSON object whose keys must all be known: every key that is read is noted, and what is left at
// the end is an error, for it could change the model.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "weights/json_reader.hpp"

namespace aircomp::inference {

class ConfigKeys {
public:
    explicit ConfigKeys(const JsonNode& object) : object_(object) {}

    /// As JsonNode's: the member of that name, which has to be there; or nothing where it is
    /// missing or null.
    JsonNode at(const std::string& key);
    std::optional<JsonNode> find(const std::string& key);

    /// Whether it is there, and null.
    bool is_null(const std::string& key);

    /// Says that the model has no such option: `key` may be false or missing, nothing else. Without
    /// effect on a key that was read.
    void require_off(const std::string& key);

    bool flag(const std::string& key, bool otherwise);
    double number(const std::string& key, double otherwise);
    double positive(const std::string& key, double otherwise);

    /// Says that keys have no influence on the model.
    void ignore(const std::vector<std::string>& keys);

    /// Throws std::runtime_error that names the first key that is neither null nor was asked for.
    void refuse_others(const std::string& who) const;

private:
    JsonNode object_;
    std::set<std::string> known_;
};

}  // namespace aircomp::inference
