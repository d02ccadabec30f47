// SPDX-License-Identifier: GPL-3.0-or-later
// The device arguments of a virtual radio.
#include "device_arguments.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <sstream>
#include <uhd/exception.hpp>

#include "board_preset.hpp"
#include "local_air.hpp"
#include "remote_air.hpp"

namespace gr::aircomp::virtual_radio {
namespace {

using uhd::device_addr_t;

[[noreturn]] void fail(const std::string& argument, const std::string& expected,
                       const std::string& found) {
    throw uhd::value_error("aircomp: " + argument + ": expected " + expected + ", found '" + found +
                           "'");
}

double number(const device_addr_t& arguments, const std::string& key, double otherwise,
              double least, double most) {
    if (!arguments.has_key(key)) return otherwise;
    std::istringstream stream(arguments[key]);
    double value = 0;
    if (!(stream >> value) || !stream.eof() || !(value >= least && value <= most)) {
        std::ostringstream range;
        range << "a number from " << least << " to " << most;
        fail(key, range.str(), arguments[key]);
    }
    return value;
}

std::size_t whole(const device_addr_t& arguments, const std::string& key, double otherwise,
                  double least, double most) {
    const double value = number(arguments, key, otherwise, least, most);
    if (value != std::floor(value)) fail(key, "a whole number", arguments[key]);
    return static_cast<std::size_t>(value);
}

/// Names of boards in order, whatever key they came under.
std::vector<std::string> names(const device_addr_t& arguments) {
    std::vector<std::string> found;
    for (const std::string key : {"name", "addr", "serial"}) {
        if (!found.empty()) break;
        if (arguments.has_key(key)) found.push_back(arguments[key]);
        for (std::size_t i = 0; arguments.has_key(key + std::to_string(i)); ++i)
            found.push_back(arguments[key + std::to_string(i)]);
    }
    return found;
}

AirConfig ideal_config(const device_addr_t& arguments) {
    // Names board0, board1, ... say how many there must be.
    std::size_t boards = whole(arguments, "boards", 1, 1, 1024);
    for (const std::string& name : names(arguments)) {
        for (std::size_t b = 0; b < 1024; ++b) {
            if (name == "board" + std::to_string(b)) boards = std::max(boards, b + 1);
        }
    }
    AirConfig config = ideal_air(boards, whole(arguments, "channels", 1, 1, 64));
    config.tick_rate_hz = number(arguments, "master_clock_rate", config.tick_rate_hz, 1e6, 1e9);
    config.seed = whole(arguments, "seed", 1, 0, 9e15);
    for (BoardConfig& board : config.boards)
        board.noise_power = number(arguments, "noise_power", 0, 0, 1e12);
    return config;
}

/// The arguments decide before the file.
void set_clock(const device_addr_t& arguments, AirConfig& config) {
    if (arguments.has_key("clock")) {
        const auto clock = clock_of(arguments["clock"]);
        if (!clock) fail("clock", "scaled or event", arguments["clock"]);
        config.clock = *clock;
    }
    if (config.clock == ClockKind::scaled) {
        config.time_scale = number(arguments, "time_scale", config.time_scale, 1e-6, 1);
        return;
    }
    if (arguments.has_key("time_scale"))
        fail("time_scale", "nothing beside an event clock", arguments["time_scale"]);
    config.time_scale = 1;
}

AirConfig own_config(const device_addr_t& arguments) {
    AirConfig config;
    if (arguments.has_key("config")) {
        try {
            config = read_air(arguments["config"]);
        } catch (const std::runtime_error& error) {
            throw uhd::value_error(std::string("aircomp: config: ") + error.what());
        }
    } else {
        config = ideal_config(arguments);
    }
    set_clock(arguments, config);
    if (arguments.has_key("impairments")) {
        const BoardPreset* const preset = find_board_preset(arguments["impairments"]);
        if (preset == nullptr)
            fail("impairments", "one of " + board_preset_names(), arguments["impairments"]);
        impair(config, *preset);
    }
    return config;
}

std::shared_ptr<Air> join(const device_addr_t& arguments) {
    for (const std::string key : {"config", "channels", "seed", "noise_power", "clock",
                                  "time_scale", "master_clock_rate", "impairments"}) {
        if (arguments.has_key(key)) {
            fail(key, "nothing beside air=, whose server decides it", arguments[key]);
        }
    }
    try {
        return std::make_shared<RemoteAir>(arguments["air"]);
    } catch (const std::runtime_error& error) {
        throw uhd::value_error("aircomp: air: expected the socket of an aircomp-air, found " +
                               std::string(error.what()));
    }
}

/// Devices of one process meet in one air where they name the same file.
std::shared_ptr<Air> air_of_file(const device_addr_t& arguments) {
    static std::mutex mutex;
    static std::map<std::string, std::weak_ptr<Air>> airs;
    const std::lock_guard<std::mutex> lock(mutex);
    std::weak_ptr<Air>& known = airs[arguments["config"]];
    if (auto air = known.lock()) return air;
    auto air = std::make_shared<LocalAir>(own_config(arguments));
    known = air;
    return air;
}

std::shared_ptr<Air> open_any(const device_addr_t& arguments) {
    if (arguments.has_key("air")) return join(arguments);
    if (arguments.has_key("config")) return air_of_file(arguments);
    return std::make_shared<LocalAir>(own_config(arguments));
}

}  // namespace

std::vector<std::size_t> chosen_boards(const device_addr_t& arguments, const AirConfig& air) {
    std::vector<std::size_t> boards;
    for (const std::string& name : names(arguments)) {
        std::size_t b = 0;
        std::string known;
        for (; b < air.boards.size(); ++b) {
            if (air.boards[b].name == name || air.boards[b].serial == name) break;
            known += (b == 0 ? "" : ", ") + air.boards[b].name;
        }
        if (b == air.boards.size()) fail("name", "one of " + known, name);
        if (std::find(boards.begin(), boards.end(), b) != boards.end())
            fail("name", "every board once", name);
        boards.push_back(b);
    }
    if (!boards.empty()) return boards;
    const std::size_t count =
        arguments.get("boards", "") == "all"
            ? air.boards.size()
            : whole(arguments, "boards", 1, 1, static_cast<double>(air.boards.size()));
    for (std::size_t b = 0; b < count; ++b)
        boards.push_back(b);
    return boards;
}

bool asks_for_virtual_radio(const device_addr_t& arguments) {
    return arguments.get("type", arguments.get("type0", "")) == "aircomp";
}

Opening open_air(const device_addr_t& arguments) {
    Opening opening;
    opening.air = open_any(arguments);
    opening.boards = chosen_boards(arguments, opening.air->config());
    opening.send_buffer_samples = whole(arguments, "send_buffer", 1048576, 1000, 1e9);
    return opening;
}

uhd::device_addrs_t find_boards(const device_addr_t& arguments) {
    device_addr_t one = arguments;
    one["type"] = "aircomp";
    if (!names(arguments).empty() || arguments.has_key("boards")) return {one};
    const AirConfig config =
        arguments.has_key("air") ? join(arguments)->config() : own_config(arguments);
    uhd::device_addrs_t found;
    for (const BoardConfig& board : config.boards) {
        one["name"] = board.name;
        one["serial"] = board.serial;
        found.push_back(one);
    }
    return found;
}

}  // namespace gr::aircomp::virtual_radio
