// SPDX-License-Identifier: GPL-3.0-or-later
// The program aircomp-air: an air in which virtual radios of several processes meet.
#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "air_server.hpp"
#include "board_preset.hpp"
#include "local_air.hpp"

namespace {

using namespace gr::aircomp::virtual_radio;

struct Options {
    std::string file, socket;
    std::size_t boards = 0, channels = 1;
    std::string clock, impairments;
    std::optional<double> time_scale;
};

AirConfig config_of(const Options& options) {
    if (options.file.empty() == (options.boards == 0))
        throw std::runtime_error("expected either FILE or --boards, found " +
                                 std::string(options.boards == 0 ? "neither" : "both"));
    AirConfig config =
        options.file.empty() ? ideal_air(options.boards, options.channels) : read_air(options.file);
    if (!options.impairments.empty()) impair(config, *find_board_preset(options.impairments));
    if (const auto clock = clock_of(options.clock)) config.clock = *clock;
    if (config.clock == ClockKind::event) config.time_scale = 1;  // Whatever the file says.
    if (!options.time_scale) return config;
    if (config.clock == ClockKind::event)
        throw std::runtime_error("--time-scale: expected none beside an event clock, found " +
                                 std::to_string(*options.time_scale));
    config.time_scale = *options.time_scale;
    return config;
}

std::string clock_text(const AirConfig& config) {
    if (config.clock == ClockKind::event) return "event clock";
    std::ostringstream text;
    text << "time scale " << config.time_scale;
    return text.str();
}

void serve(const Options& options) {
    // Blocked before any thread starts, so that all of them leave the signals to sigwait().
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    const auto air = std::make_shared<LocalAir>(config_of(options));
    const AirServer server(air, options.socket);
    std::string names;
    for (const BoardConfig& board : air->config().boards)
        names += " " + board.name;
    std::cout << "aircomp-air: at " << options.socket << ", master clock "
              << air->config().tick_rate_hz / 1e6 << " MHz, " << clock_text(air->config())
              << ", boards" << names << std::endl;
    if (!std::cout) throw std::runtime_error("standard output: cannot be written");
    int signal = 0;
    sigwait(&signals, &signal);
}

int run(int count, char** arguments) {
    CLI::App app(
        "An air in which virtual radios of several processes meet, until SIGINT or SIGTERM.\n"
        "Processes join it by the device arguments type=aircomp,air=PATH,name=BOARD.\n\n"
        "  aircomp-air laboratory.yaml --socket /tmp/air\n"
        "  aircomp-air --boards 5 --time-scale 0.1 --socket /tmp/air");
    Options options;
    app.add_option("file", options.file, "Boards and what lies between them (YAML)");
    app.add_option("--socket", options.socket, "Path of the socket to listen at")->required();
    app.add_option("--boards", options.boards, "Ideal boards board0, board1, ... instead of a file")
        ->check(CLI::Range(1, 1024));
    app.add_option("--channels", options.channels, "Antennas of every ideal board")
        ->check(CLI::Range(1, 64));
    app.add_option(
           "--clock", options.clock,
           "scaled: the wall's times the time scale; event: as far as all who use it have come")
        ->check(CLI::IsMember({"scaled", "event"}));
    app.add_option("--time-scale", options.time_scale,
                   "Seconds of radio time a second of the wall clock")
        ->check(CLI::Range(1e-6, 1.0));
    std::vector<std::string> presets;
    for (const BoardPreset& preset : board_presets())
        presets.push_back(preset.name);
    app.add_option("--impairments", options.impairments,
                   "Impairments of all boards, in place of the file's")
        ->check(CLI::IsMember(presets));
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    serve(options);
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    try {
        const int code = run(count, arguments);
        if (!std::cout.flush()) throw std::runtime_error("standard output: cannot be written");
        return code;
    } catch (const std::exception& error) {
        std::cerr << "aircomp-air: " << error.what() << '\n';
        return 2;
    }
}
