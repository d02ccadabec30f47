// SPDX-License-Identifier: GPL-3.0-or-later
// Filters of single values: text, numbers, JSON.
#include "text/jinja/filters.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "text/jinja/builtins.hpp"
#include "text/jinja/characters.hpp"
#include "text/jinja/json_text.hpp"
#include "text/jinja/operators.hpp"

namespace aircomp::inference::jinja {
namespace {

/// Text as filters take it: anything, in words.
std::string soft_text(Run& run, const Value& value) {
    if (value.text() != nullptr) plain(run, *value.text());
    return text_of(run, value);
}

template <std::string (*Function)(std::string_view)>
Value text_filter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "a filter of texts", arguments, {});
    return Value(Function(soft_text(run, value)));
}

Value trim(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'trim'", arguments, {"chars"});
    return Value(strip(soft_text(run, value), bound.text(0), true, true));
}

Value string(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'string'", arguments, {});
    return Value(soft_text(run, value));
}

Value safe(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'safe'", arguments, {});
    return Value(Text{text_of(run, value), true});
}

/// The first letter of each word in upper case; words begin behind spaces, dashes and brackets.
std::string words_titled(std::string_view text) {
    std::string result;
    std::string word;
    const auto end_word = [&] {
        if (word.empty()) return;
        const std::size_t first = utf8(std::u32string_view(code_points(word)).substr(0, 1)).size();
        result += upper(word.substr(0, first)) + lower(word.substr(first));
        word.clear();
    };
    for (const char32_t c : code_points(text)) {
        const std::string character = utf8(std::u32string_view(&c, 1));
        if (is_space(c) || std::u32string_view(U"-({[<").find(c) != std::u32string_view::npos) {
            end_word();
            result += character;
        } else {
            word += character;
        }
    }
    end_word();
    return result;
}

Value replace_filter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'replace'", arguments, {"old", "new", "count"});
    const std::string text = soft_text(run, value);
    const std::string from = soft_text(run, bound.at(0));
    const std::string to = soft_text(run, bound.at(1));
    run.spend_text(text.size() * (to.size() + 1));
    const bool counts = bound.find(2) != nullptr && !bound.find(2)->is_none();
    return Value(replace(text, from, to, counts ? bound.integer(2, -1) : -1));
}

Value indent(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'indent'", arguments, {"width", "first", "blank"});
    if (value.text() == nullptr) {
        run.fail(std::string("filter 'indent': expected a text, found ") + value.type());
    }
    const Value* width = bound.find(0);
    const bool is_text = width != nullptr && width->text() != nullptr;
    const std::int64_t spaces = is_text ? 0 : bound.integer(0, 4);
    if (spaces > 1000) run.fail("filter 'indent': expected at most 1000 spaces");
    const std::string margin =
        is_text ? bound.text(0, "")
                : std::string(static_cast<std::size_t>(std::max<std::int64_t>(spaces, 0)), ' ');
    const bool first = bound.boolean(1, false);
    const bool blank = bound.boolean(2, false);
    std::string result;
    bool is_first = true;
    for (const std::string& line : lines(plain(run, *value.text()) + "\n", false)) {
        if (!is_first) result += "\n";
        if (is_first ? first : blank || !line.empty()) result += margin;
        is_first = false;
        result += line;
        run.spend_text(margin.size() + line.size());
    }
    return Value(std::move(result));
}

Value default_filter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'default'", arguments, {"default_value", "boolean"});
    const bool is_missing = value.is_undefined() || (bound.boolean(1, false) && !truth(value));
    if (!is_missing) return value;
    return bound.find(0) != nullptr ? *bound.find(0) : Value(std::string());
}

/// A number that all of `text` but white space around it is.
template <typename Number>
std::optional<Number> number_in(const std::string& text) {
    const std::string bare = strip(text, nullptr, true, true);
    const char* begin = bare.data() + (bare.size() > 1 && bare[0] == '+' && bare[1] != '-' ? 1 : 0);
    Number number = 0;
    const auto [end, error] = std::from_chars(begin, bare.data() + bare.size(), number);
    if (error != std::errc() || end != bare.data() + bare.size()) return std::nullopt;
    return number;
}

Value integer(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'int'", arguments, {"default"});
    if (std::int64_t whole = 0; value.whole(whole)) return Value(whole);
    std::optional<double> real;
    if (value.real() != nullptr) real = *value.real();
    if (const Text* text = value.text()) {
        if (text->utf8.find('_') != std::string::npos) {
            run.fail("filter 'int': underscores in numbers are not implemented");
        }
        if (const auto whole = number_in<std::int64_t>(plain(run, *text))) return Value(*whole);
        real = number_in<double>(text->utf8);
    }
    if (!real) return Value(bound.integer(0, 0));
    if (!(std::fabs(*real) < 9e18)) run.fail("filter 'int': a number beyond 64 bits");
    return Value(static_cast<std::int64_t>(*real));
}

Value absolute(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'abs'", arguments, {});
    if (const double* real = value.real()) return Value(std::fabs(*real));
    std::int64_t whole = 0;
    if (!value.whole(whole)) {
        run.fail(std::string("filter 'abs': expected a number, found ") + value.type());
    }
    return whole < 0 ? arithmetic(run, "-", Value(std::int64_t{0}), value) : Value(whole);
}

void set_separators(Run& run, const Value& given, JsonStyle& style) {
    const std::vector<Value> parts = items_of(run, given);
    if (parts.size() != 2 || parts[0].text() == nullptr || parts[1].text() == nullptr) {
        run.fail("filter 'tojson': expected two texts for 'separators'");
    }
    style.item_separator = parts[0].text()->utf8;
    style.key_separator = parts[1].text()->utf8;
}

Value tojson(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'tojson'", arguments,
                      {"ensure_ascii", "indent", "separators", "sort_keys"});
    JsonStyle style;
    style.ascii = bound.boolean(0, false);
    style.sort_keys = bound.boolean(3, false);
    if (const Value* indent = bound.find(1); indent != nullptr && !indent->is_none()) {
        const std::int64_t spaces = indent->text() != nullptr ? 0 : bound.integer(1, 0);
        if (spaces > 100) run.fail("filter 'tojson': expected at most 100 spaces to indent by");
        style.indent =
            indent->text() != nullptr
                ? indent->text()->utf8
                : std::string(static_cast<std::size_t>(std::max<std::int64_t>(0, spaces)), ' ');
        style.item_separator = ",";
    }
    if (const Value* separators = bound.find(2); separators != nullptr && !separators->is_none()) {
        set_separators(run, *separators, style);
    }
    return Value(json_text(run, value, style));
}

}  // namespace

const std::map<std::string, FilterFunction>& filters_of_values() {
    static const std::map<std::string, FilterFunction> all = {
        {"trim", trim},
        {"string", string},
        {"safe", safe},
        {"upper", text_filter<upper>},
        {"lower", text_filter<lower>},
        {"capitalize", text_filter<capitalized>},
        {"title", text_filter<words_titled>},
        {"replace", replace_filter},
        {"indent", indent},
        {"default", default_filter},
        {"d", default_filter},
        {"int", integer},
        {"abs", absolute},
        {"tojson", tojson}};
    return all;
}

Value apply_filter(Run& run, const std::string& name, const Value& value,
                   const Arguments& arguments) {
    for (const auto* filters : {&filters_of_values(), &filters_of_sequences()})
        if (const auto known = filters->find(name); known != filters->end()) {
            return known->second(run, value, arguments);
        }
    run.fail("the filter '" + name + "' is not implemented");
}

}  // namespace aircomp::inference::jinja
