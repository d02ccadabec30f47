// SPDX-License-Identifier: GPL-3.0-or-later
// A template as a tree: expressions have a value, statements write text.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja/run.hpp"
#include "text/jinja/value.hpp"

namespace aircomp::inference::jinja {

struct Expression {
    virtual ~Expression() = default;

    /// Its value where the run is; counts what evaluating costs.
    Value value(Run& run, Scope& scope) const {
        const Run::Level level(run);
        run.spend(1);
        run.line = line;
        return evaluate(run, scope);
    }

    int line = 0;

protected:
    virtual Value evaluate(Run& run, Scope& scope) const = 0;
};

using ExpressionPointer = std::unique_ptr<const Expression>;

struct Constant final : Expression {
    Value evaluate(Run&, Scope&) const override { return constant; }
    Value constant;
};

struct Name final : Expression {
    Value evaluate(Run& run, Scope& scope) const override;
    std::string name;
};

/// `[a, b]` and `(a, b)`
struct Sequence final : Expression {
    Value evaluate(Run& run, Scope& scope) const override;
    bool tuple = false;
    std::vector<ExpressionPointer> items;
};

struct Mapping final : Expression {
    Value evaluate(Run& run, Scope& scope) const override;
    std::vector<std::pair<ExpressionPointer, ExpressionPointer>> items;
};

/// `a if condition else b`; nothing is undefined.
struct Conditional final : Expression {
    Value evaluate(Run& run, Scope& scope) const override;
    ExpressionPointer condition, then, otherwise;
};

/// `a and b`, `a or b`: one of the two, as in Python.
struct Junction final : Expression {
    Value evaluate(Run& run, Scope& scope) const override;
    bool conjunction = false;
    ExpressionPointer left, right;
};

struct Negation final : Expression {
    Value evaluate(Run& run, Scope& scope) const override;
    ExpressionPointer operand;
};

/// `a < b == c`: each with the next.
struct Comparison final : Expression {
    Value evaluate(Run& run, Scope& scope) const override;
    ExpressionPointer first;
    std::vector<std::pair<std::string, ExpressionPointer>> others;  ///< Sign and operand.
};

struct Arithmetic final : Expression {
    Value evaluate(Run& run, Scope& scope) const override;
    std::string sign;
    ExpressionPointer left, right;
};

/// `+a` and `-a`
struct Signed final : Expression {
    Value evaluate(Run& run, Scope& scope) const override;
    bool minus = false;
    ExpressionPointer operand;
};

/// `a ~ b`
struct Concatenation final : Expression {
    Value evaluate(Run& run, Scope& scope) const override;
    std::vector<ExpressionPointer> parts;
};

struct Attribute final : Expression {
    Value evaluate(Run& run, Scope& scope) const override;
    ExpressionPointer of;
    std::string name;
};

struct Subscript final : Expression {
    Value evaluate(Run& run, Scope& scope) const override;
    ExpressionPointer of, index;
};

/// `a[begin:end:step]`
struct Slicing final : Expression {
    Value evaluate(Run& run, Scope& scope) const override;
    ExpressionPointer of, begin, end, step;  ///< The last three may be null.
};

struct CallArguments {
    Arguments values(Run& run, Scope& scope) const;
    std::vector<ExpressionPointer> positional;
    std::vector<std::pair<std::string, ExpressionPointer>> named;
};

struct Call final : Expression {
    Value evaluate(Run& run, Scope& scope) const override;
    ExpressionPointer callee;
    CallArguments arguments;
};

struct Filter final : Expression {
    Value evaluate(Run& run, Scope& scope) const override;
    ExpressionPointer operand;
    std::string name;
    CallArguments arguments;
};

struct Test final : Expression {
    Value evaluate(Run& run, Scope& scope) const override;
    ExpressionPointer operand;
    std::string name;
    CallArguments arguments;
};

/// How a loop goes on after a statement.
enum class Flow { next, continue_loop, break_loop };

struct Statement {
    virtual ~Statement() = default;
    virtual Flow write(Run& run, Scope& scope, std::string& out) const = 0;

    int line = 0;
};

using Block = std::vector<std::unique_ptr<const Statement>>;

/// The statements of a block, up to one that ends or continues a loop.
Flow write_block(const Block& block, Run& run, Scope& scope, std::string& out);

struct Data final : Statement {
    Flow write(Run& run, Scope& scope, std::string& out) const override;
    std::string text;
};

struct Print final : Statement {
    Flow write(Run& run, Scope& scope, std::string& out) const override;
    ExpressionPointer expression;
};

struct If final : Statement {
    Flow write(Run& run, Scope& scope, std::string& out) const override;
    std::vector<std::pair<ExpressionPointer, Block>> branches;
    Block otherwise;
};

/// What is assigned to: `name`, `first, second`, or `name.attribute` of a namespace.
struct Target {
    void assign(Run& run, Scope& scope, Value value) const;
    std::vector<std::string> names;
    bool tuple = false;
    std::string attribute;
};

struct For final : Statement {
    Flow write(Run& run, Scope& scope, std::string& out) const override;
    Target target;
    ExpressionPointer items, condition;  ///< The condition may be null.
    Block body, otherwise;
};

struct Set final : Statement {
    Flow write(Run& run, Scope& scope, std::string& out) const override;
    Target target;
    ExpressionPointer value;
};

/// `{% set name %}...{% endset %}`; the filter, if any, has no operand of its own.
struct SetBlock final : Statement {
    Flow write(Run& run, Scope& scope, std::string& out) const override;
    Target target;
    std::vector<std::pair<std::string, CallArguments>> filters;
    Block body;
};

struct FilterBlock final : Statement {
    Flow write(Run& run, Scope& scope, std::string& out) const override;
    std::vector<std::pair<std::string, CallArguments>> filters;
    Block body;
};

struct Parameter {
    std::string name;
    ExpressionPointer standard;  ///< Null where there is none.
};

struct Macro final : Statement {
    Flow write(Run& run, Scope& scope, std::string& out) const override;
    std::string name;
    std::vector<Parameter> parameters;
    Block body;
};

/// What only has a scope: `{% generation %}`, which marks what a model is trained on, and
/// `{% with a = 1 %}`.
struct Scoped final : Statement {
    Flow write(Run& run, Scope& scope, std::string& out) const override;
    std::vector<std::pair<std::string, ExpressionPointer>> names;
    Block body;
};

/// `{% break %}`, `{% continue %}`
struct Jump final : Statement {
    Flow write(Run&, Scope&, std::string&) const override { return flow; }
    Flow flow = Flow::next;
};

}  // namespace aircomp::inference::jinja
