// SPDX-License-Identifier: GPL-3.0-or-later
// The command line as a whole: its numbers, its mistakes, its help.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace aircomp::app {

/// To be called when all commands are there: numbers of all their options are decimal and fit, for
/// CLI11 takes 010 for 8, -1 for the largest unsigned number and 1e400 for infinity.
void require_plain_numbers(CLI::App& program);

/// To be called when all commands are there: no item of a list is empty, for CLI11 leaves such items
/// out. `words` are those of the command line behind the program's name.
void require_whole_lists(CLI::App& program, const std::vector<std::string>& words);

/// What is wrong with the words of the command line, with the nearest known one, and where help is.
std::string complaint(const CLI::App& program, const CLI::ParseError& error,
                      const std::string& first);

/// The words that an option's value is one of; none where it is not one of some words.
std::vector<std::string> choices_of(const CLI::Option& option);

/// What stands for the value of an option, as FILE; nothing for a flag.
std::string placeholder_of(const CLI::Option& option);

/// Help in plain words: what an option takes, its choices or range, its default.
class HelpFormatter final : public CLI::Formatter {
public:
    HelpFormatter() {
        label("SUBCOMMAND", "COMMAND");
        label("Positionals", "Arguments");
    }

    std::string make_option(const CLI::Option* option, bool is_positional) const override;
    /// An option's names and what stands for its value; what it means, with default and range.
    std::string names_of(const CLI::Option& option, bool is_positional) const;
    std::string meaning_of(const CLI::Option& option) const;
    /// A command without examples of its own shows those of the command that it belongs to.
    std::string make_footer(const CLI::App* command) const override;
};

}  // namespace aircomp::app
