// SPDX-License-Identifier: GPL-3.0-or-later
// The page docs/configuration.md.
#pragma once

#include <string>
#include <vector>

#include "config/config_entry.hpp"

namespace aircomp::runtime {

/// Every key in tables of Markdown, a heading for each section and list.
std::string reference_page(const std::vector<ConfigEntry>& entries);

}  // namespace aircomp::runtime
