// SPDX-License-Identifier: GPL-3.0-or-later
// Asking each python3 whether it has a module.
#include "files/python.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace aircomp::runtime {
namespace {

std::vector<std::string> pythons() {
    const char* const named = std::getenv("AIRCOMP_PYTHON");
    if (named != nullptr && *named != '\0') return {named};
    const char* const path = std::getenv("PATH");
    std::istringstream list(path == nullptr ? "" : path);
    std::vector<std::filesystem::path> folders = {
        std::filesystem::read_symlink("/proc/self/exe").parent_path()};
    for (std::string folder; std::getline(list, folder, ':');)
        if (!folder.empty()) folders.emplace_back(folder);
    std::vector<std::string> found;
    for (const auto& folder : folders) {
        const std::string file = folder / "python3";
        const bool is_new = std::find(found.begin(), found.end(), file) == found.end();
        if (is_new && access(file.c_str(), X_OK) == 0) found.push_back(file);
    }
    return found;
}

/// Whether it finds the module; it is not imported, which takes a second for some.
bool has_module(std::string python, std::string module) {
    std::string option = "-c";
    std::string program =
        "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)";
    const std::array<char*, 5> words = {python.data(), option.data(), program.data(), module.data(),
                                        nullptr};
    posix_spawn_file_actions_t silence;
    posix_spawn_file_actions_init(&silence);
    posix_spawn_file_actions_addopen(&silence, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&silence, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    int status = -1;
    const int error = posix_spawnp(&child, words[0], &silence, nullptr, words.data(), environ);
    posix_spawn_file_actions_destroy(&silence);
    if (error == 0) waitpid(child, &status, 0);
    return error == 0 && status == 0;
}

}  // namespace

std::string python_with(const std::string& module, const std::string& package) {
    const auto candidates = pythons();
    const auto found =
        std::find_if(candidates.begin(), candidates.end(),
                     [&](const std::string& python) { return has_module(python, module); });
    if (found != candidates.end()) return *found;
    std::string asked;
    for (const std::string& python : candidates)
        asked += (asked.empty() ? "asked " : ", ") + python;
    throw std::runtime_error(
        "expected a python3 with the module " + module + " (Debian's " + package + "), " +
        (asked.empty() ? "found no python3 on PATH" : asked) + "; AIRCOMP_PYTHON names another");
}

}  // namespace aircomp::runtime
