// SPDX-License-Identifier: GPL-3.0-or-later
// ConfigKeys.
#include "model/config_keys.hpp"

namespace aircomp::inference {

JsonNode ConfigKeys::at(const std::string& key) {
    known_.insert(key);
    return object_.at(key);
}

std::optional<JsonNode> ConfigKeys::find(const std::string& key) {
    known_.insert(key);
    return object_.find(key);
}

bool ConfigKeys::is_null(const std::string& key) {
    const auto found = object_.value().find(key);
    return found != object_.value().end() && found->is_null();
}

void ConfigKeys::require_off(const std::string& key) {
    if (known_.count(key) != 0) return;
    const auto option = find(key);
    if (option && option->boolean()) option->fail("false (true is not implemented)");
}

bool ConfigKeys::flag(const std::string& key, bool otherwise) {
    const auto value = find(key);
    return value ? value->boolean() : otherwise;
}

double ConfigKeys::number(const std::string& key, double otherwise) {
    const auto value = find(key);
    return value ? value->number() : otherwise;
}

double ConfigKeys::positive(const std::string& key, double otherwise) {
    const auto value = find(key);
    return value ? value->number_above(0) : otherwise;
}

void ConfigKeys::ignore(const std::vector<std::string>& keys) {
    known_.insert(keys.begin(), keys.end());
}

void ConfigKeys::refuse_others(const std::string& who) const {
    for (const auto& item : object_.value().items()) {
        if (item.value().is_null() || known_.count(item.key()) != 0) continue;
        object_.at(item.key()).fail("no such key: what it changes in " + who + " is not known");
    }
}

}  // namespace aircomp::inference
