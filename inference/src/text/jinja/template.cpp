// SPDX-License-Identifier: GPL-3.0-or-later
// Text to tree to text.
#include "text/jinja/template.hpp"

#include <stdexcept>
#include <utility>

#include "text/jinja/builtins.hpp"
#include "text/jinja/parser.hpp"
#include "text/utf8.hpp"

namespace aircomp::inference::jinja {
namespace {

constexpr std::size_t largest_template = std::size_t{1} << 20;

Block checked_tree(std::string_view text, const std::string& source) {
    if (text.size() > largest_template) {
        throw std::runtime_error(source + ": expected a template of at most " +
                                 std::to_string(largest_template) + " bytes, found " +
                                 std::to_string(text.size()));
    }
    try {
        require_utf8(text);
    } catch (const std::runtime_error& error) {
        throw std::runtime_error(source + ": " + error.what());
    }
    return parse(text, source);
}

}  // namespace

Template::Template(std::string_view text, std::string source)
    : source_(std::move(source)), block_(checked_tree(text, source_)) {}

std::string Template::render(const std::vector<std::pair<std::string, Value>>& names,
                             std::time_t now) const {
    Run run(source_, now);
    Scope& given = run.new_scope(nullptr);
    add_functions(run, given);
    for (const auto& [name, value] : names)
        given.set(name, value);
    std::string out;
    write_block(block_, run, run.new_scope(&given), out);
    return out;
}

}  // namespace aircomp::inference::jinja
