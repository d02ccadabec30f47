// SPDX-License-Identifier: GPL-3.0-or-later
// Methods of Python's str and dict.
#include <algorithm>
#include <map>

#include "text/jinja/builtins.hpp"
#include "text/jinja/characters.hpp"
#include "text/jinja/operators.hpp"

namespace aircomp::inference::jinja {
namespace {

// All that Python's types have: what of it is not implemented here must not look like a key that is
// not there.
constexpr const char* text_methods =
    " capitalize casefold center count encode endswith expandtabs find format format_map index "
    "isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace "
    "istitle isupper join ljust lower lstrip maketrans partition removeprefix removesuffix replace "
    "rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title "
    "translate upper zfill ";
constexpr const char* dict_methods =
    " clear copy fromkeys get items keys pop popitem setdefault update values ";
constexpr const char* list_methods =
    " append clear copy count extend index insert pop remove reverse sort ";
constexpr const char* number_methods =
    " as_integer_ratio bit_count bit_length conjugate denominator from_bytes fromhex hex imag "
    "is_integer numerator real to_bytes ";

using TextMethod = Value (*)(Run&, const std::string&, const Arguments&);
using DictMethod = Value (*)(Run&, const Dict&, const Arguments&);

Value list_of(Run& run, std::vector<std::string> parts) {
    std::vector<Value> items;
    items.reserve(parts.size());
    for (std::string& part : parts)
        items.emplace_back(std::move(part));
    return make_list(run, std::move(items));
}

template <bool Left, bool Right>
Value strip_method(Run& run, const std::string& text, const Arguments& arguments) {
    const Bound bound(run, "strip()", arguments, {"chars"});
    return Value(strip(text, bound.text(0), Left, Right));
}

template <bool FromEnd>
Value split_method(Run& run, const std::string& text, const Arguments& arguments) {
    const Bound bound(run, "split()", arguments, {"sep", "maxsplit"});
    const std::string* separator = bound.text(0);
    const std::int64_t most = bound.integer(1, -1);
    if (separator != nullptr && separator->empty()) run.fail("split(): expected a separator");
    if (!FromEnd || (separator == nullptr && most < 0)) {
        return list_of(run, split(text, separator, most));
    }
    if (separator == nullptr) run.fail("rsplit() without separator is not implemented");
    return list_of(run, split_from_end(text, *separator, most));
}

bool has_end(const std::string& text, const std::string& part, bool at_begin) {
    return text.size() >= part.size() &&
           text.compare(at_begin ? 0 : text.size() - part.size(), part.size(), part) == 0;
}

template <bool AtBegin>
Value end_method(Run& run, const std::string& text, const Arguments& arguments) {
    const Bound bound(run, AtBegin ? "startswith()" : "endswith()", arguments, {"part"});
    const Value& part = bound.at(0);
    const List* several = part.list();
    if (several == nullptr || several->form != List::Form::tuple) {
        const std::string* one = bound.text(0);
        if (one == nullptr) run.fail("startswith(), endswith(): expected a text, found None");
        return Value(has_end(text, *one, AtBegin));
    }
    return Value(std::any_of(several->items.begin(), several->items.end(), [&](const Value& one) {
        if (one.text() == nullptr) run.fail("startswith(), endswith(): expected texts");
        return has_end(text, one.text()->utf8, AtBegin);
    }));
}

Value replace_method(Run& run, const std::string& text, const Arguments& arguments) {
    const Bound bound(run, "replace()", arguments, {"old", "new", "count"});
    const std::string* from = bound.text(0);
    const std::string* to = bound.text(1);
    if (from == nullptr || to == nullptr) run.fail("replace(): expected two texts");
    run.spend_text(text.size() * (to->size() + 1));
    return Value(replace(text, *from, *to, bound.integer(2, -1)));
}

Value join_method(Run& run, const std::string& text, const Arguments& arguments) {
    const Bound bound(run, "join()", arguments, {"items"});
    std::string result;
    bool first = true;
    for (const Value& item : items_of(run, bound.at(0))) {
        if (item.text() == nullptr) {
            run.fail(std::string("join(): expected texts, found ") + item.type());
        }
        if (!first) result += text;
        first = false;
        result += plain(run, *item.text());
        run.spend_text(text.size() + item.text()->utf8.size());
    }
    return Value(std::move(result));
}

Value splitlines_method(Run& run, const std::string& text, const Arguments& arguments) {
    const Bound bound(run, "splitlines()", arguments, {"keepends"});
    return list_of(run, lines(text, bound.boolean(0, false)));
}

Value find_method(Run& run, const std::string& text, const Arguments& arguments) {
    const Bound bound(run, "find()", arguments, {"part"});
    const std::string* part = bound.text(0);
    if (part == nullptr) run.fail("find(): expected a text");
    const std::size_t at = text.find(*part);
    if (at == std::string::npos) return Value(std::int64_t{-1});
    return Value(static_cast<std::int64_t>(length(std::string_view(text).substr(0, at))));
}

Value count_method(Run& run, const std::string& text, const Arguments& arguments) {
    const Bound bound(run, "count()", arguments, {"part"});
    const std::string* part = bound.text(0);
    if (part == nullptr || part->empty()) run.fail("count(): expected a text");
    return Value(static_cast<std::int64_t>(split(text, part, -1).size() - 1));
}

/// What a field `{...}` stands for: the next argument, or the one of that number or name.
Value field_value(Run& run, const std::string& field, std::size_t& next,
                  const Arguments& arguments) {
    for (const auto& [name, value] : arguments.named)
        if (name == field) return value;
    const bool is_number =
        !field.empty() && field.size() < 4 &&
        std::all_of(field.begin(), field.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!field.empty() && !is_number) {
        run.fail("format(): the field {" + field + "} is not implemented or has no value");
    }
    const std::size_t at = field.empty() ? next++ : static_cast<std::size_t>(std::stoul(field));
    if (at >= arguments.positional.size()) run.fail("format(): expected more arguments");
    return arguments.positional[at];
}

Value format_method(Run& run, const std::string& text, const Arguments& arguments) {
    std::string result;
    std::size_t next = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c != '{' && c != '}') {
            result += c;
        } else if (i + 1 < text.size() && text[i + 1] == c) {
            result += c;
            ++i;
        } else {
            const std::size_t end = text.find('}', i);
            if (c == '}' || end == std::string::npos) run.fail("format(): a single brace");
            const std::string field = text.substr(i + 1, end - i - 1);
            result += text_of(run, field_value(run, field, next, arguments));
            i = end;
        }
    }
    return Value(std::move(result));
}

template <std::string (*Function)(std::string_view)>
Value plain_method(Run& run, const std::string& text, const Arguments& arguments) {
    const Bound bound(run, "a method of str", arguments, {});
    return Value(Function(text));
}

Value get_method(Run& run, const Dict& dict, const Arguments& arguments) {
    const Bound bound(run, "get()", arguments, {"key", "default"});
    run.spend(dict.items.size() / 8);
    const Value* found = dict.find(bound.at(0));
    if (found != nullptr) return *found;
    return bound.find(1) != nullptr ? *bound.find(1) : Value(None{});
}

Value keys_method(Run& run, const Dict& dict, const Arguments& arguments) {
    const Bound bound(run, "keys()", arguments, {});
    std::vector<Value> items;
    for (const auto& item : dict.items)
        items.push_back(item.first);
    return make_list(run, std::move(items), List::Form::view);
}

Value values_method(Run& run, const Dict& dict, const Arguments& arguments) {
    const Bound bound(run, "values()", arguments, {});
    std::vector<Value> items;
    for (const auto& item : dict.items)
        items.push_back(item.second);
    return make_list(run, std::move(items), List::Form::view);
}

Value items_method(Run& run, const Dict& dict, const Arguments& arguments) {
    const Bound bound(run, "items()", arguments, {});
    std::vector<Value> items;
    for (const auto& [key, value] : dict.items)
        items.push_back(make_list(run, {key, value}, List::Form::tuple));
    return make_list(run, std::move(items), List::Form::view);
}

const std::map<std::string, TextMethod>& methods_of_text() {
    static const std::map<std::string, TextMethod> all = {{"strip", strip_method<true, true>},
                                                          {"lstrip", strip_method<true, false>},
                                                          {"rstrip", strip_method<false, true>},
                                                          {"split", split_method<false>},
                                                          {"rsplit", split_method<true>},
                                                          {"splitlines", splitlines_method},
                                                          {"startswith", end_method<true>},
                                                          {"endswith", end_method<false>},
                                                          {"replace", replace_method},
                                                          {"join", join_method},
                                                          {"find", find_method},
                                                          {"count", count_method},
                                                          {"format", format_method},
                                                          {"upper", plain_method<upper>},
                                                          {"lower", plain_method<lower>},
                                                          {"capitalize", plain_method<capitalized>},
                                                          {"title", plain_method<titled>}};
    return all;
}

const std::map<std::string, DictMethod>& methods_of_dict() {
    static const std::map<std::string, DictMethod> all = {{"get", get_method},
                                                          {"keys", keys_method},
                                                          {"values", values_method},
                                                          {"items", items_method}};
    return all;
}

class Method final : public Object {
public:
    Method(Value value, std::string name) : value_(std::move(value)), name_(std::move(name)) {}

    bool is_callable() const override { return true; }
    Value call(Run& run, const Arguments& arguments) override {
        return call_method(run, value_, name_, arguments);
    }

private:
    Value value_;
    std::string name_;
};

bool is_listed(const char* names, const std::string& name) {
    return std::string_view(names).find(" " + name + " ") != std::string_view::npos;
}

}  // namespace

bool is_method(Run& run, const Value& value, const std::string& name) {
    const char* type = value.text() != nullptr   ? text_methods
                       : value.dict() != nullptr ? dict_methods
                       : value.list() != nullptr ? list_methods
                       : value.is_number()       ? number_methods
                                                 : "";
    if (name.rfind("__", 0) == 0 && *type != '\0') {
        run.fail("the attribute '" + name + "' is not for templates");
    }
    if (!is_listed(type, name)) return false;
    if (value.text() != nullptr && methods_of_text().count(name) > 0) return true;
    if (value.dict() != nullptr && methods_of_dict().count(name) > 0) return true;
    run.fail(std::string("the method '") + name + "' of " + value.type() +
             " is not implemented, or changes what a template must not change");
}

Value method(Run& run, const Value& value, const std::string& name) {
    return Value(run.keep(std::make_unique<Method>(value, name)));
}

Value call_method(Run& run, const Value& value, const std::string& name,
                  const Arguments& arguments) {
    if (const Dict* dict = value.dict()) return methods_of_dict().at(name)(run, *dict, arguments);
    const std::string& text = plain(run, *value.text());
    run.spend_text(text.size());
    return methods_of_text().at(name)(run, text, arguments);
}

}  // namespace aircomp::inference::jinja
