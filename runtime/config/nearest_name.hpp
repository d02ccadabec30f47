// SPDX-License-Identifier: GPL-3.0-or-later
// What somebody who mistyped a name has meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aircomp::runtime {

/// How far a mistyped name is from a known one: characters to insert, delete or replace; a wrong or
/// missing unit costs 1, leading or trailing words left out cost 2 at most.
std::size_t name_distance(std::string_view typed, std::string_view known);

/// In small letters, as every name is.
std::string lower(std::string text);

/// ", did you mean NAME?" with the nearest of the known names; empty where none is near.
std::string did_you_mean(const std::string& typed, const std::vector<std::string>& known);

}  // namespace aircomp::runtime
