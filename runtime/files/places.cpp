// SPDX-License-Identifier: GPL-3.0-or-later
// Folders beside the program.
#include "files/places.hpp"

#include <cstdlib>
#include <stdexcept>

namespace aircomp::runtime {
namespace {

/// What bin/, lib/ and share/ lie in.
const std::filesystem::path& prefix() {
    static const auto folder =
        std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path();
    return folder;
}

}  // namespace

const std::filesystem::path& data_folder() {
    static const auto folder = prefix() / "share/aircomp";
    if (!std::filesystem::is_directory(folder)) {
        throw std::runtime_error(folder.string() +
                                 ": expected the program's data, found no folder: the program was "
                                 "moved without it");
    }
    return folder;
}

std::filesystem::path driver_folder() {
    return prefix() / "lib/aircomp";
}

void offer_virtual_radios() {
    const auto modules = prefix() / AIRCOMP_UHD_MODULES;
    if (std::filesystem::is_directory(modules))
        setenv("UHD_MODULE_PATH", modules.c_str(), /*overwrite=*/0);
}

std::filesystem::path here_or_shipped(const std::filesystem::path& name) {
    std::error_code not_there;
    if (name.empty() || name.is_absolute() || std::filesystem::exists(name, not_there)) return name;
    auto shipped = prefix() / "share/aircomp" / name;
    return std::filesystem::exists(shipped, not_there) ? shipped : name;
}

}  // namespace aircomp::runtime
