// SPDX-License-Identifier: GPL-3.0-or-later
// Every command that the program has, as its help tells them.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "program.hpp"

namespace aircomp::test {

/// `command` and all below it, such as "", "bench", "bench decode".
inline std::vector<std::string> commands_from(const std::string& command = "") {
    std::vector<std::string> all = {command};
    std::istringstream help(aircomp(command + " --help").output);
    bool is_list = false;
    for (std::string line; std::getline(help, line);) {
        if (is_list && line.rfind("  ", 0) == 0) {
            const std::string name = line.substr(2, line.find(' ', 2) - 2);
            for (const auto& one : commands_from((command.empty() ? "" : command + " ") + name))
                all.push_back(one);
        } else {
            is_list = line == "Subcommands:" || line == "Commands:";
        }
    }
    return all;
}

}  // namespace aircomp::test
