// SPDX-License-Identifier: GPL-3.0-or-later
// Where the program finds what it does not carry in itself.
#pragma once

namespace aircomp::app {

extern const char* const plots_folder;        ///< Scripts that draw, for `python`.
extern const char* const experiments_folder;  ///< A YAML file each.
extern const char* const python;              ///< Has matplotlib: Debian's, whatever PATH says.

}  // namespace aircomp::app
