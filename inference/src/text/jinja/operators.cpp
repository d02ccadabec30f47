// SPDX-License-Identifier: GPL-3.0-or-later
// Arithmetic, comparison and look-up.
#include "text/jinja/operators.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "text/jinja/builtins.hpp"
#include "text/jinja/characters.hpp"

namespace aircomp::inference::jinja {
namespace {

[[noreturn]] void refuse(Run& run, const std::string& sign, const Value& a, const Value& b) {
    for (const Value* value : {&a, &b})
        if (value->is_undefined()) run.fail("'" + value->undefined().name + "' is undefined");
    run.fail("expected operands that " + sign + " takes, found " + a.type() + " and " + b.type());
}

std::int64_t whole_result(Run& run, const std::string& sign, std::int64_t a, std::int64_t b) {
    std::int64_t result = 0;
    bool too_large = false;
    if (sign == "+") too_large = __builtin_add_overflow(a, b, &result);
    if (sign == "-") too_large = __builtin_sub_overflow(a, b, &result);
    if (sign == "*") too_large = __builtin_mul_overflow(a, b, &result);
    if (sign == "//" || sign == "%") {
        if (b == 0) run.fail("division by zero");
        if (b == -1) {  // the smallest number has no negative
            too_large = __builtin_sub_overflow(std::int64_t{0}, a, &result);
            if (sign == "%") return 0;
        } else {
            const std::int64_t rest = a % b;
            const bool down = rest != 0 && (rest < 0) != (b < 0);
            result = sign == "%" ? rest + (down ? b : 0) : a / b - (down ? 1 : 0);
        }
    }
    if (too_large) run.fail("a number beyond 64 bits");
    return result;
}

double real_result(Run& run, const std::string& sign, double a, double b) {
    if (sign == "+") return a + b;
    if (sign == "-") return a - b;
    if (sign == "*") return a * b;
    if (b == 0) run.fail("division by zero");
    if (sign == "/") return a / b;
    run.fail("the operator " + sign + " is not implemented for numbers that are not whole");
}

Value repeated(Run& run, const Value& sequence, std::int64_t count) {
    const auto times = static_cast<std::size_t>(std::max<std::int64_t>(count, 0));
    if (const Text* text = sequence.text()) {
        const std::string& part = plain(run, *text);
        if (part.empty()) return Value(part);
        // Beyond the longest text already where one number is.
        run.spend_text(times);
        run.spend_text(part.size() * times);
        std::string result;
        for (std::size_t i = 0; i < times; ++i)
            result += part;
        return Value(std::move(result));
    }
    const List& list = *sequence.list();
    std::vector<Value> items;
    for (std::size_t i = 0; !list.items.empty() && i < times; ++i) {
        run.spend_items(list.items.size());
        items.insert(items.end(), list.items.begin(), list.items.end());
    }
    return make_list(run, std::move(items), list.form);
}

bool is_sequence(const Value& value) {
    const List* list = value.list();
    return value.text() != nullptr ||
           (list != nullptr && (list->form == List::Form::list || list->form == List::Form::tuple));
}

std::optional<Value> joined(Run& run, const Value& a, const Value& b) {
    if (a.text() != nullptr && b.text() != nullptr) {
        std::string text = plain(run, *a.text()) + plain(run, *b.text());
        run.spend_text(text.size());
        return Value(std::move(text));
    }
    if (!is_sequence(a) || !is_sequence(b) || a.list() == nullptr || b.list() == nullptr ||
        a.list()->form != b.list()->form) {
        return std::nullopt;
    }
    std::vector<Value> items = a.list()->items;
    items.insert(items.end(), b.list()->items.begin(), b.list()->items.end());
    return make_list(run, std::move(items), a.list()->form);
}

bool contains(Run& run, const Value& container, const Value& item) {
    if (const Text* text = container.text()) {
        if (item.text() == nullptr) refuse(run, "in", item, container);
        run.spend_text(text->utf8.size());
        return text->utf8.find(item.text()->utf8) != std::string::npos;
    }
    if (const Dict* dict = container.dict()) {
        run.spend(dict->items.size());
        return dict->find(item) != nullptr;
    }
    if (container.list() == nullptr && !container.is_undefined()) {
        refuse(run, "in", item, container);
    }
    const std::vector<Value> items = items_of(run, container);
    return std::any_of(items.begin(), items.end(),
                       [&](const Value& one) { return equal(one, item); });
}

/// Where in a sequence of that size; nothing where it is outside.
std::optional<std::size_t> place(const Value& index, std::size_t size) {
    std::int64_t at = 0;
    if (!index.whole(at)) return std::nullopt;
    const auto count = static_cast<std::int64_t>(size);
    if (at < 0) at += count;
    if (at < 0 || at >= count) return std::nullopt;
    return static_cast<std::size_t>(at);
}

std::string name_of(const Value& index) {
    if (const Text* text = index.text()) return text->utf8;
    std::int64_t number = 0;
    return index.whole(number) ? std::to_string(number) : index.type();
}

/// Python's rule for the bounds of a slice.
std::vector<std::size_t> slice_places(std::size_t size, std::optional<std::int64_t> begin,
                                      std::optional<std::int64_t> end, std::int64_t step) {
    const auto count = static_cast<std::int64_t>(size);
    const std::int64_t lowest = step > 0 ? 0 : -1;
    const std::int64_t highest = step > 0 ? count : count - 1;
    const auto bound = [&](std::optional<std::int64_t> at, std::int64_t standard) {
        if (!at) return standard;
        return std::clamp(*at < 0 ? *at + count : *at, lowest, highest);
    };
    const std::int64_t from = bound(begin, step > 0 ? lowest : highest);
    const std::int64_t to = bound(end, step > 0 ? highest : lowest);
    std::vector<std::size_t> places;
    const std::int64_t stride = std::clamp<std::int64_t>(step, -count - 1, count + 1);
    for (std::int64_t at = from; stride > 0 ? at < to : at > to; at += stride)
        places.push_back(static_cast<std::size_t>(at));
    return places;
}

}  // namespace

const std::string& plain(Run& run, const Text& text) {
    if (text.safe) run.fail("what the filter safe gives can only be written out");
    return text.utf8;
}

Value arithmetic(Run& run, const std::string& sign, const Value& a, const Value& b) {
    std::int64_t left = 0;
    std::int64_t right = 0;
    if (sign != "/" && a.whole(left) && b.whole(right)) {
        return Value(whole_result(run, sign, left, right));
    }
    double x = 0;
    double y = 0;
    if (a.number(x) && b.number(y)) return Value(real_result(run, sign, x, y));
    if (sign == "+") {
        if (std::optional<Value> both = joined(run, a, b)) return *std::move(both);
    }
    if (sign == "*" && is_sequence(a) && b.whole(right)) return repeated(run, a, right);
    if (sign == "*" && is_sequence(b) && a.whole(left)) return repeated(run, b, left);
    refuse(run, sign, a, b);
}

int order(Run& run, const Value& a, const Value& b) {
    const auto sign_of = [](auto x, auto y) { return x < y ? -1 : x > y ? 1 : 0; };
    if (std::int64_t x = 0, y = 0; a.whole(x) && b.whole(y)) return sign_of(x, y);
    if (double x = 0, y = 0; a.number(x) && b.number(y)) return sign_of(x, y);
    if (a.text() != nullptr && b.text() != nullptr) {
        return sign_of(a.text()->utf8.compare(b.text()->utf8), 0);
    }
    if (!is_sequence(a) || !is_sequence(b) || a.list() == nullptr || b.list() == nullptr ||
        a.list()->form != b.list()->form) {
        refuse(run, "<", a, b);
    }
    const auto& left = a.list()->items;
    const auto& right = b.list()->items;
    run.spend(std::min(left.size(), right.size()));
    for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i)
        if (!equal(left[i], right[i])) return order(run, left[i], right[i]);
    return sign_of(left.size(), right.size());
}

bool compare(Run& run, const std::string& sign, const Value& a, const Value& b) {
    if (sign == "==") return equal(a, b);
    if (sign == "!=") return !equal(a, b);
    if (sign == "in") return contains(run, b, a);
    if (sign == "not in") return !contains(run, b, a);
    const int relation = order(run, a, b);
    if (sign == "<") return relation < 0;
    if (sign == "<=") return relation <= 0;
    return sign == ">" ? relation > 0 : relation >= 0;
}

Value attribute(Run& run, const Value& value, const std::string& name) {
    if (value.is_undefined()) run.fail("'" + value.undefined().name + "' is undefined");
    if (Object* object = value.object()) return object->attribute(run, name);
    if (is_method(run, value, name)) return method(run, value, name);
    return subscript(run, value, Value(name));
}

Value subscript(Run& run, const Value& value, const Value& index) {
    if (value.is_undefined()) run.fail("'" + value.undefined().name + "' is undefined");
    if (const Dict* dict = value.dict()) {
        run.spend(dict->items.size() / 8);
        if (const Value* found = dict->find(index)) return *found;
    } else if (const List* list = value.list()) {
        const auto at = place(index, list->items.size());
        const bool indexed = list->form == List::Form::list || list->form == List::Form::tuple;
        if (indexed && at) return list->items[*at];
    } else if (const Text* text = value.text()) {
        if (std::int64_t whole = 0; index.whole(whole)) {
            const std::u32string all = code_points(plain(run, *text));
            run.spend_text(all.size());
            if (const auto at = place(index, all.size())) {
                return Value(utf8(std::u32string_view(all).substr(*at, 1)));
            }
        }
    }
    if (const Text* name = index.text()) {
        if (Object* object = value.object()) return object->attribute(run, name->utf8);
        if (is_method(run, value, name->utf8)) return method(run, value, name->utf8);
    }
    return Value(Undefined{name_of(index)});
}

Value slice(Run& run, const Value& value, std::optional<std::int64_t> begin,
            std::optional<std::int64_t> end, std::int64_t step) {
    if (step == 0) run.fail("expected a slice's step other than 0");
    if (!is_sequence(value)) return Value(Undefined{"a slice"});
    if (const Text* text = value.text()) {
        const std::u32string all = code_points(plain(run, *text));
        std::u32string part;
        for (const std::size_t at : slice_places(all.size(), begin, end, step))
            part += all[at];
        run.spend_text(all.size());
        return Value(utf8(part));
    }
    const auto& all = value.list()->items;
    std::vector<Value> items;
    for (const std::size_t at : slice_places(all.size(), begin, end, step))
        items.push_back(all[at]);
    return make_list(run, std::move(items), value.list()->form);
}

Value call(Run& run, const Value& callee, const Arguments& arguments) {
    if (callee.is_undefined()) run.fail("'" + callee.undefined().name + "' is undefined");
    if (callee.object() == nullptr) {
        run.fail(std::string("expected a function to call, found ") + callee.type());
    }
    return callee.object()->call(run, arguments);
}

}  // namespace aircomp::inference::jinja
