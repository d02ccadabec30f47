// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp top: a run's page in a terminal.
#include <unistd.h>

#include <cmath>
#include <iostream>

#include "commands.hpp"
#include "output.hpp"
#include "serve/http_access.hpp"
#include "serve/live_client.hpp"
#include "top_screen.hpp"

namespace aircomp::app {
namespace {

struct TopOptions {
    std::string address = "127.0.0.1:8080";
    std::string token_file;
    bool once = false;
    bool json = false;
};

void run(const TopOptions& options) {
    const auto address = runtime::control::parse_address(options.address, "address");
    const std::string token =
        options.token_file.empty() ? "" : runtime::control::read_token(options.token_file);
    const bool is_terminal = isatty(STDOUT_FILENO) != 0;
    const bool goes_on = !options.once && (is_terminal || options.json);
    runtime::serve::read_live(address, token, [&](const std::string& event) {
        if (options.json) {
            std::cout << event << std::endl;
            return goes_on && std::cout.good();
        }
        // Home, what is new, and nothing of what stood below.
        if (goes_on) std::cout << "\033[H\033[2J";
        std::cout << top_screen(event, is_terminal) << std::flush;
        return goes_on && std::cout.good();
    });
}

}  // namespace

void add_top(CLI::App& program) {
    auto options = std::make_shared<TopOptions>();
    CLI::App* command =
        program.add_subcommand("top", "Show the figures of a run's page in a terminal");
    command->add_option("address", options->address, "HOST:PORT of the page")
        ->capture_default_str();
    command->add_option("--token-file", options->token_file,
                        "File whose first line is the page's token");
    command->add_flag("--once", options->once,
                      "Show them once; also where standard output is no terminal");
    command->add_flag("--json", options->json,
                      "Write them as JSON, one line each time, until the run ends");
    command->footer(
        "Ctrl-C ends it. Examples:\n"
        "  aircomp top\n"
        "  aircomp top 127.0.0.1:8080 --once\n"
        "  aircomp top 10.0.0.1:8080 --token-file token.txt --json");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
