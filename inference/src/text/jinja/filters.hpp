// SPDX-License-Identifier: GPL-3.0-or-later
// The two tables of filters.
#pragma once

#include <map>
#include <string>

#include "text/jinja/run.hpp"
#include "text/jinja/value.hpp"

namespace aircomp::inference::jinja {

using FilterFunction = Value (*)(Run&, const Value&, const Arguments&);

const std::map<std::string, FilterFunction>& filters_of_values();
const std::map<std::string, FilterFunction>& filters_of_sequences();

}  // namespace aircomp::inference::jinja
