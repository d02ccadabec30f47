// SPDX-License-Identifier: GPL-3.0-or-later
// What statements write, and what they do to names.
#include <algorithm>

#include "text/jinja/builtins.hpp"
#include "text/jinja/nodes.hpp"
#include "text/jinja/operators.hpp"

namespace aircomp::inference::jinja {
namespace {

/// `loop.cycle(a, b, ...)`
class Cycle final : public Object {
public:
    explicit Cycle(std::size_t index) : index_(index) {}
    bool is_callable() const override { return true; }
    Value call(Run& run, const Arguments& arguments) override {
        const auto& values = arguments.positional;
        if (values.empty()) run.fail("expected values for loop.cycle(), found none");
        return values[index_ % values.size()];
    }

private:
    std::size_t index_;
};

/// `loop`. Whether an item passes the loop's condition is asked only when it is needed, for what
/// the body does to namespaces may change it.
class Loop final : public Object {
public:
    Loop(Run& run, Scope& scope, const For& statement, std::vector<Value> items)
        : run_(run), scope_(scope), statement_(statement), items_(std::move(items)) {}

    /// Goes to the next item; false where there is none.
    bool advance() {
        if (!find_next()) return false;
        if (has_current_) previous_ = passed_[index_];
        index_ = has_current_ ? index_ + 1 : 0;
        has_current_ = true;
        return true;
    }
    const Value& item() const { return passed_[index_]; }

    Value attribute(Run& run, const std::string& name) override {
        const auto number = [](std::size_t value) {
            return Value(static_cast<std::int64_t>(value));
        };
        if (name == "index") return number(index_ + 1);
        if (name == "index0") return number(index_);
        if (name == "first") return Value(index_ == 0);
        if (name == "last") return Value(!find_next());
        if (name == "length") return number(count());
        if (name == "revindex") return number(count() - index_);
        if (name == "revindex0") return number(count() - index_ - 1);
        if (name == "depth") return number(1);
        if (name == "depth0") return number(0);
        if (name == "previtem") return index_ > 0 ? previous_ : Value(Undefined{"loop.previtem"});
        if (name == "nextitem") {
            return find_next() ? passed_[index_ + 1] : Value(Undefined{"loop.nextitem"});
        }
        if (name == "cycle") return Value(run.keep(std::make_unique<Cycle>(index_)));
        if (name == "changed") run.fail("loop.changed() is not implemented");
        return Value(Undefined{"loop." + name});
    }

private:
    /// Makes the item after the current one known; false where there is none.
    bool find_next() {
        const std::size_t wanted = has_current_ ? index_ + 1 : 0;
        while (passed_.size() <= wanted && seen_ < items_.size()) {
            Value item = items_[seen_++];
            if (passes(item)) passed_.push_back(std::move(item));
        }
        return passed_.size() > wanted;
    }

    std::size_t count() {
        while (seen_ < items_.size()) {
            Value item = items_[seen_++];
            if (passes(item)) passed_.push_back(std::move(item));
        }
        return passed_.size();
    }

    bool passes(const Value& item) {
        if (!statement_.condition) return true;
        Scope& names = run_.new_scope(&scope_);
        statement_.target.assign(run_, names, item);
        return truth(statement_.condition->value(run_, names));
    }

    Run& run_;
    Scope& scope_;
    const For& statement_;
    std::vector<Value> items_;
    std::vector<Value> passed_;  ///< Items that the condition lets through, as far as known.
    std::size_t seen_ = 0;       ///< Items that the condition was asked about.
    std::size_t index_ = 0;
    bool has_current_ = false;
    Value previous_;
};

class MacroFunction final : public Object {
public:
    MacroFunction(const Macro& macro, const Scope& scope) : macro_(macro), scope_(scope) {}

    bool is_callable() const override { return true; }

    Value call(Run& run, const Arguments& arguments) override {
        const Run::Level level(run);
        Scope& names = run.new_scope(&scope_);
        bind(run, arguments, names);
        std::string text;
        write_block(macro_.body, run, names, text);
        return Value(std::move(text));
    }

private:
    void bind(Run& run, const Arguments& arguments, Scope& names) const {
        const auto& parameters = macro_.parameters;
        if (arguments.positional.size() > parameters.size()) {
            run.fail("macro '" + macro_.name + "': expected at most " +
                     std::to_string(parameters.size()) + " arguments, found " +
                     std::to_string(arguments.positional.size()));
        }
        for (const auto& [name, value] : arguments.named) {
            const auto known = std::find_if(
                parameters.begin(), parameters.end(),
                [&, wanted = &name](const Parameter& one) { return one.name == *wanted; });
            if (known == parameters.end()) {
                run.fail("macro '" + macro_.name + "' has no argument '" + name + "'");
            }
            if (static_cast<std::size_t>(known - parameters.begin()) <
                arguments.positional.size()) {
                run.fail("macro '" + macro_.name + "': argument '" + name + "' is given twice");
            }
            names.set(name, value);
        }
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            const Parameter& parameter = parameters[i];
            if (i < arguments.positional.size()) {
                names.set(parameter.name, arguments.positional[i]);
            } else if (!is_named(arguments, parameter.name)) {
                names.set(parameter.name, parameter.standard ? parameter.standard->value(run, names)
                                                             : Value(Undefined{parameter.name}));
            }
        }
    }

    static bool is_named(const Arguments& arguments, const std::string& name) {
        return std::any_of(arguments.named.begin(), arguments.named.end(),
                           [&](const auto& argument) { return argument.first == name; });
    }

    const Macro& macro_;
    const Scope& scope_;
};

std::string filtered_text(Run& run, Scope& scope, std::string text,
                          const std::vector<std::pair<std::string, CallArguments>>& filters) {
    Value value(std::move(text));
    for (const auto& [name, arguments] : filters)
        value = apply_filter(run, name, value, arguments.values(run, scope));
    return text_of(run, value);
}

void write_text(Run& run, const std::string& text, std::string& out) {
    run.spend_text(text.size());
    out += text;
}

}  // namespace

Flow write_block(const Block& block, Run& run, Scope& scope, std::string& out) {
    for (const auto& statement : block) {
        run.spend(1);
        run.line = statement->line;
        const Flow flow = statement->write(run, scope, out);
        if (flow != Flow::next) return flow;
    }
    return Flow::next;
}

Flow Data::write(Run& run, Scope& /*scope*/, std::string& out) const {
    write_text(run, text, out);
    return Flow::next;
}

Flow Print::write(Run& run, Scope& scope, std::string& out) const {
    write_text(run, text_of(run, expression->value(run, scope)), out);
    return Flow::next;
}

Flow If::write(Run& run, Scope& scope, std::string& out) const {
    for (const auto& [condition, block] : branches)
        if (truth(condition->value(run, scope))) return write_block(block, run, scope, out);
    return write_block(otherwise, run, scope, out);
}

void Target::assign(Run& run, Scope& scope, Value value) const {
    if (!attribute.empty()) {
        const Value* known = scope.find(names[0]);
        auto* space = known == nullptr ? nullptr : dynamic_cast<Namespace*>(known->object());
        if (space == nullptr) run.fail("expected '" + names[0] + "' to be a namespace()");
        space->set(attribute, std::move(value));
        return;
    }
    if (!tuple) {
        scope.set(names[0], std::move(value));
        return;
    }
    if (value.is_undefined()) run.fail("'" + value.undefined().name + "' is undefined");
    std::vector<Value> values = items_of(run, value);
    if (values.size() != names.size()) {
        run.fail("expected " + std::to_string(names.size()) + " values to assign, found " +
                 std::to_string(values.size()));
    }
    for (std::size_t i = 0; i < names.size(); ++i)
        scope.set(names[i], std::move(values[i]));
}

Flow For::write(Run& run, Scope& scope, std::string& out) const {
    const Run::Level level(run);
    const Value all = items->value(run, scope);
    Object& object = run.keep(std::make_unique<Loop>(run, scope, *this, items_of(run, all)));
    auto& loop = static_cast<Loop&>(object);
    bool any = false;
    while (loop.advance()) {
        any = true;
        Scope& names = run.new_scope(&scope);
        names.set("loop", Value(object));
        target.assign(run, names, loop.item());
        if (write_block(body, run, names, out) == Flow::break_loop) break;
    }
    if (any) return Flow::next;
    return write_block(otherwise, run, run.new_scope(&scope), out);
}

Flow Set::write(Run& run, Scope& scope, std::string& /*out*/) const {
    target.assign(run, scope, value->value(run, scope));
    return Flow::next;
}

Flow SetBlock::write(Run& run, Scope& scope, std::string& /*out*/) const {
    std::string text;
    const Flow flow = write_block(body, run, run.new_scope(&scope), text);
    if (flow != Flow::next) return flow;
    target.assign(run, scope, Value(filtered_text(run, scope, std::move(text), filters)));
    return Flow::next;
}

Flow FilterBlock::write(Run& run, Scope& scope, std::string& out) const {
    std::string text;
    const Flow flow = write_block(body, run, run.new_scope(&scope), text);
    if (flow != Flow::next) return flow;
    write_text(run, filtered_text(run, scope, std::move(text), filters), out);
    return Flow::next;
}

Flow Macro::write(Run& run, Scope& scope, std::string& /*out*/) const {
    scope.set(name, Value(run.keep(std::make_unique<MacroFunction>(*this, scope))));
    return Flow::next;
}

Flow Scoped::write(Run& run, Scope& scope, std::string& out) const {
    Scope& inner = run.new_scope(&scope);
    for (const auto& [name, expression] : names)
        inner.set(name, expression->value(run, scope));
    return write_block(body, run, inner, out);
}

}  // namespace aircomp::inference::jinja
