// SPDX-License-Identifier: GPL-3.0-or-later
// What a template computes with: Python's values, as far as templates have them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace aircomp::inference::jinja {

class Object;
class Run;
class Value;

/// What a name stands for that nothing has been given to; `name` is for errors.
struct Undefined {
    std::string name;
};

struct None {};

struct Text {
    std::string utf8;
    bool safe = false;  ///< Of the filter `safe`: joining others to it would escape them.
};

/// What can be walked through. Python tells these apart where they are shown, compared or asked for
/// their length.
struct List {
    enum class Form { list, tuple, view, generator };

    Form form = Form::list;
    std::vector<Value> items;
    int depth = 1;                  ///< Of lists and dictionaries in each other.
    mutable bool consumed = false;  ///< A generator gives its items once.
};

/// In the order of insertion. Templates' dictionaries are small: looking up is a walk.
struct Dict {
    std::vector<std::pair<Value, Value>> items;
    int depth = 1;

    const Value* find(const Value& key) const;
    const Value* find(std::string_view key) const;
    void set(Value key, Value value);
};

/// Lists and dictionaries do not change once they are values, as in the sandbox that templates are
/// written for; what objects refer to belongs to the Run.
class Value {
public:
    using Storage =
        std::variant<Undefined, None, bool, std::int64_t, double, std::shared_ptr<const Text>,
                     std::shared_ptr<const List>, std::shared_ptr<const Dict>, Object*>;

    Value() : storage_(Undefined{}) {}
    explicit Value(Undefined undefined) : storage_(std::move(undefined)) {}
    explicit Value(None none) : storage_(none) {}
    explicit Value(bool value) : storage_(value) {}
    explicit Value(std::int64_t value) : storage_(value) {}
    explicit Value(double value) : storage_(value) {}
    explicit Value(Text text) : storage_(std::make_shared<const Text>(std::move(text))) {}
    explicit Value(std::string text) : Value(Text{std::move(text), false}) {}
    explicit Value(List list) : storage_(std::make_shared<const List>(std::move(list))) {}
    explicit Value(Dict dict) : storage_(std::make_shared<const Dict>(std::move(dict))) {}
    explicit Value(Object& object) : storage_(&object) {}
    Value(const char*) = delete;

    bool is_undefined() const { return std::holds_alternative<Undefined>(storage_); }
    bool is_none() const { return std::holds_alternative<None>(storage_); }
    const Undefined& undefined() const { return std::get<Undefined>(storage_); }
    const bool* boolean() const { return std::get_if<bool>(&storage_); }
    /// Of integers proper; Python takes booleans for integers too, see whole().
    const std::int64_t* integer() const { return std::get_if<std::int64_t>(&storage_); }
    const double* real() const { return std::get_if<double>(&storage_); }
    const Text* text() const { return pointed<Text>(); }
    const List* list() const { return pointed<List>(); }
    const Dict* dict() const { return pointed<Dict>(); }
    Object* object() const {
        const auto found = std::get_if<Object*>(&storage_);
        return found == nullptr ? nullptr : *found;
    }

    /// Integers and booleans; false where it is neither.
    bool whole(std::int64_t& number) const;
    /// Any number; false where it is none.
    bool number(double& number) const;

    bool is_number() const;
    /// In Python's words, for errors: `str`, `dict`, ...
    const char* type() const;
    int depth() const;

private:
    template <typename Pointed>
    const Pointed* pointed() const {
        const auto found = std::get_if<std::shared_ptr<const Pointed>>(&storage_);
        return found == nullptr ? nullptr : found->get();
    }

    Storage storage_;
};

/// How lists and dictionaries are made: their depth is bounded, for what walks through them does so
/// in itself. Throws what Run::fail() does.
Value make_list(Run& run, std::vector<Value> items, List::Form form = List::Form::list);
Value make_dict(Run& run, Dict dict);

/// Python's `bool(value)`, `a == b`.
bool truth(const Value& value);
bool equal(const Value& a, const Value& b);

/// Python's `str(value)` and `repr(value)`. Throws what Run::fail() does for functions and the like.
std::string text_of(Run& run, const Value& value);
std::string repr_of(Run& run, const Value& value);

/// Python's `repr` of a float: the shortest digits that read back as the same number.
std::string real_text(double value);

/// What `for` walks through: items, keys, characters; nothing where it is undefined. Throws what
/// Run::fail() does for what Python cannot iterate.
std::vector<Value> items_of(Run& run, const Value& value);

}  // namespace aircomp::inference::jinja
