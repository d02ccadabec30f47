// SPDX-License-Identifier: GPL-3.0-or-later
// Completion for bash and zsh: both find the command that the words before the cursor name, then what
// its options and their values can be.
#include <functional>

#include "command_line.hpp"
#include "output.hpp"
#include "pages.hpp"

namespace aircomp::app {
namespace {

using OnCommand = std::function<std::string(const CLI::App&)>;

/// What `text_of` says of each command, the program first.
std::string each_command(const CLI::App& command, const OnCommand& text_of) {
    std::string text = text_of(command);
    for (const CLI::App* one : shown_commands(command))
        text += each_command(*one, text_of);
    return text;
}

/// In single quotes, for both shells.
std::string quoted(const std::string& text) {
    std::string shell = "'";
    for (const char letter : text)
        shell += letter == '\'' ? "'\\''" : std::string(1, letter);
    return shell + "'";
}

std::string words_of(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : " ") + word;
    return text;
}

bool takes_path(const CLI::Option& option) {
    const std::string value = placeholder_of(option);
    return value.rfind("FILE", 0) == 0 || value.rfind("FOLDER", 0) == 0;
}

std::string follow_commands(const CLI::App& program) {
    return each_command(program, [](const CLI::App& command) {
        if (command.get_parent() == nullptr) return std::string();
        const std::string name = quoted(full_name(command, " "));
        return "            " + name + ") command=" + name + " ;;\n";
    });
}

/// Cases of "COMMAND OPTION" for options with a value; the arguments are a shell's words that offer
/// plain words, which follow them, and files.
std::string values(const CLI::App& program, const std::string& offer_words,
                   const std::string& offer_files) {
    return each_command(program, [&](const CLI::App& command) {
        std::string text;
        for (const CLI::Option* option : shown_options(command)) {
            if (option->get_lnames().empty() || placeholder_of(*option).empty()) continue;
            const auto choices = choices_of(*option);
            text += "        " + quoted(full_name(command, " ") + " --" + option->get_lnames()[0]) +
                    ") " +
                    (!choices.empty()      ? offer_words + words_of(choices) + "; "
                     : takes_path(*option) ? offer_files + "; "
                                           : "") +
                    "return ;;\n";
        }
        return text;
    });
}

/// What a word may be: the command's options and commands, with what they mean.
std::vector<std::pair<std::string, std::string>> candidates(const CLI::App& command) {
    std::vector<std::pair<std::string, std::string>> words;
    for (const CLI::App* one : shown_commands(command))
        words.emplace_back(one->get_name(), one->get_description());
    for (const CLI::Option* option : shown_options(command))
        for (const std::string& name : option->get_lnames())
            words.emplace_back("--" + name, option->get_description());
    return words;
}

bool has_arguments(const CLI::App& command) {
    for (const CLI::Option* option : shown_options(command))
        if (option->get_positional()) return true;
    return false;
}

}  // namespace

std::string bash_completion(const CLI::App& program) {
    const std::string words = each_command(program, [](const CLI::App& command) {
        std::vector<std::string> names;
        for (const auto& [name, meaning] : candidates(command))
            names.push_back(name);
        return "        " + quoted(full_name(command, " ")) + ") _aircomp_words " +
               words_of(names) + (has_arguments(command) ? "; _aircomp_files" : "") + " ;;\n";
    });
    return "# Completion of aircomp for bash, made of its commands.\n"
           "_aircomp_words() {\n"
           "    mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W \"$*\" -- \"$current\")\n"
           "}\n"
           "_aircomp_files() {\n"
           "    compopt -o filenames 2>/dev/null\n"
           "    mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- \"$current\")\n"
           "}\n"
           "_aircomp() {\n"
           "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
           "    local command=aircomp word\n"
           "    COMPREPLY=()\n"
           "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
           "        case \"$command $word\" in\n" +
           follow_commands(program) +
           "        esac\n"
           "    done\n"
           "    case \"$command $previous\" in\n" +
           values(program, "_aircomp_words ", "_aircomp_files") +
           "    esac\n"
           "    case $command in\n" +
           words +
           "    esac\n"
           "}\n"
           "complete -F _aircomp aircomp\n";
}

std::string zsh_completion(const CLI::App& program) {
    const std::string words = each_command(program, [](const CLI::App& command) {
        std::string text =
            "        " + quoted(full_name(command, " ")) + ")\n            offered=(";
        for (auto& [name, meaning] : candidates(command))
            text += "\n                " + aircomp::app::quoted(name.append(":").append(meaning));
        return text + ")\n" + (has_arguments(command) ? "            _files\n" : "") +
               "            ;;\n";
    });
    return "#compdef aircomp\n"
           "# Completion of aircomp for zsh, made of its commands.\n"
           "_aircomp() {\n"
           "    local command=aircomp word\n"
           "    local -a offered\n"
           "    for word in ${words[2,CURRENT-1]}; do\n"
           "        case \"$command $word\" in\n" +
           follow_commands(program) +
           "        esac\n"
           "    done\n"
           "    case \"$command ${words[CURRENT-1]}\" in\n" +
           values(program, "compadd -- ", "_files") +
           "    esac\n"
           "    case $command in\n" +
           words +
           "    esac\n"
           "    _describe -o aircomp offered\n"
           "}\n"
           "_aircomp \"$@\"\n";
}

}  // namespace aircomp::app
