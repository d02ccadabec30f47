// SPDX-License-Identifier: GPL-3.0-or-later
// JSON as Python's json.dumps() writes it.
#pragma once

#include <optional>
#include <string>

#include "text/jinja/run.hpp"
#include "text/jinja/value.hpp"

namespace aircomp::inference::jinja {

struct JsonStyle {
    bool ascii = false;                 ///< Other characters as \uABCD.
    std::optional<std::string> indent;  ///< Of one level; without it, all is one line.
    std::string item_separator = ", ";
    std::string key_separator = ": ";
    bool sort_keys = false;
};

/// Throws what Run::fail() does for what is not data.
std::string json_text(Run& run, const Value& value, const JsonStyle& style);

}  // namespace aircomp::inference::jinja
