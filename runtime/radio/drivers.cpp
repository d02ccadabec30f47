// SPDX-License-Identifier: GPL-3.0-or-later
// Radios by the name of their driver.
#include "radio/drivers.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace aircomp::runtime {

#ifdef AIRCOMP_HAVE_UHD
namespace {

/// The module lies beside the program's folder, in the build as where it is installed. It stays
/// loaded: UHD does not come down and up again.
decltype(&aircomp_open_uhd_radio) load_uhd_driver(const std::string& radio) {
    // What goes wrong is said by errors; UHD's notices are for those who ask for them.
    setenv("UHD_LOG_CONSOLE_LEVEL", "warning", /*overwrite=*/0);
    const auto program = std::filesystem::read_symlink("/proc/self/exe");
    const auto file = program.parent_path().parent_path() / "lib/aircomp/libaircomp_uhd_driver.so";
    void* const module = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    void* const open = module == nullptr ? nullptr : dlsym(module, "aircomp_open_uhd_radio");
    if (open == nullptr) {
        throw std::runtime_error("radio '" + radio +
                                 "': the driver for UHD does not load: " + dlerror());
    }
    return reinterpret_cast<decltype(&aircomp_open_uhd_radio)>(open);
}

}  // namespace
#endif

std::vector<std::string> radio_drivers() {
#ifdef AIRCOMP_HAVE_UHD
    return {"uhd"};
#else
    return {};
#endif
}

std::unique_ptr<RadioSession> open_radio(const RadioOptions& options) {
#ifdef AIRCOMP_HAVE_UHD
    if (options.driver == "uhd") {
        const static auto open = load_uhd_driver(options.name);
        return std::unique_ptr<RadioSession>(open(options));
    }
#endif
    std::string known;
    for (const auto& name : radio_drivers())
        known += (known.empty() ? "" : ", ") + name;
    throw std::runtime_error("radio '" + options.name + "': driver '" + options.driver +
                             "' is not in this build, which has " +
                             (known.empty() ? "none: UHD was not found" : known));
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
