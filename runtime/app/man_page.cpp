// SPDX-License-Identifier: GPL-3.0-or-later
// A command as a page for man(1).
#include <algorithm>
#include <sstream>

#include "command_line.hpp"
#include "pages.hpp"

namespace aircomp::app {
namespace {

/// Text as troff takes it: backslashes and hyphens as they are, no line a request.
std::string troff(const std::string& text) {
    std::string page;
    for (const char letter : text) {
        const bool begins_line = page.empty() || page.back() == '\n';
        if (begins_line && (letter == '.' || letter == '\'')) page += "\\&";
        if (letter == '\\')
            page += "\\e";
        else if (letter == '-')
            page += "\\-";
        else
            page += letter;
    }
    return page;
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
    return text;
}

std::string synopsis(const CLI::App& command) {
    std::string line = ".B " + troff(full_name(command, " ")) + "\n[OPTION ...]";
    for (const CLI::Option* option : shown_options(command)) {
        if (!option->get_positional()) continue;
        const std::string name = troff(option->get_name(/*positional=*/true));
        line += option->get_required() ? " " + name : " [" + name + "]";
    }
    if (!shown_commands(command).empty()) line += " COMMAND";
    return line + "\n";
}

/// Named paragraphs under a heading; nothing where there are none.
using Entries = std::vector<std::pair<std::string, std::string>>;

std::string section(const std::string& heading, const Entries& entries) {
    std::string text = entries.empty() ? "" : ".SH " + heading + "\n";
    for (const auto& [name, meaning] : entries)
        text += ".TP\n.B " + troff(name) + "\n" + troff(meaning) + "\n";
    return text;
}

/// What stands below the help: sentences, then examples, which keep their lines.
std::string below(const std::string& footer) {
    std::istringstream lines(footer);
    std::string text, heading;
    for (std::string line; std::getline(lines, line);) {
        const bool is_example = line.rfind("  ", 0) == 0;
        if (line.rfind("Example", 0) == 0 && line.back() == ':') continue;
        const std::string wanted = is_example ? ".SH EXAMPLES\n.nf\n" : ".SH NOTES\n";
        if (heading != wanted) text += heading = wanted;
        text += troff(is_example ? line.substr(2) : line) + "\n";
    }
    return text;
}

}  // namespace

std::string man_page(const CLI::App& command, const std::string& version) {
    const HelpFormatter help;
    Entries options, arguments, commands;
    for (const CLI::Option* option : shown_options(command)) {
        const bool is_positional = option->get_positional();
        (is_positional ? arguments : options)
            .emplace_back(help.names_of(*option, is_positional), help.meaning_of(*option));
    }
    for (const CLI::App* one : shown_commands(command))
        commands.emplace_back(full_name(*one, "-") + "(1)", one->get_description());
    std::string what = command.get_description();
    what.erase(0, what.rfind("aircomp: ", 0) == 0 ? 9 : 0);
    return ".TH " + upper(troff(full_name(command, "-"))) + " 1 \"\" \"aircomp " + version +
           "\"\n" + ".SH NAME\n" + troff(full_name(command, "-")) + " \\- " + troff(what) + "\n" +
           ".SH SYNOPSIS\n" + synopsis(command) + section("COMMANDS", commands) +
           section("ARGUMENTS", arguments) + section("OPTIONS", options) +
           below(command.get_footer());
}

}  // namespace aircomp::app
