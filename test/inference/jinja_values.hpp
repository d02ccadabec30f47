// SPDX-License-Identifier: GPL-3.0-or-later
// JSON as the values of a template.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja/value.hpp"

namespace aircomp::test {

using OrderedJson = nlohmann::ordered_json;

inline inference::jinja::Value to_value(const OrderedJson& json) {
    using namespace inference::jinja;
    if (json.is_null()) return Value(None{});
    if (json.is_boolean()) return Value(json.get<bool>());
    if (json.is_number_integer()) return Value(json.get<std::int64_t>());
    if (json.is_number_float()) return Value(json.get<double>());
    if (json.is_string()) return Value(json.get<std::string>());
    if (json.is_array()) {
        List list;
        for (const OrderedJson& item : json)
            list.items.push_back(to_value(item));
        for (const Value& item : list.items)
            list.depth = std::max(list.depth, item.depth() + 1);
        return Value(std::move(list));
    }
    Dict dict;
    for (const auto& [key, item] : json.items()) {
        dict.set(Value(key), to_value(item));
        dict.depth = std::max(dict.depth, dict.items.back().second.depth() + 1);
    }
    return Value(std::move(dict));
}

/// Each member is a name of the template.
inline std::vector<std::pair<std::string, inference::jinja::Value>> to_names(
    const OrderedJson& object) {
    std::vector<std::pair<std::string, inference::jinja::Value>> names;
    for (const auto& [name, value] : object.items())
        names.emplace_back(name, to_value(value));
    return names;
}

}  // namespace aircomp::test
