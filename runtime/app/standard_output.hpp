// SPDX-License-Identifier: GPL-3.0-or-later
// Standard output that does not lose a result without a word.
#pragma once

#include <string>

namespace aircomp::app {

/// To be called first. Where the program was started without one of its three standard files
/// (`>&-`), the next file opened would stand in for it and get what was meant for the terminal:
/// that place is taken by one that every use of fails.
void occupy_standard_files();

/// Writes `text` and everything written before. Throws std::runtime_error where any of it was lost,
/// as on a full disk.
void write_standard_output(const std::string& text);

}  // namespace aircomp::app
