// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers, mistakes and help of the command line, on CLI11.
#include "command_line.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <sstream>
#include <string_view>
#include <vector>

#include "config/nearest_name.hpp"
#include "file_options.hpp"
#include "output.hpp"

namespace aircomp::app {
namespace {

/// CLI11 names a type, and behind colons what its validators say.
struct Type {
    std::string name, limits;
};

Type type_of(const CLI::Option& option) {
    const std::string whole = option.get_type_name();
    const auto colon = whole.find(':');
    if (colon == std::string::npos) return {whole, ""};
    return {whole.substr(0, colon), whole.substr(colon + 1)};
}

/// Reads all of the text as a decimal number.
template <typename Number>
bool parse(std::string_view text, Number& number) {
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
}

/// Leaves the number as CLI11 reads it rightly.
template <typename Integer>
CLI::Validator whole_number() {
    using Limits = std::numeric_limits<Integer>;
    return CLI::Validator(
        [](std::string& text) {
            Integer value = 0;
            if (!parse(text, value)) {
                return "expected a whole number from " + std::to_string(Limits::min()) + " to " +
                       std::to_string(Limits::max()) + ", found " + text;
            }
            text = std::to_string(value);
            return std::string();
        },
        "");
}

CLI::Validator finite_number() {
    return CLI::Validator(
        [](std::string& text) {
            double value = 0;
            const bool holds = parse(text, value) && std::isfinite(value);
            return holds ? std::string() : "expected a finite number, found " + text;
        },
        "");
}

/// The option of that long name, if it takes a list with commas.
const CLI::Option* list_option(const CLI::App& command, const std::string& name) {
    for (const CLI::Option* option : command.get_options()) {
        if (option->get_delimiter() == ',' && option->check_lname(name)) return option;
    }
    return nullptr;
}

bool has_empty_item(const std::string& items) {
    return items.empty() || items.front() == ',' || items.back() == ',' ||
           items.find(",,") != std::string::npos;
}

/// `words` are those behind the command's name.
void check_lists(const CLI::App& command, const std::vector<std::string>& words) {
    const CLI::Option* list = nullptr;
    for (const std::string& word : words) {
        std::string items = word;
        if (word.rfind("--", 0) == 0) {
            const auto equals = word.find('=');
            list = list_option(command, word.substr(2, equals - 2));
            if (equals == std::string::npos) continue;
            items = word.substr(equals + 1);
        }
        if (list != nullptr && has_empty_item(items)) {
            throw CLI::ValidationError(
                list->get_name(), "expected a list without empty items, found '" + items + "'");
        }
    }
}

/// The first word of the command line that no command took for its own.
std::string unknown_option(const CLI::App& command) {
    for (const std::string& word : command.remaining())
        if (word.size() > 1 && word[0] == '-') return word.substr(0, word.find('='));
    return "";
}

std::vector<std::string> options_of(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options())
        if (!option->get_group().empty())
            for (const std::string& name : option->get_lnames())
                names.push_back("--" + name);
    return names;
}

std::vector<std::string> commands_of(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::App* one : command.get_subcommands(nullptr))
        if (!one->get_group().empty()) names.push_back(one->get_name());
    return names;
}

/// CLI11's own words for the two errors whose own are about its inside.
std::string in_words(const CLI::ParseError& error) {
    std::string text = error.what();
    const std::string begin = "Could not convert: ", middle = " = ";
    const auto cut = text.find(middle);
    if (text.rfind(begin, 0) != 0 || cut == std::string::npos) return text;
    using Limits = std::numeric_limits<int>;
    return text.substr(begin.size(), cut - begin.size()) + ": expected a whole number from " +
           std::to_string(Limits::min()) + " to " + std::to_string(Limits::max()) + ", found " +
           text.substr(cut + middle.size());
}

/// What stands for the value of an option.
std::string placeholder(const CLI::Option& option, const Type& type) {
    using Names = std::vector<std::string>;
    static const Names addresses = {"coordinator", "listen", "metrics-listen",
                                    "serve",       "page",   "address"};
    const auto is_in = [&](const Names& names) {
        return std::find(names.begin(), names.end(), option.get_single_name()) != names.end();
    };
    std::string word = "NAME";
    if (type.name == "INT" || type.name == "UINT") word = "N";
    if (type.name == "FLOAT") word = "X";
    const PathUse use = use_of_path(option);
    if (use == PathUse::read || use == PathUse::written) word = "FILE";
    if (use == PathUse::folder || use == PathUse::model) word = "FOLDER";
    if (type.limits.empty() && is_in(addresses)) word = "HOST:PORT";
    if (is_in({"prompt"})) word = "TEXT";
    const bool is_list = option.get_expected_max() == CLI::detail::expected_max_vector_size;
    if (!is_list) return word;
    return word + (option.get_delimiter() == ',' ? ",..." : " ...");
}

/// Behind an option's description, in parentheses.
std::string conditions(const CLI::Option& option, const Type& type) {
    std::vector<std::string> parts;
    if (option.get_required()) parts.emplace_back("required");
    if (!type.limits.empty()) parts.push_back(type.limits);
    for (const CLI::Option* other : option.get_needs())
        parts.push_back("only with " + other->get_name());
    if (!option.get_default_str().empty()) parts.push_back("default " + option.get_default_str());
    std::string text;
    for (const std::string& part : parts)
        text += (text.empty() ? " (" : "; ") + part;
    return text.empty() ? "" : text + ")";
}

/// Two columns, the right one broken between words.
std::string columns(const std::string& left, const std::string& right, std::size_t column) {
    constexpr std::size_t width = 100;
    std::string text = "  " + left;
    std::size_t at = text.size();
    if (at + 1 > column) {
        text += "\n";
        at = 0;
    }
    text.append(column - at, ' ');
    at = column;
    for (std::size_t begin = 0; begin < right.size();) {
        const std::size_t end = std::min(right.find(' ', begin), right.size());
        if (at > column && at + 1 + (end - begin) > width) {
            text += "\n" + std::string(column, ' ');
            at = column;
        }
        if (at > column) text += " ";
        text += right.substr(begin, end - begin);
        at += (at > column ? 1 : 0) + (end - begin);
        begin = end + 1;
    }
    return text + "\n";
}

}  // namespace

void require_plain_numbers(CLI::App& program) {
    for (CLI::Option* option : program.get_options()) {
        const std::string type = type_of(*option).name;
        if (type == "INT") option->transform(whole_number<std::int64_t>());
        if (type == "UINT") option->transform(whole_number<std::uint64_t>());
        if (type == "FLOAT") option->transform(finite_number());
    }
    for (CLI::App* command : program.get_subcommands(nullptr))
        require_plain_numbers(*command);
}

void require_whole_lists(CLI::App& program, const std::vector<std::string>& words) {
    for (CLI::App* command : program.get_subcommands(nullptr)) {
        if (command->get_name().empty()) continue;  // A group of options, not a command.
        command->preparse_callback([command, words](std::size_t left) {
            check_lists(*command, {words.end() - static_cast<std::ptrdiff_t>(left), words.end()});
        });
        require_whole_lists(*command, words);
    }
}

std::string complaint(const CLI::App& program, const CLI::ParseError& error,
                      const std::string& first) {
    const CLI::App* command = &program;
    std::string name = "aircomp";
    while (!command->get_subcommands().empty()) {
        command = command->get_subcommands()[0];
        name += " " + command->get_name();
    }
    const std::string help = " (" + name + " --help)";
    if (const std::string word = unknown_option(*command); !word.empty()) {
        return "'" + word + "' is no option of " + name +
               runtime::did_you_mean(word, options_of(*command)) + help;
    }
    const auto known = commands_of(*command);
    const auto rest = command->remaining();
    const std::string word = command == &program ? first : rest.empty() ? "" : rest[0];
    if (known.empty() || word.empty() || word[0] == '-') return in_words(error) + help;
    return "'" + word + "' is no command; known are " + joined(known) +
           runtime::did_you_mean(word, known) + help;
}

std::vector<std::string> choices_of(const CLI::Option& option) {
    std::vector<std::string> choices;
    std::istringstream limits(type_of(option).limits);
    for (std::string word; std::getline(limits, word, ',');) {
        word.erase(0, word.find_first_not_of(' '));
        if (word.find(' ') != std::string::npos) return {};  // A range, 1 to 1024.
        choices.push_back(word);
    }
    return choices;
}

std::string placeholder_of(const CLI::Option& option) {
    return option.get_expected_max() > 0 ? placeholder(option, type_of(option)) : "";
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
    return columns(names_of(*option, is_positional), meaning_of(*option), column_width_);
}

std::string HelpFormatter::names_of(const CLI::Option& option, bool is_positional) const {
    const std::string value = placeholder_of(option);
    return make_option_name(&option, is_positional) + (value.empty() ? "" : " " + value);
}

std::string HelpFormatter::meaning_of(const CLI::Option& option) const {
    return make_option_desc(&option) + conditions(option, type_of(option));
}

std::string HelpFormatter::make_footer(const CLI::App* command) const {
    const CLI::App* program = command;
    while (program->get_parent() != nullptr)
        program = program->get_parent();
    while (command->get_parent() != nullptr && command->get_footer() == program->get_footer())
        command = command->get_parent();
    return CLI::Formatter::make_footer(command);
}

}  // namespace aircomp::app
