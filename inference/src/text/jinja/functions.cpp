// SPDX-License-Identifier: GPL-3.0-or-later
// The functions of chat templates: Jinja's own and those that Hugging Face adds.
#include <array>
#include <ctime>
#include <utility>

#include "text/jinja/builtins.hpp"
#include "text/jinja/operators.hpp"

namespace aircomp::inference::jinja {
namespace {

using Body = Value (*)(Run&, const Arguments&);

class Function final : public Object {
public:
    explicit Function(Body body) : body_(body) {}
    bool is_callable() const override { return true; }
    Value call(Run& run, const Arguments& arguments) override { return body_(run, arguments); }

private:
    Body body_;
};

Value raise_exception(Run& run, const Arguments& arguments) {
    const Bound bound(run, "raise_exception()", arguments, {"message"});
    run.fail("the template refuses the conversation: " + text_of(run, bound.at(0)));
}

/// As datetime.now().strftime() of Python.
Value strftime_now(Run& run, const Arguments& arguments) {
    const Bound bound(run, "strftime_now()", arguments, {"format"});
    const std::string* format = bound.text(0);
    std::array<char, 256> buffer;
    std::tm time{};
    const std::time_t now = run.now();
    if (format == nullptr || localtime_r(&now, &time) == nullptr) {
        run.fail("strftime_now(): expected a format");
    }
    if (format->empty()) return Value(std::string());
    const std::size_t size = std::strftime(buffer.data(), buffer.size(), format->c_str(), &time);
    if (size == 0 || format->find('\0') != std::string::npos) {
        run.fail("strftime_now(): expected a format that gives 1 to 255 characters");
    }
    return Value(std::string(buffer.data(), size));
}

/// The arguments of dict() and namespace(): a dictionary, and names.
Dict members(Run& run, const char* function, const Arguments& arguments) {
    Dict dict;
    if (!arguments.positional.empty()) {
        const Value& first = arguments.positional[0];
        if (first.dict() == nullptr || arguments.positional.size() > 1) {
            run.fail(std::string(function) +
                     ": expected a dictionary and names with values, found " + first.type());
        }
        dict.items = first.dict()->items;
    }
    for (const auto& [name, value] : arguments.named)
        dict.set(Value(name), value);
    return dict;
}

Value dict(Run& run, const Arguments& arguments) {
    return make_dict(run, members(run, "dict()", arguments));
}

Value make_namespace(Run& run, const Arguments& arguments) {
    return Value(run.keep(std::make_unique<Namespace>(members(run, "namespace()", arguments))));
}

Value range(Run& run, const Arguments& arguments) {
    const Bound bound(run, "range()", arguments, {"start", "stop", "step"});
    const bool from_zero = bound.find(1) == nullptr;
    bound.at(0);
    const std::int64_t begin = from_zero ? 0 : bound.integer(0, 0);
    const std::int64_t end = from_zero ? bound.integer(0, 0) : bound.integer(1, 0);
    const std::int64_t step = bound.integer(2, 1);
    // As long as the sandbox that templates are written for allows.
    constexpr std::int64_t longest = 100000;
    constexpr std::int64_t largest = std::int64_t{1} << 60;
    for (const std::int64_t number : {begin, end, step})
        if (number < -largest || number > largest) run.fail("range(): numbers are too large");
    if (step == 0) run.fail("range(): expected a step other than 0");
    std::vector<Value> items;
    for (std::int64_t i = begin; step > 0 ? i < end : i > end; i += step) {
        if (static_cast<std::int64_t>(items.size()) == longest) {
            run.fail("range(): expected at most " + std::to_string(longest) + " numbers");
        }
        items.emplace_back(i);
    }
    return make_list(run, std::move(items), List::Form::tuple);
}

}  // namespace

void add_functions(Run& run, Scope& scope) {
    const std::array<std::pair<const char*, Body>, 5> all = {{{"raise_exception", raise_exception},
                                                              {"strftime_now", strftime_now},
                                                              {"dict", dict},
                                                              {"namespace", make_namespace},
                                                              {"range", range}}};
    for (const auto& [name, body] : all)
        scope.set(name, Value(run.keep(std::make_unique<Function>(body))));
}

}  // namespace aircomp::inference::jinja
