// SPDX-License-Identifier: GPL-3.0-or-later
// What may stand behind `is`.
#include <map>

#include "text/jinja/builtins.hpp"
#include "text/jinja/operators.hpp"

namespace aircomp::inference::jinja {
namespace {

using Question = bool (*)(const Value&);

bool is_sized(const Value& value) {
    const List* list = value.list();
    const bool indexed =
        list != nullptr && (list->form == List::Form::list || list->form == List::Form::tuple);
    return indexed || value.text() != nullptr || value.dict() != nullptr;
}

bool is_true(const Value& value) {
    return value.boolean() != nullptr && *value.boolean();
}

bool is_false(const Value& value) {
    return value.boolean() != nullptr && !*value.boolean();
}

/// Without arguments.
const std::map<std::string, Question>& questions() {
    static const std::map<std::string, Question> all = {
        {"defined", [](const Value& v) { return !v.is_undefined(); }},
        {"undefined", [](const Value& v) { return v.is_undefined(); }},
        {"none", [](const Value& v) { return v.is_none(); }},
        {"true", is_true},
        {"false", is_false},
        {"boolean", [](const Value& v) { return v.boolean() != nullptr; }},
        {"integer", [](const Value& v) { return v.integer() != nullptr; }},
        {"float", [](const Value& v) { return v.real() != nullptr; }},
        {"number", [](const Value& v) { return v.is_number(); }},
        {"string", [](const Value& v) { return v.text() != nullptr; }},
        {"mapping", [](const Value& v) { return v.dict() != nullptr; }},
        // Python's Undefined can be walked through and has a length.
        {"iterable",
         [](const Value& v) { return is_sized(v) || v.list() != nullptr || v.is_undefined(); }},
        {"sequence", is_sized},
        {"callable",
         [](const Value& v) { return v.object() != nullptr && v.object()->is_callable(); }}};
    return all;
}

/// With one argument, by the sign that means the same.
const std::map<std::string, std::string>& relations() {
    static const std::map<std::string, std::string> all = {
        {"eq", "=="}, {"equalto", "=="}, {"ne", "!="}, {"lt", "<"},          {"lessthan", "<"},
        {"le", "<="}, {"gt", ">"},       {"ge", ">="}, {"greaterthan", ">"}, {"in", "in"}};
    return all;
}

std::int64_t remainder(Run& run, const Value& value, std::int64_t divisor) {
    std::int64_t result = 0;
    const Value rest = arithmetic(run, "%", value, Value(divisor));
    if (!rest.whole(result)) run.fail("expected a whole number");
    return result;
}

}  // namespace

bool apply_test(Run& run, const std::string& name, const Value& value, const Arguments& arguments) {
    if (const auto question = questions().find(name); question != questions().end()) {
        const Bound none(run, "test '" + name + "'", arguments, {});
        return question->second(value);
    }
    if (const auto relation = relations().find(name); relation != relations().end()) {
        const Bound other(run, "test '" + name + "'", arguments, {"other"});
        return compare(run, relation->second, value, other.at(0));
    }
    if (name == "odd") return remainder(run, value, 2) == 1;
    if (name == "even") return remainder(run, value, 2) == 0;
    if (name == "divisibleby") {
        return remainder(run, value,
                         Bound(run, "test 'divisibleby'", arguments, {"num"}).integer(0, 0)) == 0;
    }
    run.fail("the test '" + name + "' is not implemented");
}

}  // namespace aircomp::inference::jinja
