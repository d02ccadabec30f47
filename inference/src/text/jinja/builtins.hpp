// SPDX-License-Identifier: GPL-3.0-or-later
// What templates find ready: filters, tests, methods of Python's types, functions.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "text/jinja/run.hpp"
#include "text/jinja/value.hpp"

namespace aircomp::inference::jinja {

/// Arguments by the names of a function's parameters. All throw what Run::fail() does.
class Bound {
public:
    /// Refuses more arguments than there are parameters, and names that are none of them.
    Bound(Run& run, std::string function, const Arguments& arguments,
          std::initializer_list<const char*> parameters);

    /// The argument of that parameter, or null.
    const Value* find(std::size_t parameter) const { return values_[parameter]; }
    const Value& at(std::size_t parameter) const;

    bool boolean(std::size_t parameter, bool standard) const;
    std::int64_t integer(std::size_t parameter, std::int64_t standard) const;
    /// A text, or null where there is none or None.
    const std::string* text(std::size_t parameter) const;
    std::string text(std::size_t parameter, const std::string& standard) const;

private:
    [[noreturn]] void fail(std::size_t parameter, const char* expected) const;

    Run& run_;
    std::string function_;
    std::vector<const char*> names_;
    std::vector<const Value*> values_;
};

Value apply_filter(Run& run, const std::string& name, const Value& value,
                   const Arguments& arguments);
bool apply_test(Run& run, const std::string& name, const Value& value, const Arguments& arguments);

/// Whether Python's type has that method; throws where it has and templates may not use it here.
bool is_method(Run& run, const Value& value, const std::string& name);
/// The method as a value, and called at once.
Value method(Run& run, const Value& value, const std::string& name);
Value call_method(Run& run, const Value& value, const std::string& name,
                  const Arguments& arguments);

/// Puts the functions that templates call by name into `scope`.
void add_functions(Run& run, Scope& scope);

}  // namespace aircomp::inference::jinja
