// SPDX-License-Identifier: GPL-3.0-or-later
// Drivers by name: found in folders, loaded when the first radio asks for them.
#include "radio/drivers.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "files/places.hpp"

namespace aircomp::runtime {
namespace {

using OpenRadio = decltype(&aircomp_open_radio);

const std::string file_begin = "libaircomp_", file_end = "_driver.so";

/// Those of the laboratory first.
std::vector<std::filesystem::path> driver_folders() {
    std::vector<std::filesystem::path> folders;
    const char* const named = std::getenv("AIRCOMP_DRIVERS");
    std::istringstream list(named == nullptr ? "" : named);
    for (std::string folder; std::getline(list, folder, ':');)
        if (!folder.empty()) folders.emplace_back(folder);
    folders.push_back(driver_folder());
    return folders;
}

/// The driver's name where the file is one.
std::optional<std::string> driver_of(const std::filesystem::path& file) {
    const std::string name = file.filename().string();
    const std::size_t around = file_begin.size() + file_end.size();
    if (name.size() <= around || name.compare(0, file_begin.size(), file_begin) != 0 ||
        name.compare(name.size() - file_end.size(), file_end.size(), file_end) != 0)
        return std::nullopt;
    return name.substr(file_begin.size(), name.size() - around);
}

std::map<std::string, std::filesystem::path> driver_files() {
    std::map<std::string, std::filesystem::path> files;
    for (const auto& folder : driver_folders()) {
        std::error_code not_there;
        for (const auto& entry : std::filesystem::directory_iterator(folder, not_there))
            if (const auto name = driver_of(entry.path())) files.emplace(*name, entry.path());
    }
    return files;
}

/// The function that opens radios; what is wrong with the file is said with its name.
OpenRadio load(const std::filesystem::path& file) {
    // What goes wrong is said by errors; UHD's notices are for those who ask for them.
    setenv("UHD_LOG_CONSOLE_LEVEL", "warning", /*overwrite=*/0);
    offer_virtual_radios();
    void* const module = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (module == nullptr) throw std::runtime_error(std::string("it does not load: ") + dlerror());
    const auto interface_of = reinterpret_cast<decltype(&aircomp_driver_interface)>(
        dlsym(module, "aircomp_driver_interface"));
    const auto open = reinterpret_cast<OpenRadio>(dlsym(module, "aircomp_open_radio"));
    if (interface_of == nullptr || open == nullptr) {
        throw std::runtime_error(file.string() +
                                 ": expected aircomp_driver_interface() and aircomp_open_radio()");
    }
    if (interface_of() != driver_interface) {
        throw std::runtime_error(file.string() + ": expected interface " +
                                 std::to_string(driver_interface) + ", found " +
                                 std::to_string(interface_of()) + ": compile it again");
    }
    return open;
}

/// Loaded once each, by file: radios are opened by several threads.
OpenRadio loaded(const std::filesystem::path& file) {
    static std::mutex mutex;
    static std::map<std::filesystem::path, OpenRadio> drivers;
    const std::lock_guard<std::mutex> lock(mutex);
    const auto known = drivers.find(file);
    return known != drivers.end() ? known->second : drivers[file] = load(file);
}

}  // namespace

std::vector<std::string> radio_drivers() {
    std::vector<std::string> names;
    for (const auto& [name, file] : driver_files())
        names.push_back(name);
    return names;
}

std::unique_ptr<RadioSession> open_radio(const RadioOptions& options) {
    const std::string radio = "radio '" + options.name + "': driver";
    const auto files = driver_files();
    const auto file = files.find(options.driver);
    if (file == files.end()) {
        std::string known;
        for (const auto& [name, path] : files)
            known += (known.empty() ? "" : ", ") + name;
        throw std::runtime_error(radio + ": expected " +
                                 (known.empty() ? "one of AIRCOMP_DRIVERS or ../lib/aircomp, which "
                                                  "have none"
                                                : "one of " + known) +
                                 ", found '" + options.driver + "'");
    }
    OpenRadio open = nullptr;
    try {
        open = loaded(file->second);
    } catch (const std::exception& error) {
        throw std::runtime_error(radio + " '" + options.driver + "': " + error.what());
    }
    return std::unique_ptr<RadioSession>(open(options));
}

const char* to_string(WindowState state) {
    switch (state) {
        case WindowState::whole:
            return "whole";
        case WindowState::late:
            return "late";
        case WindowState::overflowed:
            return "overflowed";
        case WindowState::missing:
            return "missing";
    }
    return "unknown";
}

}  // namespace aircomp::runtime
