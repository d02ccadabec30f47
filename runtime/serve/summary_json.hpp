// SPDX-License-Identifier: GPL-3.0-or-later
// Parts of summaries as JSON, for all that say them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "serve/summary.hpp"

namespace aircomp::runtime::testbed {

nlohmann::ordered_json to_json(const DeviceAirSummary& device);

/// As text. Names come from a configuration, which need not be UTF-8.
std::string text_of(const nlohmann::ordered_json& json);

}  // namespace aircomp::runtime::testbed
