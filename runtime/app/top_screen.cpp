// SPDX-License-Identifier: GPL-3.0-or-later
// Tables and lines of a run's figures.
#include "top_screen.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

#include "output.hpp"

namespace aircomp::app {
namespace {

constexpr std::size_t most_events = 8, sites_of_a_line = 12;

/// What others call themselves must not steer a terminal.
std::string printable(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
    return text;
}

std::string fixed(const Json& value, const char* format, double factor = 1) {
    return value.is_number() ? number(format, factor * value.get<double>()) : "-";
}

std::string decibels(double ratio) {
    return ratio > 0 ? number("%.1f", 10 * std::log10(ratio)) : "exact";
}

std::string head(const Json& figures) {
    std::ostringstream out;
    const std::string phase = figures.at("phase");
    out << printable(figures.at("model")) << " with sums by "
        << figures.at("scheme").get<std::string>() << (phase.empty() ? "" : ", " + phase) << ": "
        << figures.at("tokens") << " tokens, " << fixed(figures.at("tokens_per_s"), "%.3g")
        << " a second, " << figures.at("waiting") << " requests wait\n";
    const double nmse = figures.at("nmse");
    out << "sums: NMSE " << decibels(nmse) << (nmse > 0 ? " dB" : "");
    if (figures.contains("air")) {
        const Json& air = figures.at("air");
        out << (air.at("is_measured").get<bool>() ? " measured" : " expected") << ", pilots' EVM "
            << fixed(air.at("evm"), "%.1f", 100) << " %, condition "
            << fixed(air.at("condition_db"), "%.1f") << " dB, " << air.at("soundings")
            << " soundings, " << air.at("repeated_rounds") << " rounds repeated";
    }
    out << "\ntime a token, ms:";
    for (const Json& part : figures.at("parts"))
        out << " " << part.at("name").get<std::string>() << " "
            << fixed(part.at("s_per_token"), "%.3g", 1e3);
    out << "\n";
    return out.str();
}

std::vector<std::string> row_of(const Json& device, bool has_radio) {
    std::vector<std::string> row = {
        printable(device.at("name")), fixed(device.at("share"), "%.1f", 100),
        fixed(device.at("power_w"), "%.1f", 1e3), fixed(device.at("max_power_w"), "%.1f", 1e3)};
    if (has_radio) {
        const Json& radio = device.at("radio");
        const std::uint64_t others = radio.at("sequence_errors").get<std::uint64_t>() +
                                     radio.at("unacknowledged").get<std::uint64_t>() +
                                     radio.at("refused").get<std::uint64_t>();
        row.insert(row.end(),
                   {fixed(radio.at("snr_db"), "%.1f"), fixed(radio.at("evm"), "%.1f", 100),
                    fixed(radio.at("offset_hz"), "%.1f"), fixed(radio.at("condition_db"), "%.1f"),
                    radio.at("bursts").dump(),
                    radio.at("late").dump() + "/" + radio.at("underflows").dump() + "/" +
                        std::to_string(others)});
    }
    const std::string state = device.at("state");
    row.push_back(device.at("losses").dump());
    row.push_back(!device.at("is_there").get<bool>() ? "away" : state.empty() ? "-" : state);
    return row;
}

std::string devices(const Json& figures, bool colours) {
    const Json& list = figures.at("devices");
    const bool has_radio =
        !list.empty() && std::all_of(list.begin(), list.end(),
                                     [](const Json& device) { return device.contains("radio"); });
    std::vector<std::string> titles = {"device", "share, %", "power, mW", "of, mW"};
    if (has_radio) {
        titles.insert(titles.end(), {"SNR, dB", "EVM, %", "offset, Hz", "condition, dB", "bursts",
                                     "late/under/other"});
    }
    titles.insert(titles.end(), {"lost", "link"});
    std::vector<std::vector<std::string>> rows = {titles};
    for (const Json& device : list)
        rows.push_back(row_of(device, has_radio));
    std::istringstream lines(table(rows));
    std::string text, line;
    std::getline(lines, line);
    text = line + "\n";
    for (const Json& device : list) {
        std::getline(lines, line);
        const bool is_red = colours && !device.at("is_there").get<bool>();
        text += (is_red ? "\033[31m" + line + "\033[0m" : line) + "\n";
    }
    return text;
}

std::string sites(const Json& figures) {
    const Json& ratios = figures.at("site_nmse");
    if (ratios.empty()) return "";
    std::string text = "NMSE by site, dB:";
    for (std::size_t site = 0; site < ratios.size(); ++site) {
        if (site % sites_of_a_line == 0) text += "\n ";
        text += " " + decibels(ratios[site].get<double>());
    }
    return text + "\n";
}

std::string events(const Json& figures, bool colours) {
    const Json& list = figures.at("events");
    std::string text;
    const std::size_t first = list.size() - std::min(list.size(), most_events);
    for (std::size_t i = first; i < list.size(); ++i) {
        const bool is_red = colours && list[i].at("is_warning").get<bool>();
        const std::string line =
            fixed(list[i].at("at_s"), "%8.1f") + " s  " + printable(list[i].at("text"));
        text += (is_red ? "\033[31m" + line + "\033[0m" : line) + "\n";
    }
    return text;
}

}  // namespace

std::string top_screen(const std::string& event, bool colours) {
    try {
        const Json figures = Json::parse(event);
        std::string screen = head(figures) + "\n" + devices(figures, colours);
        for (const std::string& part : {sites(figures), events(figures, colours)})
            if (!part.empty()) screen += "\n" + part;
        const std::string text = figures.at("text");
        return text.empty() ? screen : screen + "\n..." + printable(text) + "\n";
    } catch (const Json::exception& error) {
        throw std::runtime_error(std::string("expected figures of a run: ") + error.what());
    }
}

}  // namespace aircomp::app
