// SPDX-License-Identifier: GPL-3.0-or-later
// What the program shows: progress on a terminal, tables, JSON, pictures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/registry.hpp"

namespace aircomp::app {

using Json = nlohmann::ordered_json;

/// A bar with time left on standard error, only where that is a terminal; otherwise null. Its clock
/// starts with its first call.
std::function<void(std::int64_t done, std::int64_t total)> progress_bar(const std::string& label);

/// `destination` "-": standard output; empty: nowhere; otherwise a file, as inference::write_whole()
/// has it. Throws std::runtime_error where it cannot be written.
void write_json(const Json& json, const std::string& destination);

/// Columns aligned, the first to the left, the others to the right.
std::string table(const std::vector<std::vector<std::string>>& rows);

/// Three or four significant digits with the given printf conversion.
std::string number(const char* format, double value);

/// The names with ", " between them.
using runtime::joined;

/// Seconds as microseconds or milliseconds, for people.
std::string duration(double seconds);

/// Draws `source`, a JSON file or a folder, with plots/SCRIPT into `picture`. Throws
/// std::runtime_error where drawing fails, saying what is needed.
void draw(const std::string& script, const std::string& source, const std::string& picture);

}  // namespace aircomp::app
