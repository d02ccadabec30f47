// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and values, section by section.
#include "experiment/config_json.hpp"

namespace aircomp::runtime {

using Kind = ConfigEntry::Kind;

Json json_value(const ConfigEntry& entry, const std::string& value) {
    if (value.empty()) return nullptr;
    const bool is_text = entry.kind == Kind::text || entry.kind == Kind::choice;
    return is_text ? Json(value) : Json::parse(value);
}

Json configuration_json(const std::vector<ConfigEntry>& entries) {
    Json json = Json::object();
    for (const ConfigEntry& entry : entries) {
        if (!entry.present) continue;
        if (entry.kind == Kind::section) {
            json[entry.name] = configuration_json(entry.members);
        } else if (entry.kind == Kind::list) {
            json[entry.name] = Json::array();
            for (const auto& element : entry.elements)
                json[entry.name].push_back(configuration_json(element));
        } else {
            json[entry.name] = json_value(entry, entry.value);
        }
    }
    return json;
}

}  // namespace aircomp::runtime
