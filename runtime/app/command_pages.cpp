// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp pages: writes man pages and completions, which the build installs.
#include "aircomp/inference/whole_file.hpp"
#include "commands.hpp"
#include "pages.hpp"
#include "version.hpp"

namespace aircomp::app {
namespace {

void write_man_pages(const CLI::App& command, const std::filesystem::path& folder) {
    inference::write_whole(folder / (full_name(command, "-") + ".1"), man_page(command, version()));
    for (const CLI::App* one : shown_commands(command))
        write_man_pages(*one, folder);
}

}  // namespace

std::vector<const CLI::Option*> shown_options(const CLI::App& command) {
    auto options =
        command.get_options([](const CLI::Option* option) { return !option->get_group().empty(); });
    // A group of options is a command without a name.
    for (const CLI::App* group : command.get_subcommands(nullptr)) {
        if (!group->get_name().empty()) continue;
        const auto more = shown_options(*group);
        options.insert(options.end(), more.begin(), more.end());
    }
    return options;
}

std::vector<const CLI::App*> shown_commands(const CLI::App& command) {
    return command.get_subcommands(
        [](const CLI::App* one) { return !one->get_group().empty() && !one->get_name().empty(); });
}

std::string full_name(const CLI::App& command, const std::string& between) {
    const CLI::App* parent = command.get_parent();
    return (parent == nullptr ? "" : full_name(*parent, between) + between) + command.get_name();
}

void add_pages(CLI::App& program) {
    auto folder = std::make_shared<std::string>();
    CLI::App* command =
        program.add_subcommand("pages", "Write man pages and completions of shells into a folder");
    command->group("");
    command->add_option("folder", *folder, "Folder for man1/, bash/aircomp and zsh/_aircomp")
        ->required();
    command->callback([folder, &program] {
        const std::filesystem::path place = *folder;
        write_man_pages(program, place / "man1");
        inference::write_whole(place / "bash/aircomp", bash_completion(program));
        inference::write_whole(place / "zsh/_aircomp", zsh_completion(program));
    });
}

}  // namespace aircomp::app
