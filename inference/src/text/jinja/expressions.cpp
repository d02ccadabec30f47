// SPDX-License-Identifier: GPL-3.0-or-later
// What expressions are worth.
#include <optional>

#include "text/jinja/builtins.hpp"
#include "text/jinja/nodes.hpp"
#include "text/jinja/operators.hpp"

namespace aircomp::inference::jinja {
namespace {

std::optional<std::int64_t> bound_of_slice(Run& run, Scope& scope,
                                           const ExpressionPointer& expression) {
    if (!expression) return std::nullopt;
    const Value value = expression->value(run, scope);
    std::int64_t number = 0;
    if (value.is_none()) return std::nullopt;
    if (!value.whole(number)) {
        run.fail(std::string("expected whole numbers in a slice, found ") + value.type());
    }
    return number;
}

}  // namespace

Value Name::evaluate(Run& run, Scope& scope) const {
    if (const Value* found = scope.find(name)) return *found;
    for (const char* missing :
         {"caller", "varargs", "kwargs", "self", "super", "cycler", "joiner", "lipsum"}) {
        if (name == missing) run.fail("'" + name + "' is not implemented");
    }
    return Value(Undefined{name});
}

Value Sequence::evaluate(Run& run, Scope& scope) const {
    std::vector<Value> values;
    values.reserve(items.size());
    for (const ExpressionPointer& item : items)
        values.push_back(item->value(run, scope));
    return make_list(run, std::move(values), tuple ? List::Form::tuple : List::Form::list);
}

Value Mapping::evaluate(Run& run, Scope& scope) const {
    Dict dict;
    for (const auto& [key_expression, value_expression] : items) {
        Value key = key_expression->value(run, scope);
        if (key.dict() != nullptr ||
            (key.list() != nullptr && key.list()->form != List::Form::tuple)) {
            run.fail(std::string("expected a key that does not change, found ") + key.type());
        }
        run.spend(dict.items.size() / 8);
        dict.set(std::move(key), value_expression->value(run, scope));
    }
    return make_dict(run, std::move(dict));
}

Value Conditional::evaluate(Run& run, Scope& scope) const {
    if (truth(condition->value(run, scope))) return then->value(run, scope);
    return otherwise ? otherwise->value(run, scope) : Value(Undefined{"an if without else"});
}

Value Junction::evaluate(Run& run, Scope& scope) const {
    Value first = left->value(run, scope);
    return truth(first) == conjunction ? right->value(run, scope) : first;
}

Value Negation::evaluate(Run& run, Scope& scope) const {
    return Value(!truth(operand->value(run, scope)));
}

Value Comparison::evaluate(Run& run, Scope& scope) const {
    Value before = first->value(run, scope);
    for (const auto& [sign, expression] : others) {
        Value next = expression->value(run, scope);
        if (!compare(run, sign, before, next)) return Value(false);
        before = std::move(next);
    }
    return Value(true);
}

Value Arithmetic::evaluate(Run& run, Scope& scope) const {
    const Value a = left->value(run, scope);
    const Value b = right->value(run, scope);
    return arithmetic(run, sign, a, b);
}

Value Signed::evaluate(Run& run, Scope& scope) const {
    const Value value = operand->value(run, scope);
    if (!value.is_number()) {
        run.fail(std::string("expected a number behind a sign, found ") + value.type());
    }
    if (!minus) return arithmetic(run, "+", Value(std::int64_t{0}), value);
    if (const double* real = value.real()) return Value(-*real);
    return arithmetic(run, "-", Value(std::int64_t{0}), value);
}

Value Concatenation::evaluate(Run& run, Scope& scope) const {
    std::string text;
    for (const ExpressionPointer& part : parts)
        text += text_of(run, part->value(run, scope));
    run.spend_text(text.size());
    return Value(std::move(text));
}

Value Attribute::evaluate(Run& run, Scope& scope) const {
    return attribute(run, of->value(run, scope), name);
}

Value Subscript::evaluate(Run& run, Scope& scope) const {
    const Value value = of->value(run, scope);
    return subscript(run, value, index->value(run, scope));
}

Value Slicing::evaluate(Run& run, Scope& scope) const {
    const Value value = of->value(run, scope);
    if (value.is_undefined()) run.fail("'" + value.undefined().name + "' is undefined");
    const auto from = bound_of_slice(run, scope, begin);
    const auto to = bound_of_slice(run, scope, end);
    const auto stride = bound_of_slice(run, scope, step);
    return slice(run, value, from, to, stride.value_or(1));
}

Arguments CallArguments::values(Run& run, Scope& scope) const {
    Arguments arguments;
    for (const ExpressionPointer& expression : positional)
        arguments.positional.push_back(expression->value(run, scope));
    for (const auto& [name, expression] : named)
        arguments.named.emplace_back(name, expression->value(run, scope));
    return arguments;
}

Value Call::evaluate(Run& run, Scope& scope) const {
    // A method is called where it stands, without becoming a value first.
    if (const auto* member = dynamic_cast<const Attribute*>(callee.get())) {
        const Value value = member->of->value(run, scope);
        if (is_method(run, value, member->name)) {
            return call_method(run, value, member->name, arguments.values(run, scope));
        }
        const Value function = attribute(run, value, member->name);
        return call(run, function, arguments.values(run, scope));
    }
    const Value function = callee->value(run, scope);
    return call(run, function, arguments.values(run, scope));
}

Value Filter::evaluate(Run& run, Scope& scope) const {
    const Value value = operand->value(run, scope);
    const Arguments given = arguments.values(run, scope);
    run.line = line;
    return apply_filter(run, name, value, given);
}

Value Test::evaluate(Run& run, Scope& scope) const {
    const Value value = operand->value(run, scope);
    return Value(apply_test(run, name, value, arguments.values(run, scope)));
}

}  // namespace aircomp::inference::jinja
