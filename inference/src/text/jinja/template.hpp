// SPDX-License-Identifier: GPL-3.0-or-later
// A chat template in the part of Jinja that those use, rendered as Python's Jinja2 does in the
// sandbox and with the settings of Hugging Face's transformers (docs/decisions/0015).
#pragma once

#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja/nodes.hpp"

namespace aircomp::inference::jinja {

class Template {
public:
    /// Throws std::runtime_error `SOURCE: line N: ...` for text that is not UTF-8 or not a template,
    /// is larger than a megabyte, or has a statement that is not implemented.
    Template(std::string_view text, std::string source);

    /// The text for these names. Throws std::runtime_error as above where the template asks for
    /// something that is not implemented or that Python refuses, where it refuses what it is given,
    /// and where it does not come to an end.
    std::string render(const std::vector<std::pair<std::string, Value>>& names,
                       std::time_t now) const;

private:
    std::string source_;
    Block block_;
};

}  // namespace aircomp::inference::jinja
