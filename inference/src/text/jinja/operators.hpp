// SPDX-License-Identifier: GPL-3.0-or-later
// Python's operators on values, and how Jinja looks things up. All throw what Run::fail() does for
// what Python refuses.
#pragma once

#include <optional>
#include <string>

#include "text/jinja/run.hpp"
#include "text/jinja/value.hpp"

namespace aircomp::inference::jinja {

/// `a sign b` for + - * / // %
Value arithmetic(Run& run, const std::string& sign, const Value& a, const Value& b);

/// Below zero, zero or above where a < b, a == b, a > b.
int order(Run& run, const Value& a, const Value& b);

/// `a sign b` for == != < <= > >= in, not in
bool compare(Run& run, const std::string& sign, const Value& a, const Value& b);

/// `value.name`: a method or, where there is none of that name, `value['name']`; undefined where
/// there is neither.
Value attribute(Run& run, const Value& value, const std::string& name);

/// `value[index]`: undefined where there is none.
Value subscript(Run& run, const Value& value, const Value& index);

/// `value[begin:end:step]`
Value slice(Run& run, const Value& value, std::optional<std::int64_t> begin,
            std::optional<std::int64_t> end, std::int64_t step);

Value call(Run& run, const Value& callee, const Arguments& arguments);

/// Throws where `text` comes from the filter `safe`, which only may be written.
const std::string& plain(Run& run, const Text& text);

}  // namespace aircomp::inference::jinja
