// SPDX-License-Identifier: GPL-3.0-or-later
// Which Python runs the program's scripts.
#pragma once

#include <string>

namespace aircomp::runtime {

/// The path of the first python3 that has the module `module`: beside the program, then along PATH.
/// Where AIRCOMP_PYTHON is set, that one and no other.
///
/// Throws std::runtime_error that names the module, Debian's package of it, and where it looked.
std::string python_with(const std::string& module, const std::string& package);

}  // namespace aircomp::runtime
