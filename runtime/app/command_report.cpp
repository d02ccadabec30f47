// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp report: one page of all results in a folder.
#include <algorithm>
#include <iostream>

#include "commands.hpp"
#include "output.hpp"

namespace aircomp::app {
namespace {

struct ReportOptions {
    std::string folder;
    bool open = false;
};

void run(const ReportOptions& options) {
    if (!std::filesystem::is_directory(options.folder)) {
        throw std::invalid_argument(options.folder +
                                    ": expected a folder that aircomp reproduce "
                                    "has written");
    }
    const auto experiments = std::filesystem::directory_iterator(options.folder);
    if (std::none_of(begin(experiments), end(experiments), [](const auto& experiment) {
            return std::filesystem::exists(experiment.path() / "table.csv");
        })) {
        throw std::invalid_argument(options.folder +
                                    ": no finished experiment in it, a folder with table.csv");
    }
    const std::string page = options.folder + "/report.html";
    draw("report.py", options.folder, page);
    std::cout << "page: " << page << "\n";
    if (options.open && std::system(("xdg-open '" + page + "'").c_str()) != 0) {
        throw std::runtime_error(page + ": no browser to open it with (xdg-open)");
    }
}

}  // namespace

void add_report(CLI::App& program) {
    auto options = std::make_shared<ReportOptions>();
    CLI::App* command = program.add_subcommand("report", "Make one page of all results");
    command->add_option("folder", options->folder, "Folder with results of aircomp reproduce")
        ->required();
    command->add_flag("--open", options->open, "Show it in a browser");
    command->footer("Example:\n  aircomp report results");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
