// SPDX-License-Identifier: GPL-3.0-or-later
// Which options name files and folders, and what is wrong with those before any work is done.
#pragma once

#include <CLI/CLI.hpp>

namespace aircomp::app {

/// What a command does with the file or folder that an option names. A model is a folder, a file or a
/// name of the local caches, which is no place that commands write to.
enum class PathUse { none, read, written, folder, model };

PathUse use_of_path(const CLI::Option& option);

/// To be called when all commands are there: no name of a file is empty, a result does not replace a
/// file that the same command reads, and what a picture is drawn from can be read again. A command
/// whose files are otherwise ends as with any other mistake of its command line.
void check_files(CLI::App& program);

}  // namespace aircomp::app
