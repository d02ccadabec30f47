// SPDX-License-Identifier: GPL-3.0-or-later
// Configurations as JSON.
#pragma once

#include <string>
#include <vector>

#include "config/config_entry.hpp"
#include "experiment/json.hpp"

namespace aircomp::runtime {

/// A value of an entry, as a configuration in JSON has it; null where it is empty.
Json json_value(const ConfigEntry& entry, const std::string& value);

/// What the configuration has, such that it is one itself: JSON is YAML.
Json configuration_json(const std::vector<ConfigEntry>& entries);

}  // namespace aircomp::runtime
