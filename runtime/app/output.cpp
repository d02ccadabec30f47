// SPDX-License-Identifier: GPL-3.0-or-later
// Progress, tables, JSON files and pictures.
#include "output.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "aircomp/inference/whole_file.hpp"
#include "files/places.hpp"
#include "files/python.hpp"
#include "standard_output.hpp"

namespace aircomp::app {

namespace {

/// For people, where `done` took `elapsed_s`.
std::string time_left(double elapsed_s, std::int64_t done, std::int64_t more) {
    const double seconds = elapsed_s * static_cast<double>(more) / static_cast<double>(done);
    return seconds < 120 ? number("  %.0f s left", seconds)
                         : number("  %.0f min left", std::ceil(seconds / 60));
}

}  // namespace

std::function<void(std::int64_t, std::int64_t)> progress_bar(const std::string& label) {
    if (isatty(STDERR_FILENO) == 0) return nullptr;
    using Clock = std::chrono::steady_clock;
    return [label, begin = Clock::time_point(), first = std::int64_t{-1}](
               std::int64_t done, std::int64_t total) mutable {
        constexpr int width = 30;
        if (first < 0) {
            begin = Clock::now();
            first = done;
        }
        const double part =
            static_cast<double>(done) / static_cast<double>(std::max<std::int64_t>(1, total));
        const double elapsed_s = std::chrono::duration<double>(Clock::now() - begin).count();
        const auto filled = static_cast<std::size_t>(part * width);
        std::fprintf(stderr, "\r%-14s [%s%s] %3.0f%%%s\033[K", label.c_str(),
                     std::string(filled, '#').c_str(), std::string(width - filled, '.').c_str(),
                     100 * part,
                     done > first ? time_left(elapsed_s, done - first, total - done).c_str() : "");
        if (done >= total) std::fprintf(stderr, "\r\033[K");
        std::fflush(stderr);
    };
}

void write_json(const Json& json, const std::string& destination) {
    if (destination.empty()) return;
    // What a model writes need not be whole characters.
    const std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    if (destination == "-") {
        write_standard_output(text);
        return;
    }
    inference::write_whole(destination, text);
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()), 0);
        for (std::size_t c = 0; c < row.size(); ++c)
            widths[c] = std::max(widths[c], row[c].size());
    }
    std::string text;
    for (const auto& row : rows) {
        for (std::size_t c = 0; c < row.size(); ++c) {
            const std::string padding(widths[c] - row[c].size(), ' ');
            text += c == 0 ? row[c] + padding : "  " + padding + row[c];
        }
        text += "\n";
    }
    return text;
}

std::string number(const char* format, double value) {
    std::array<char, 64> buffer;
    std::snprintf(buffer.data(), buffer.size(), format, value);
    return buffer.data();
}

std::string duration(double seconds) {
    if (seconds == 0) return "0";
    return seconds < 1e-3 ? number("%.1f us", seconds * 1e6) : number("%.3f ms", seconds * 1e3);
}

void draw(const std::string& script, const std::string& source, const std::string& picture) {
    const auto failed = [&](const std::string& why) {
        return std::runtime_error(picture + ": could not be drawn" + why);
    };
    std::array<std::string, 4> words = {"", runtime::data_folder() / "runtime/plots" / script,
                                        source, picture};
    try {
        words[0] = runtime::python_with("matplotlib", "python3-matplotlib");
    } catch (const std::runtime_error& error) {
        throw failed(std::string(": ") + error.what());
    }
    std::array<char*, 5> arguments = {words[0].data(), words[1].data(), words[2].data(),
                                      words[3].data(), nullptr};
    pid_t child = 0;
    int status = -1;
    const int error =
        posix_spawn(&child, words[0].c_str(), nullptr, nullptr, arguments.data(), environ);
    if (error == 0) waitpid(child, &status, 0);
    if (error != 0) throw failed(": " + words[0] + ": " + std::generic_category().message(error));
    if (status != 0) throw failed(", for the reason above");
}

}  // namespace aircomp::app
