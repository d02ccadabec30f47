// SPDX-License-Identifier: GPL-3.0-or-later
// Truth, equality and text of values, as Python has them.
#include "text/jinja/value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "text/jinja/characters.hpp"
#include "text/jinja/run.hpp"

namespace aircomp::inference::jinja {
namespace {

constexpr int deepest_value = 100;

bool equal_lists(const List& a, const List& b) {
    const auto is_identity = [](List::Form form) {
        return form == List::Form::view || form == List::Form::generator;
    };
    if (is_identity(a.form) || is_identity(b.form)) return &a == &b;
    return a.form == b.form &&
           std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), equal);
}

bool equal_dicts(const Dict& a, const Dict& b) {
    return a.items.size() == b.items.size() &&
           std::all_of(a.items.begin(), a.items.end(), [&](const auto& item) {
               const Value* other = b.find(item.first);
               return other != nullptr && equal(item.second, *other);
           });
}

std::string repr_of_list(Run& run, const List& list) {
    if (list.form == List::Form::generator || list.form == List::Form::view) {
        run.fail("cannot show what a filter walks through; expected a list, as | list makes it");
    }
    const bool tuple = list.form == List::Form::tuple;
    std::string text = tuple ? "(" : "[";
    for (std::size_t i = 0; i < list.items.size(); ++i)
        text += (i > 0 ? ", " : "") + repr_of(run, list.items[i]);
    if (tuple && list.items.size() == 1) text += ",";
    return text + (tuple ? ")" : "]");
}

std::string repr_of_dict(Run& run, const Dict& dict) {
    std::string text = "{";
    for (const auto& [key, value] : dict.items) {
        if (text.size() > 1) text += ", ";
        text += repr_of(run, key) + ": " + repr_of(run, value);
    }
    return text + "}";
}

std::string show(Run& run, const Value& value) {
    if (value.is_undefined()) return "";
    if (value.is_none()) return "None";
    if (const bool* boolean = value.boolean()) return *boolean ? "True" : "False";
    if (const std::int64_t* integer = value.integer()) return std::to_string(*integer);
    if (const double* real = value.real()) return real_text(*real);
    if (const List* list = value.list()) return repr_of_list(run, *list);
    if (const Dict* dict = value.dict()) return repr_of_dict(run, *dict);
    run.fail("cannot show a function or an object, expected text or data");
}

}  // namespace

const Value* Dict::find(const Value& key) const {
    for (const auto& [known, value] : items)
        if (equal(known, key)) return &value;
    return nullptr;
}

const Value* Dict::find(std::string_view key) const {
    for (const auto& [known, value] : items)
        if (const Text* text = known.text(); text != nullptr && text->utf8 == key) return &value;
    return nullptr;
}

void Dict::set(Value key, Value value) {
    for (auto& [known, old] : items) {
        if (!equal(known, key)) continue;
        old = std::move(value);
        return;
    }
    items.emplace_back(std::move(key), std::move(value));
}

bool Value::whole(std::int64_t& number) const {
    if (const bool* truth = boolean()) number = *truth ? 1 : 0;
    if (const std::int64_t* value = integer()) number = *value;
    return boolean() != nullptr || integer() != nullptr;
}

bool Value::number(double& number) const {
    std::int64_t integer = 0;
    if (whole(integer)) {
        number = static_cast<double>(integer);
        return true;
    }
    if (real() != nullptr) number = *real();
    return real() != nullptr;
}

bool Value::is_number() const {
    return boolean() != nullptr || integer() != nullptr || real() != nullptr;
}

const char* Value::type() const {
    if (const List* items = list()) {
        switch (items->form) {
            case List::Form::list:
                return "list";
            case List::Form::tuple:
                return "tuple";
            case List::Form::view:
                return "view of a dict";
            case List::Form::generator:
                return "generator";
        }
    }
    constexpr std::array<const char*, 9> names = {"undefined", "None", "bool", "int",   "float",
                                                  "str",       "list", "dict", "object"};
    return names[storage_.index()];
}

int Value::depth() const {
    if (list() != nullptr) return list()->depth;
    return dict() != nullptr ? dict()->depth : 0;
}

Value make_list(Run& run, std::vector<Value> items, List::Form form) {
    List list{form, std::move(items), 1, false};
    for (const Value& item : list.items)
        list.depth = std::max(list.depth, item.depth() + 1);
    if (list.depth > deepest_value) run.fail("lists are nested too deep");
    run.spend_items(list.items.size());
    return Value(std::move(list));
}

Value make_dict(Run& run, Dict dict) {
    for (const auto& [key, value] : dict.items)
        dict.depth = std::max({dict.depth, key.depth() + 1, value.depth() + 1});
    if (dict.depth > deepest_value) run.fail("dictionaries are nested too deep");
    run.spend_items(dict.items.size());
    return Value(std::move(dict));
}

bool truth(const Value& value) {
    if (value.is_undefined() || value.is_none()) return false;
    if (double number = 0; value.number(number)) return number != 0;
    if (const Text* text = value.text()) return !text->utf8.empty();
    if (const List* list = value.list()) {
        return list->form == List::Form::generator || !list->items.empty();
    }
    if (const Dict* dict = value.dict()) return !dict->items.empty();
    return true;
}

bool equal(const Value& a, const Value& b) {
    if (std::int64_t left = 0, right = 0; a.whole(left) && b.whole(right)) return left == right;
    if (double left = 0, right = 0; a.number(left) && b.number(right)) return left == right;
    if (a.is_undefined() || a.is_none()) {
        return a.is_undefined() ? b.is_undefined() : b.is_none();
    }
    if (a.text() != nullptr && b.text() != nullptr) return a.text()->utf8 == b.text()->utf8;
    if (a.list() != nullptr && b.list() != nullptr) return equal_lists(*a.list(), *b.list());
    if (a.dict() != nullptr && b.dict() != nullptr) return equal_dicts(*a.dict(), *b.dict());
    return a.object() != nullptr && a.object() == b.object();
}

std::string text_of(Run& run, const Value& value) {
    std::string text = value.text() != nullptr ? value.text()->utf8 : show(run, value);
    run.spend_text(text.size());
    return text;
}

std::string repr_of(Run& run, const Value& value) {
    if (value.is_undefined()) return "Undefined";
    std::string text = value.text() != nullptr ? quoted(value.text()->utf8) : show(run, value);
    run.spend_text(text.size());
    return text;
}

std::string real_text(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
    std::array<char, 32> buffer;
    const double size = std::fabs(value);
    const bool plain = value == 0 || (size >= 1e-4 && size < 1e16);
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                   plain ? std::chars_format::fixed : std::chars_format::scientific)
                         .ptr;
    std::string text(buffer.data(), end);
    if (plain && text.find('.') == std::string::npos) text += ".0";
    return text;
}

std::vector<Value> items_of(Run& run, const Value& value) {
    if (value.is_undefined()) return {};
    std::vector<Value> items;
    if (const List* list = value.list()) {
        if (list->form == List::Form::generator) {
            if (list->consumed) run.fail("walks a second time through what a filter gives once");
            list->consumed = true;
        }
        items = list->items;
    } else if (const Dict* dict = value.dict()) {
        for (const auto& item : dict->items)
            items.push_back(item.first);
    } else if (const Text* text = value.text()) {
        for (const char32_t character : code_points(text->utf8))
            items.emplace_back(utf8(std::u32string_view(&character, 1)));
    } else {
        run.fail(std::string("expected something to walk through, found ") + value.type());
    }
    run.spend_items(items.size());
    return items;
}

}  // namespace aircomp::inference::jinja
