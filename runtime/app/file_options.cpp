// SPDX-License-Identifier: GPL-3.0-or-later
// The options that name files, by what a command does with them.
#include "file_options.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace aircomp::app {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

bool is_in(const Names& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// The option of that name that was given, or null.
const CLI::Option* given(const CLI::App& command, const std::string& name) {
    for (const CLI::Option* option : command.get_options()) {
        if (option->get_single_name() == name && option->count() > 0) return option;
    }
    return nullptr;
}

[[noreturn]] void refuse(const CLI::Option& option, const std::string& expected,
                         const std::string& found) {
    throw CLI::ValidationError(option.get_name(), "expected " + expected + ", found " + found);
}

bool is_same_file(const fs::path& one, const fs::path& other) {
    std::error_code ignored;
    return fs::is_regular_file(one, ignored) && fs::equivalent(one, other, ignored);
}

/// Whether `file` is the model or stands in its folder.
bool belongs_to(const fs::path& file, const fs::path& model) {
    std::error_code ignored;
    if (!fs::is_directory(model, ignored)) return is_same_file(file, model);
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    return fs::is_regular_file(file, ignored) && fs::equivalent(folder, model, ignored);
}

/// That the file can be one, and replaces none that the command reads.
void check_output(const CLI::App& command, const CLI::Option& written, const std::string& file) {
    std::error_code ignored;
    if (fs::is_directory(file, ignored)) refuse(written, "a file", "the folder " + file);
    for (const CLI::Option* option : command.get_options()) {
        for (const std::string& input : option->results()) {
            const PathUse use = use_of_path(*option);
            const bool is_input = (use == PathUse::read && is_same_file(file, input)) ||
                                  (use == PathUse::model && belongs_to(file, input));
            if (is_input) {
                refuse(written, "another file than " + option->get_name() + " reads", file);
            }
        }
    }
}

/// A script reads the result again.
void check_drawn_from(const CLI::App& command) {
    const CLI::Option* const plot = given(command, "plot");
    const CLI::Option* const json = given(command, "json");
    if (plot == nullptr) return;
    if (json == nullptr || json->results().front() == "-") {
        throw CLI::ValidationError(plot->get_name(),
                                   "expected --json FILE as well, from which it is drawn");
    }
    const fs::path file = json->results().front();
    std::error_code ignored;
    if (fs::exists(file, ignored) && !fs::is_regular_file(file, ignored))
        refuse(*json, "a file that --plot can be drawn from", file.string());
    static const Names suffixes = {".png", ".svg", ".pdf"};
    const std::string picture = plot->results().front();
    if (!is_in(suffixes, fs::path(picture).extension().string()))
        refuse(*plot, "a name that ends in .png, .svg or .pdf", picture);
}

void check_command(const CLI::App& command) {
    for (const CLI::Option* option : command.get_options()) {
        const PathUse use = use_of_path(*option);
        if (use == PathUse::none) continue;
        for (const std::string& file : option->results()) {
            if (file.empty()) refuse(*option, "the name of a file", "an empty one");
            if (use == PathUse::written && file != "-") check_output(command, *option, file);
        }
    }
    check_drawn_from(command);
}

}  // namespace

PathUse use_of_path(const CLI::Option& option) {
    static const Names read = {"config",  "CONFIG",      "text",  "text-file",  "file",
                               "problem", "calibration", "radio", "token-file", "recording"};
    // A run goes on from the file of --resume, but no other option may read it.
    static const Names written = {"json", "plot", "output", "port-file", "page-file", "resume"};
    static const Names folders = {"certificates", "folder", "out"};
    // Behind a colon stands what a value is one of: of some commands, --radio takes a word.
    if (option.get_type_name().find(':') != std::string::npos) return PathUse::none;
    const std::string& name = option.get_single_name();
    if (is_in(read, name)) return PathUse::read;
    if (is_in(written, name)) return PathUse::written;
    if (is_in(folders, name)) return PathUse::folder;
    return name == "model" ? PathUse::model : PathUse::none;
}

void check_files(CLI::App& program) {
    for (CLI::App* command : program.get_subcommands(nullptr)) {
        command->parse_complete_callback([command] { check_command(*command); });
        check_files(*command);
    }
}

}  // namespace aircomp::app
