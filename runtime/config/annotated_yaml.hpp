// SPDX-License-Identifier: GPL-3.0-or-later
// A configuration as YAML in which every key says what it means.
#pragma once

#include <string>
#include <vector>

#include "config/config_entry.hpp"

namespace aircomp::runtime {

/// The entries with their values, each under a comment with its meaning, unit, range and, where the
/// value is another one, its default. What a configuration does not have is there as a comment.
/// Reads back to the same configuration.
std::string annotated_yaml(const std::vector<ConfigEntry>& entries);

}  // namespace aircomp::runtime
