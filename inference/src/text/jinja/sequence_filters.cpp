// SPDX-License-Identifier: GPL-3.0-or-later
// Filters of what can be walked through.
#include <algorithm>
#include <utility>
#include <vector>

#include "text/jinja/builtins.hpp"
#include "text/jinja/characters.hpp"
#include "text/jinja/filters.hpp"
#include "text/jinja/operators.hpp"

namespace aircomp::inference::jinja {
namespace {

/// `a.b.0` of a value, each part looked up as in brackets.
Value member(Run& run, Value value, const Value& path) {
    if (path.text() == nullptr) return subscript(run, value, path);
    const std::string dot = ".";
    for (const std::string& part : split(path.text()->utf8, &dot, -1)) {
        const bool is_number =
            !part.empty() && part.size() < 10 &&
            std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
        const Value index = is_number ? Value(std::int64_t{std::stol(part)}) : Value(part);
        value = subscript(run, value, index);
    }
    return value;
}

/// What an item is sorted or compared by.
struct Key {
    const Value* attribute;  ///< May be null.
    bool case_sensitive;

    Value of(Run& run, const Value& item) const {
        Value key =
            attribute != nullptr && !attribute->is_none() ? member(run, item, *attribute) : item;
        if (case_sensitive || key.text() == nullptr) return key;
        run.spend_text(key.text()->utf8.size());
        return Value(lower(key.text()->utf8));
    }
};

std::vector<Value> sorted(Run& run, std::vector<Value> items, const Key& key, bool reverse) {
    std::vector<std::pair<Value, Value>> keyed;
    for (Value& item : items) {
        Value by = key.of(run, item);
        keyed.emplace_back(std::move(by), std::move(item));
    }
    std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
        run.spend(1);
        const int relation = order(run, a.first, b.first);
        return reverse ? relation > 0 : relation < 0;
    });
    items.clear();
    for (auto& [by, item] : keyed)
        items.push_back(std::move(item));
    return items;
}

Value length_filter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'length'", arguments, {});
    std::size_t count = 0;
    const List* list = value.list();
    if (const Text* text = value.text()) {
        run.spend_text(text->utf8.size());
        count = length(text->utf8);
    } else if (value.dict() != nullptr) {
        count = value.dict()->items.size();
    } else if (list != nullptr && list->form != List::Form::generator) {
        count = list->items.size();
    } else if (!value.is_undefined()) {
        run.fail(std::string("filter 'length': expected something that has one, found ") +
                 value.type());
    }
    return Value(static_cast<std::int64_t>(count));
}

Value list_filter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'list'", arguments, {});
    return make_list(run, items_of(run, value));
}

Value first(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'first'", arguments, {});
    const std::vector<Value> items = items_of(run, value);
    return items.empty() ? Value(Undefined{"the first of none"}) : items.front();
}

Value last(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'last'", arguments, {});
    if (value.list() != nullptr && value.list()->form == List::Form::generator) {
        run.fail("filter 'last': expected a list, found a generator");
    }
    const std::vector<Value> items = items_of(run, value);
    return items.empty() ? Value(Undefined{"the last of none"}) : items.back();
}

Value reverse(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'reverse'", arguments, {});
    std::vector<Value> items = items_of(run, value);
    std::reverse(items.begin(), items.end());
    if (value.text() == nullptr) return make_list(run, std::move(items), List::Form::generator);
    std::string text;
    for (const Value& item : items)
        text += item.text()->utf8;
    return Value(std::move(text));
}

Value join(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'join'", arguments, {"d", "attribute"});
    const std::string between = bound.find(0) == nullptr ? "" : text_of(run, bound.at(0));
    const Value* attribute = bound.find(1);
    std::string text;
    bool is_first = true;
    for (const Value& item : items_of(run, value)) {
        if (!is_first) text += between;
        is_first = false;
        const bool of_member = attribute != nullptr && !attribute->is_none();
        const Value part = of_member ? member(run, item, *attribute) : item;
        if (part.text() != nullptr) plain(run, *part.text());
        text += text_of(run, part);
        run.spend_text(between.size());
    }
    return Value(std::move(text));
}

Value items_filter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'items'", arguments, {});
    std::vector<Value> items;
    if (const Dict* dict = value.dict()) {
        for (const auto& [key, entry] : dict->items)
            items.push_back(make_list(run, {key, entry}, List::Form::tuple));
    } else if (!value.is_undefined()) {
        run.fail(std::string("filter 'items': expected a dict, found ") + value.type());
    }
    return make_list(run, std::move(items), List::Form::generator);
}

Value sort(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'sort'", arguments, {"reverse", "case_sensitive", "attribute"});
    const Value* attribute = bound.find(2);
    if (attribute != nullptr && attribute->text() != nullptr &&
        attribute->text()->utf8.find(',') != std::string::npos) {
        run.fail("filter 'sort': several attributes are not implemented");
    }
    const Key key{attribute, bound.boolean(1, false)};
    return make_list(run, sorted(run, items_of(run, value), key, bound.boolean(0, false)));
}

Value dictsort(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'dictsort'", arguments, {"case_sensitive", "by", "reverse"});
    const std::string by = bound.text(1, "key");
    if (value.dict() == nullptr || (by != "key" && by != "value")) {
        run.fail(std::string("filter 'dictsort': expected a dict to sort by key or value, found ") +
                 value.type());
    }
    std::vector<Value> items;
    for (const auto& [name, entry] : value.dict()->items)
        items.push_back(make_list(run, {name, entry}, List::Form::tuple));
    const Value place(std::int64_t{by == "key" ? 0 : 1});
    const Key key{&place, bound.boolean(0, false)};
    return make_list(run, sorted(run, std::move(items), key, bound.boolean(2, false)));
}

Value unique(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'unique'", arguments, {"case_sensitive", "attribute"});
    const Key key{bound.find(1), bound.boolean(0, false)};
    std::vector<Value> seen;
    std::vector<Value> items;
    for (const Value& item : items_of(run, value)) {
        Value by = key.of(run, item);
        run.spend(seen.size());
        const bool known =
            std::any_of(seen.begin(), seen.end(), [&](const Value& one) { return equal(one, by); });
        if (known) continue;
        seen.push_back(std::move(by));
        items.push_back(item);
    }
    return make_list(run, std::move(items), List::Form::generator);
}

template <int Sign>
Value extreme(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, Sign > 0 ? "filter 'max'" : "filter 'min'", arguments,
                      {"case_sensitive", "attribute"});
    const Key key{bound.find(1), bound.boolean(0, false)};
    const std::vector<Value> items = items_of(run, value);
    if (items.empty()) return Value(Undefined{"the largest or smallest of none"});
    std::size_t best = 0;
    for (std::size_t i = 1; i < items.size(); ++i) {
        const int relation = order(run, key.of(run, items[i]), key.of(run, items[best]));
        if (relation * Sign > 0) best = i;
    }
    return items[best];
}

Value sum(Run& run, const Value& value, const Arguments& arguments) {
    const Bound bound(run, "filter 'sum'", arguments, {"attribute", "start"});
    const Value* attribute = bound.find(0);
    Value total = bound.find(1) != nullptr ? *bound.find(1) : Value(std::int64_t{0});
    for (const Value& item : items_of(run, value)) {
        const bool of_member = attribute != nullptr && !attribute->is_none();
        total = arithmetic(run, "+", total, of_member ? member(run, item, *attribute) : item);
    }
    return total;
}

/// As Jinja's filters of items do: what is false has none, also where it cannot be walked through.
std::vector<Value> items_if_any(Run& run, const Value& value) {
    return truth(value) ? items_of(run, value) : std::vector<Value>();
}

/// The arguments behind the first `count`, and a text among them, which names a filter or a test.
Arguments rest(const Arguments& arguments, std::size_t count) {
    Arguments others = arguments;
    const auto begin = others.positional.begin();
    others.positional.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
    return others;
}

std::string name_at(Run& run, const Arguments& arguments, std::size_t place) {
    if (place >= arguments.positional.size() || arguments.positional[place].text() == nullptr) {
        run.fail("expected the name of a filter, a test or an attribute");
    }
    return arguments.positional[place].text()->utf8;
}

Value map(Run& run, const Value& value, const Arguments& arguments) {
    std::vector<Value> items = items_if_any(run, value);
    if (arguments.positional.empty()) {
        const Bound bound(run, "filter 'map'", arguments, {"attribute", "default"});
        for (Value& item : items) {
            item = member(run, item, bound.at(0));
            if (item.is_undefined() && bound.find(1) != nullptr) item = *bound.find(1);
        }
    } else {
        const std::string filter = name_at(run, arguments, 0);
        const Arguments others = rest(arguments, 1);
        for (Value& item : items)
            item = apply_filter(run, filter, item, others);
    }
    return make_list(run, std::move(items), List::Form::generator);
}

/// select and reject, of items or of an attribute of theirs.
template <bool Keep, bool ByAttribute>
Value select(Run& run, const Value& value, const Arguments& arguments) {
    constexpr std::size_t place = ByAttribute ? 1 : 0;
    if (ByAttribute && arguments.positional.empty()) run.fail("expected the name of an attribute");
    const bool has_test = arguments.positional.size() > place;
    const std::string test = has_test ? name_at(run, arguments, place) : "";
    const Arguments others = has_test ? rest(arguments, place + 1) : Arguments();
    std::vector<Value> items;
    for (const Value& item : items_if_any(run, value)) {
        const Value asked = ByAttribute ? member(run, item, arguments.positional[0]) : item;
        const bool passes = has_test ? apply_test(run, test, asked, others) : truth(asked);
        if (passes == Keep) items.push_back(item);
    }
    return make_list(run, std::move(items), List::Form::generator);
}

}  // namespace

const std::map<std::string, FilterFunction>& filters_of_sequences() {
    static const std::map<std::string, FilterFunction> all = {{"length", length_filter},
                                                              {"count", length_filter},
                                                              {"list", list_filter},
                                                              {"first", first},
                                                              {"last", last},
                                                              {"reverse", reverse},
                                                              {"join", join},
                                                              {"items", items_filter},
                                                              {"sort", sort},
                                                              {"dictsort", dictsort},
                                                              {"unique", unique},
                                                              {"min", extreme<-1>},
                                                              {"max", extreme<1>},
                                                              {"sum", sum},
                                                              {"map", map},
                                                              {"select", select<true, false>},
                                                              {"reject", select<false, false>},
                                                              {"selectattr", select<true, true>},
                                                              {"rejectattr", select<false, true>}};
    return all;
}

}  // namespace aircomp::inference::jinja
