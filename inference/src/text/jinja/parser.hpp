// SPDX-License-Identifier: GPL-3.0-or-later
// Reads a template into a tree.
#pragma once

#include <string>
#include <string_view>

#include "text/jinja/nodes.hpp"

namespace aircomp::inference::jinja {

/// `text` is valid UTF-8. Throws std::runtime_error, naming `source` and the line, for what is no
/// template and for statements that are not implemented.
Block parse(std::string_view text, const std::string& source);

}  // namespace aircomp::inference::jinja
