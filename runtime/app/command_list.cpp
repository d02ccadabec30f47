// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp list: what configurations and experiments can name.
#include <algorithm>
#include <iostream>

#include "commands.hpp"
#include "experiment/measures.hpp"
#include "output.hpp"
#include "schemes/down/registry.hpp"
#include "schemes/registry.hpp"

namespace aircomp::app {
namespace {

template <typename Row>
void show(const std::string& title, const std::vector<Row>& rows) {
    std::size_t widest = 0;
    for (const Row& row : rows)
        widest = std::max(widest, row.name.size());
    std::cout << title << "\n";
    for (const Row& row : rows)
        std::cout << "  " << row.name << std::string(widest + 2 - row.name.size(), ' ') << row.is
                  << "\n";
}

}  // namespace

void add_list(CLI::App& program) {
    CLI::App* command = program.add_subcommand("list", "List the schemes, downlinks and measures");
    command->callback([] {
        show("schemes (scheme, --scheme):", runtime::schemes());
        show("downlinks (radio.downlink):", runtime::downlinks());
        show("measures of experiments (measure):", runtime::measures());
    });
}

}  // namespace aircomp::app
