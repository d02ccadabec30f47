// SPDX-License-Identifier: GPL-3.0-or-later
// Addresses in a configuration.
#pragma once

#include <string>

namespace aircomp::runtime {

/// HOST:PORT, the port from 0 to 65535.
bool is_address(const std::string& value);
/// The same, or the word none.
bool is_address_or_none(const std::string& value);

}  // namespace aircomp::runtime
