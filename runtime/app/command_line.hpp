// SPDX-License-Identifier: GPL-3.0-or-later
// The command line as a whole: its numbers, its mistakes, its help.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace aircomp::app {

/// To be called when all commands are there: numbers of all their options are decimal and fit, for
/// CLI11 takes 010 for 8, -1 for the largest unsigned number and 1e400 for infinity.
void require_plain_numbers(CLI::App& program);

/// What is wrong with the words of the command line, with the nearest known one, and where help is.
std::string complaint(const CLI::App& program, const CLI::ParseError& error,
                      const std::string& first);

/// Help in plain words: what an option takes, its choices or range, its default.
class HelpFormatter final : public CLI::Formatter {
public:
    HelpFormatter() {
        label("SUBCOMMAND", "COMMAND");
        label("Positionals", "Arguments");
    }

    std::string make_option(const CLI::Option* option, bool is_positional) const override;
    /// A command without examples of its own shows those of the command that it belongs to.
    std::string make_footer(const CLI::App* command) const override;
};

}  // namespace aircomp::app
