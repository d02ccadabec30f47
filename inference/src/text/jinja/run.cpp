// SPDX-License-Identifier: GPL-3.0-or-later
// Scopes, objects and bounds of one rendering.
#include "text/jinja/run.hpp"

#include <algorithm>
#include <stdexcept>

namespace aircomp::inference::jinja {
namespace {

// What the longest templates take for a long conversation is a hundredth of it. In the worst case
// this is some seconds, and memory below a gigabyte.
constexpr std::size_t most_steps = std::size_t{1} << 25;
constexpr std::size_t bytes_in_step = 32;
constexpr std::size_t steps_of_item = 8;
constexpr std::size_t steps_of_scope = 50;
constexpr std::size_t longest_text = std::size_t{1} << 24;
// Python gives up at about the same depth.
constexpr int deepest = 800;

}  // namespace

Value Object::call(Run& run, const Arguments& /*arguments*/) {
    run.fail("expected something that can be called");
}

Value Object::attribute(Run& /*run*/, const std::string& name) {
    return Value(Undefined{name});
}

Value Namespace::attribute(Run& /*run*/, const std::string& name) {
    const Value* found = members_.find(name);
    return found != nullptr ? *found : Value(Undefined{name});
}

void Namespace::set(const std::string& name, Value value) {
    members_.set(Value(name), std::move(value));
}

const Value* Scope::find(const std::string& name) const {
    for (const Scope* scope = this; scope != nullptr; scope = scope->parent_)
        for (const auto& [known, value] : scope->names_)
            if (known == name) return &value;
    return nullptr;
}

void Scope::set(const std::string& name, Value value) {
    for (auto& [known, old] : names_) {
        if (known != name) continue;
        old = std::move(value);
        return;
    }
    names_.emplace_back(name, std::move(value));
}

void Run::fail(const std::string& what) const {
    throw std::runtime_error(source_ + ": line " + std::to_string(line) + ": " + what);
}

void Run::spend(std::size_t steps) {
    if (steps > most_steps - spent_) {
        fail("expected a template that is done after " + std::to_string(most_steps) +
             " steps, this one goes on");
    }
    spent_ += steps;
}

void Run::spend_text(std::size_t bytes) {
    if (bytes > longest_text) {
        fail("expected a text of at most " + std::to_string(longest_text) + " bytes, found more");
    }
    spend(bytes / bytes_in_step);
}

void Run::spend_items(std::size_t items) {
    spend(std::min(items, most_steps) * steps_of_item);
}

Scope& Run::new_scope(const Scope* parent) {
    spend(steps_of_scope);
    return scopes_.emplace_back(parent);
}

Object& Run::keep(std::unique_ptr<Object> object) {
    spend(steps_of_scope);
    objects_.push_back(std::move(object));
    return *objects_.back();
}

Run::Level::Level(Run& run) : run_(run) {
    if (run_.depth_ >= deepest) {
        run_.fail("expected at most " + std::to_string(deepest) +
                  " expressions and macros within each other, found more");
    }
    ++run_.depth_;
}

}  // namespace aircomp::inference::jinja
