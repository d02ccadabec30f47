// SPDX-License-Identifier: GPL-3.0-or-later
// What results are written in: keys in the order that they were set in.
#pragma once

#include <nlohmann/json.hpp>

namespace aircomp::runtime {

using Json = nlohmann::ordered_json;

}  // namespace aircomp::runtime
