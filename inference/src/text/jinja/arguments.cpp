// SPDX-License-Identifier: GPL-3.0-or-later
// Arguments of filters, tests, methods and functions, checked.
#include <string>
#include <utility>

#include "text/jinja/builtins.hpp"
#include "text/jinja/operators.hpp"

namespace aircomp::inference::jinja {

Bound::Bound(Run& run, std::string function, const Arguments& arguments,
             std::initializer_list<const char*> parameters)
    : run_(run), function_(std::move(function)), names_(parameters), values_(names_.size()) {
    if (arguments.positional.size() > names_.size()) {
        run_.fail(function_ + ": expected at most " + std::to_string(names_.size()) +
                  " arguments, found " + std::to_string(arguments.positional.size()));
    }
    for (std::size_t i = 0; i < arguments.positional.size(); ++i)
        values_[i] = &arguments.positional[i];
    for (const auto& [name, value] : arguments.named) {
        std::size_t at = 0;
        while (at < names_.size() && names_[at] != name)
            ++at;
        if (at == names_.size())
            run_.fail(function_ + ": the argument '" + name + "' is not known");
        if (values_[at] != nullptr) {
            run_.fail(function_ + ": the argument '" + name + "' is given twice");
        }
        values_[at] = &value;
    }
}

void Bound::fail(std::size_t parameter, const char* expected) const {
    const Value* value = values_[parameter];
    run_.fail(function_ + ": expected " + expected + " for '" + names_[parameter] + "', found " +
              (value == nullptr ? "nothing" : value->type()));
}

const Value& Bound::at(std::size_t parameter) const {
    if (values_[parameter] == nullptr) fail(parameter, "a value");
    return *values_[parameter];
}

bool Bound::boolean(std::size_t parameter, bool standard) const {
    return values_[parameter] == nullptr ? standard : truth(*values_[parameter]);
}

std::int64_t Bound::integer(std::size_t parameter, std::int64_t standard) const {
    std::int64_t number = standard;
    if (values_[parameter] != nullptr && !values_[parameter]->whole(number)) {
        fail(parameter, "a whole number");
    }
    return number;
}

const std::string* Bound::text(std::size_t parameter) const {
    const Value* value = values_[parameter];
    if (value == nullptr || value->is_none()) return nullptr;
    if (value->text() == nullptr) fail(parameter, "a text");
    return &plain(run_, *value->text());
}

std::string Bound::text(std::size_t parameter, const std::string& standard) const {
    const std::string* given = text(parameter);
    return given == nullptr ? standard : *given;
}

}  // namespace aircomp::inference::jinja
