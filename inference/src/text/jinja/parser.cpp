// SPDX-License-Identifier: GPL-3.0-or-later
// Recursive descent; the order of the functions for expressions is that of what binds tighter.
#include "text/jinja/parser.hpp"

#include <algorithm>
#include <initializer_list>
#include <tuple>
#include <utility>
#include <vector>

#include "text/jinja/lexer.hpp"

namespace aircomp::inference::jinja {
namespace {

// Of tags, operators and brackets in each other: parsing, evaluating and freeing go that deep.
constexpr int deepest_nesting = 200;

std::string described(const Word& word) {
    switch (word.kind) {
        case Word::Kind::data:
            return "text outside of tags";
        case Word::Kind::block_end:
            return "%}";
        case Word::Kind::print_end:
            return "}}";
        case Word::Kind::end:
            return "the end of the template";
        case Word::Kind::text:
            return "the text '" + word.text + "'";
        default:
            return word.text;
    }
}

class Parser {
public:
    Parser(std::vector<Word> words, const std::string& source)
        : words_(std::move(words)), source_(source) {}

    Block all() {
        Block block = statements({});
        return block;
    }

private:
    /// One level of what stands in each other; chains of operators take one for each.
    class Level {
    public:
        explicit Level(Parser& parser) : parser_(parser), before_(parser.depth_) { deeper(); }
        ~Level() { parser_.depth_ = before_; }
        Level(const Level&) = delete;
        Level& operator=(const Level&) = delete;

        void deeper() {
            if (++parser_.depth_ > deepest_nesting) {
                parser_.fail("expected at most " + std::to_string(deepest_nesting) +
                             " tags, operators and brackets within each other, found more");
            }
        }

    private:
        Parser& parser_;
        int before_;
    };

    const Word& word() const { return words_[at_]; }
    const Word& word_after() const { return words_[std::min(at_ + 1, words_.size() - 1)]; }

    [[noreturn]] void fail(const std::string& what) const { fail_at(source_, word().line, what); }
    [[noreturn]] void fail_expecting(const std::string& what) const {
        fail("expected " + what + ", found " + described(word()));
    }

    bool sees(Word::Kind kind, std::string_view text) const {
        return word().kind == kind && word().text == text;
    }
    bool sees_sign(std::string_view sign) const { return sees(Word::Kind::sign, sign); }
    bool sees_name(std::string_view name) const { return sees(Word::Kind::name, name); }

    bool skip(Word::Kind kind, std::string_view text) {
        if (!sees(kind, text)) return false;
        ++at_;
        return true;
    }
    bool skip_sign(std::string_view sign) { return skip(Word::Kind::sign, sign); }
    bool skip_name(std::string_view name) { return skip(Word::Kind::name, name); }

    void expect_sign(const std::string& sign) {
        if (!skip_sign(sign)) fail_expecting(sign);
    }
    void expect(Word::Kind kind, const std::string& what) {
        if (word().kind != kind) fail_expecting(what);
        ++at_;
    }
    std::string take_name() {
        if (word().kind != Word::Kind::name) fail_expecting("a name");
        return words_[at_++].text;
    }

    template <typename Node>
    std::unique_ptr<Node> make() const {
        auto node = std::make_unique<Node>();
        node->line = word().line;
        return node;
    }

    // Statements.

    /// Up to a tag that one of the names begins, which is left to be read; or the template's end.
    Block statements(std::initializer_list<std::string_view> ends) {
        const Level level(*this);
        Block block;
        while (true) {
            switch (word().kind) {
                case Word::Kind::end:
                    if (ends.size() > 0) {
                        fail_expecting("{% " + std::string(*(ends.end() - 1)) + " %}");
                    }
                    return block;
                case Word::Kind::data:
                    block.push_back(data());
                    break;
                case Word::Kind::print_begin:
                    block.push_back(print());
                    break;
                default:
                    if (std::any_of(ends.begin(), ends.end(), [&](std::string_view end) {
                            return word_after().text == end;
                        })) {
                        ++at_;
                        return block;
                    }
                    block.push_back(statement());
            }
        }
    }

    std::unique_ptr<Statement> data() {
        auto node = make<Data>();
        node->text = words_[at_++].text;
        return node;
    }

    std::unique_ptr<Statement> print() {
        auto node = make<Print>();
        ++at_;
        node->expression = tuple(true);
        expect(Word::Kind::print_end, "}}");
        return node;
    }

    std::unique_ptr<Statement> statement() {
        expect(Word::Kind::block_begin, "{%");
        if (sees_name("if")) return if_statement();
        if (sees_name("for")) return for_statement();
        if (sees_name("set")) return set_statement();
        if (sees_name("macro")) return macro();
        if (sees_name("filter")) return filter_block();
        if (sees_name("generation") || sees_name("with")) return scoped();
        if (sees_name("break") || sees_name("continue")) return jump();
        const std::string name = take_name();
        --at_;
        fail("the tag {% " + name +
             " %} is not implemented or stands in the wrong place; known are if, for, set, macro, "
             "filter, with, generation, break, continue, raw");
    }

    void end_tag() { expect(Word::Kind::block_end, "%}"); }

    /// The words of the tag that ends a block.
    void end_tag(const std::string& name) {
        if (!skip_name(name)) fail_expecting(name);
        end_tag();
    }

    std::unique_ptr<Statement> if_statement() {
        auto node = make<If>();
        do {
            ++at_;
            ExpressionPointer condition = tuple(false);
            end_tag();
            node->branches.emplace_back(std::move(condition),
                                        statements({"elif", "else", "endif"}));
        } while (sees_name("elif"));
        if (skip_name("else")) {
            end_tag();
            node->otherwise = statements({"endif"});
        }
        end_tag("endif");
        return node;
    }

    std::unique_ptr<Statement> for_statement() {
        auto node = make<For>();
        ++at_;
        node->target = target(false);
        if (!skip_name("in")) fail_expecting("in");
        node->items = tuple(false);
        if (skip_name("if")) node->condition = expression();
        if (sees_name("recursive")) fail("loops that are recursive are not implemented");
        end_tag();
        ++loops_;
        node->body = statements({"endfor", "else"});
        --loops_;
        if (skip_name("else")) {
            end_tag();
            node->otherwise = statements({"endfor"});
        }
        end_tag("endfor");
        return node;
    }

    Target target(bool may_be_attribute) {
        Target target;
        const bool bracket = skip_sign("(");
        target.names.push_back(assignable());
        if (may_be_attribute && !bracket && skip_sign(".")) {
            target.attribute = take_name();
            return target;
        }
        while (skip_sign(",")) {
            target.tuple = true;
            if (word().kind != Word::Kind::name || sees_name("in")) break;
            target.names.push_back(assignable());
        }
        if (bracket) expect_sign(")");
        return target;
    }

    std::string assignable() {
        for (const char* reserved : {"true", "false", "none", "True", "False", "None", "loop"}) {
            if (sees_name(reserved)) fail_expecting("a name that can be assigned to");
        }
        return take_name();
    }

    std::unique_ptr<Statement> set_statement() {
        const int line = word().line;
        ++at_;
        Target to = target(true);
        if (skip_sign("=")) {
            auto node = make<Set>();
            node->target = std::move(to);
            node->value = tuple(true);
            end_tag();
            return node;
        }
        auto node = make<SetBlock>();
        node->line = line;
        node->target = std::move(to);
        while (skip_sign("|"))
            node->filters.push_back(filter_call());
        end_tag();
        node->body = statements({"endset"});
        end_tag("endset");
        return node;
    }

    std::unique_ptr<Statement> macro() {
        auto node = make<Macro>();
        ++at_;
        node->name = assignable();
        expect_sign("(");
        while (!sees_sign(")")) {
            if (!node->parameters.empty()) expect_sign(",");
            if (sees_sign(")")) break;
            Parameter parameter;
            parameter.name = assignable();
            if (skip_sign("=")) parameter.standard = expression();
            node->parameters.push_back(std::move(parameter));
        }
        ++at_;
        end_tag();
        const int outside = std::exchange(loops_, 0);
        node->body = statements({"endmacro"});
        loops_ = outside;
        end_tag("endmacro");
        return node;
    }

    std::unique_ptr<Statement> filter_block() {
        auto node = make<FilterBlock>();
        ++at_;
        do {
            node->filters.push_back(filter_call());
        } while (skip_sign("|"));
        end_tag();
        node->body = statements({"endfilter"});
        end_tag("endfilter");
        return node;
    }

    std::unique_ptr<Statement> scoped() {
        auto node = make<Scoped>();
        const std::string name = take_name();
        while (name == "with" && word().kind != Word::Kind::block_end) {
            if (!node->names.empty()) expect_sign(",");
            std::string variable = assignable();
            expect_sign("=");
            node->names.emplace_back(std::move(variable), expression());
        }
        end_tag();
        const std::string end = "end" + name;
        node->body = statements({end});
        end_tag(end);
        return node;
    }

    std::unique_ptr<Statement> jump() {
        auto node = make<Jump>();
        if (loops_ == 0) fail("expected " + word().text + " within a loop, found it outside");
        node->flow = take_name() == "break" ? Flow::break_loop : Flow::continue_loop;
        end_tag();
        return node;
    }

    // Expressions.

    ExpressionPointer expression() {
        const Level level(*this);
        ExpressionPointer value = disjunction();
        while (sees_name("if")) {
            auto node = make<Conditional>();
            ++at_;
            node->condition = disjunction();
            node->then = std::move(value);
            if (skip_name("else")) node->otherwise = expression();
            value = std::move(node);
        }
        return value;
    }

    /// One expression, or several with commas between.
    ExpressionPointer tuple(bool conditional) {
        auto node = make<Sequence>();
        node->tuple = true;
        bool comma = false;
        while (!is_end_of_tuple()) {
            node->items.push_back(conditional ? expression() : disjunction());
            if (!skip_sign(",")) break;
            comma = true;
        }
        if (node->items.empty()) fail_expecting("an expression");
        if (comma) return node;
        return std::move(node->items[0]);
    }

    bool is_end_of_tuple() const {
        return word().kind == Word::Kind::block_end || word().kind == Word::Kind::print_end ||
               sees_sign(")");
    }

    ExpressionPointer disjunction() { return junction("or", false, &Parser::conjunction); }
    ExpressionPointer conjunction() { return junction("and", true, &Parser::negation); }

    ExpressionPointer junction(const char* name, bool is_conjunction,
                               ExpressionPointer (Parser::*operand)()) {
        Level level(*this);
        ExpressionPointer left = (this->*operand)();
        while (sees_name(name)) {
            level.deeper();
            auto node = make<Junction>();
            ++at_;
            node->conjunction = is_conjunction;
            node->left = std::move(left);
            node->right = (this->*operand)();
            left = std::move(node);
        }
        return left;
    }

    ExpressionPointer negation() {
        if (!sees_name("not")) return comparison();
        const Level level(*this);
        auto node = make<Negation>();
        ++at_;
        node->operand = negation();
        return node;
    }

    /// The sign of a comparison, which is passed; nothing where there is none.
    std::string comparison_sign() {
        for (const char* sign : {"==", "!=", "<=", ">=", "<", ">"}) {
            if (skip_sign(sign)) return sign;
        }
        if (skip_name("in")) return "in";
        if (!sees_name("not") || word_after().kind != Word::Kind::name ||
            word_after().text != "in") {
            return "";
        }
        at_ += 2;
        return "not in";
    }

    ExpressionPointer comparison() {
        auto node = make<Comparison>();
        node->first = sum();
        for (std::string sign = comparison_sign(); !sign.empty(); sign = comparison_sign())
            node->others.emplace_back(sign, sum());
        if (node->others.empty()) return std::move(node->first);
        return node;
    }

    ExpressionPointer sum() { return arithmetic({"+", "-"}, &Parser::concatenation); }
    ExpressionPointer product() { return arithmetic({"*", "/", "//", "%"}, &Parser::power); }

    ExpressionPointer power() {
        // The analyser loses sight of what a unique_ptr frees.
        // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks)
        ExpressionPointer value = signed_value(true);
        if (!sees_sign("**")) return value;
        fail("the operator ** is not implemented");
    }

    ExpressionPointer arithmetic(std::initializer_list<const char*> signs,
                                 ExpressionPointer (Parser::*operand)()) {
        Level level(*this);
        ExpressionPointer left = (this->*operand)();
        const auto is_one = [&] {
            return std::any_of(signs.begin(), signs.end(),
                               [&](const char* sign) { return sees_sign(sign); });
        };
        while (is_one()) {
            level.deeper();
            auto node = make<Arithmetic>();
            node->sign = words_[at_++].text;
            node->left = std::move(left);
            node->right = (this->*operand)();
            left = std::move(node);
        }
        return left;
    }

    ExpressionPointer concatenation() {
        auto node = make<Concatenation>();
        do {
            node->parts.push_back(product());
        } while (skip_sign("~"));
        if (node->parts.size() == 1) return std::move(node->parts[0]);
        return node;
    }

    ExpressionPointer signed_value(bool with_filters) {
        const Level level(*this);
        ExpressionPointer value;
        if (sees_sign("-") || sees_sign("+")) {
            auto node = make<Signed>();
            node->minus = words_[at_++].text == "-";
            node->operand = signed_value(false);
            value = std::move(node);
        } else {
            value = primary();
        }
        value = postfix(std::move(value));
        return with_filters ? filtered(std::move(value)) : std::move(value);
    }

    ExpressionPointer constant(Value value) {
        auto node = make<Constant>();
        node->constant = std::move(value);
        ++at_;
        return node;
    }

    ExpressionPointer primary() {
        const Level level(*this);
        switch (word().kind) {
            case Word::Kind::name:
                return name();
            case Word::Kind::text:
                return text();
            case Word::Kind::integer:
                return constant(Value(word().integer));
            case Word::Kind::real:
                return constant(Value(word().real));
            default:
                break;
        }
        if (sees_sign("(")) return bracketed();
        if (sees_sign("[")) return list();
        if (sees_sign("{")) return mapping();
        fail_expecting("an expression");
    }

    ExpressionPointer name() {
        const std::string& name = word().text;
        if (name == "true" || name == "True") return constant(Value(true));
        if (name == "false" || name == "False") return constant(Value(false));
        if (name == "none" || name == "None") return constant(Value(None{}));
        auto node = make<Name>();
        node->name = take_name();
        return node;
    }

    /// Texts side by side are one.
    ExpressionPointer text() {
        auto node = make<Constant>();
        std::string joined;
        while (word().kind == Word::Kind::text)
            joined += words_[at_++].text;
        node->constant = Value(std::move(joined));
        return node;
    }

    ExpressionPointer bracketed() {
        auto node = make<Sequence>();
        node->tuple = true;
        ++at_;
        if (skip_sign(")")) return node;
        ExpressionPointer inner = tuple(true);
        expect_sign(")");
        return inner;
    }

    ExpressionPointer list() {
        auto node = make<Sequence>();
        ++at_;
        while (!sees_sign("]")) {
            if (!node->items.empty()) expect_sign(",");
            if (sees_sign("]")) break;
            node->items.push_back(expression());
        }
        ++at_;
        return node;
    }

    ExpressionPointer mapping() {
        auto node = make<Mapping>();
        ++at_;
        while (!sees_sign("}")) {
            if (!node->items.empty()) expect_sign(",");
            if (sees_sign("}")) break;
            ExpressionPointer key = expression();
            expect_sign(":");
            node->items.emplace_back(std::move(key), expression());
        }
        ++at_;
        return node;
    }

    ExpressionPointer postfix(ExpressionPointer value) {
        Level level(*this);
        while (true) {
            if (sees_sign(".")) {
                value = attribute(std::move(value));
            } else if (sees_sign("[")) {
                value = subscript(std::move(value));
            } else if (sees_sign("(")) {
                value = call(std::move(value));
            } else {
                return value;
            }
            level.deeper();
        }
    }

    ExpressionPointer filtered(ExpressionPointer value) {
        Level level(*this);
        while (true) {
            if (sees_sign("|")) {
                auto node = make<Filter>();
                ++at_;
                node->operand = std::move(value);
                std::tie(node->name, node->arguments) = filter_call();
                value = std::move(node);
            } else if (sees_name("is")) {
                value = test(std::move(value));
            } else if (sees_sign("(")) {
                value = call(std::move(value));
            } else {
                return value;
            }
            level.deeper();
        }
    }

    ExpressionPointer attribute(ExpressionPointer of) {
        const int line = word().line;
        ++at_;
        if (word().kind == Word::Kind::integer) {
            auto node = make<Subscript>();
            node->of = std::move(of);
            node->index = constant(Value(word().integer));
            return node;
        }
        auto node = make<Attribute>();
        node->line = line;
        node->of = std::move(of);
        node->name = take_name();
        return node;
    }

    ExpressionPointer subscript(ExpressionPointer of) {
        auto slice = make<Slicing>();
        ++at_;
        ExpressionPointer index;
        if (!sees_sign(":")) index = expression();
        if (!sees_sign(":")) {
            auto node = make<Subscript>();
            node->of = std::move(of);
            node->index = std::move(index);
            expect_sign("]");
            return node;
        }
        ++at_;
        slice->of = std::move(of);
        slice->begin = std::move(index);
        if (!sees_sign(":") && !sees_sign("]")) slice->end = expression();
        if (skip_sign(":") && !sees_sign("]")) slice->step = expression();
        expect_sign("]");
        return slice;
    }

    ExpressionPointer call(ExpressionPointer callee) {
        auto node = make<Call>();
        node->callee = std::move(callee);
        node->arguments = call_arguments();
        return node;
    }

    CallArguments call_arguments() {
        CallArguments arguments;
        expect_sign("(");
        while (!sees_sign(")")) {
            if (sees_sign("*") || sees_sign("**")) {
                fail("arguments behind " + word().text + " are not implemented");
            }
            if (word().kind == Word::Kind::name && word_after().kind == Word::Kind::sign &&
                word_after().text == "=") {
                std::string name = take_name();
                ++at_;
                arguments.named.emplace_back(std::move(name), expression());
            } else {
                if (!arguments.named.empty()) fail_expecting("an argument with a name");
                arguments.positional.push_back(expression());
            }
            if (!skip_sign(",")) break;
        }
        expect_sign(")");
        return arguments;
    }

    std::pair<std::string, CallArguments> filter_call() {
        std::string name = take_name();
        CallArguments arguments;
        if (sees_sign("(")) arguments = call_arguments();
        return {std::move(name), std::move(arguments)};
    }

    ExpressionPointer test(ExpressionPointer operand) {
        auto node = make<Test>();
        ++at_;
        const bool negated = skip_name("not");
        node->operand = std::move(operand);
        node->name = take_name();
        if (sees_sign("(")) {
            node->arguments = call_arguments();
        } else if (begins_argument_of_test()) {
            if (sees_name("is")) fail("expected one test behind another in brackets, found is");
            node->arguments.positional.push_back(postfix(primary()));
        }
        if (!negated) return node;
        auto negation = make<Negation>();
        negation->operand = std::move(node);
        return negation;
    }

    bool begins_argument_of_test() const {
        switch (word().kind) {
            case Word::Kind::text:
            case Word::Kind::integer:
            case Word::Kind::real:
                return true;
            case Word::Kind::sign:
                return sees_sign("[") || sees_sign("{");
            case Word::Kind::name:
                return !sees_name("else") && !sees_name("or") && !sees_name("and");
            default:
                return false;
        }
    }

    std::vector<Word> words_;
    const std::string& source_;
    std::size_t at_ = 0;
    int depth_ = 0;
    int loops_ = 0;  ///< Around the statement being read, within its macro.
};

}  // namespace

Block parse(std::string_view text, const std::string& source) {
    return Parser(cut(text, source), source).all();
}

}  // namespace aircomp::inference::jinja
