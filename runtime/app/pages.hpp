// SPDX-License-Identifier: GPL-3.0-or-later
// Texts that are made of the commands as they are, with all their options.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace aircomp::app {

/// The options that the help shows, flags and positionals among them.
std::vector<const CLI::Option*> shown_options(const CLI::App& command);
/// The commands that the help shows.
std::vector<const CLI::App*> shown_commands(const CLI::App& command);

/// `aircomp bench decode`, with `between` in place of the blanks.
std::string full_name(const CLI::App& command, const std::string& between);

/// A page for man(1), in troff.
std::string man_page(const CLI::App& command, const std::string& version);

/// What a shell offers for a word of the command line: commands, options, values, files.
std::string bash_completion(const CLI::App& program);
std::string zsh_completion(const CLI::App& program);

}  // namespace aircomp::app
