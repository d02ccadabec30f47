// SPDX-License-Identifier: GPL-3.0-or-later
// Where the program finds what it does not carry in itself: relative to itself, so that what was
// installed can be moved. A build folder has links where an installation has folders.
#pragma once

#include <filesystem>
#include <string>

namespace aircomp::runtime {

/// The folder with configs/, gr-aircomp/examples/, runtime/plots/, scripts/ and inference/models/, as
/// in the source tree: ../share/aircomp beside the program, or beside what a link to it refers to.
///
/// Throws std::runtime_error where it is not there.
const std::filesystem::path& data_folder();

/// Drivers of radios: ../lib/aircomp beside the program. It need not be there.
std::filesystem::path driver_folder();

/// Lets UHD, here and in processes that are started from here, find the virtual radios that were
/// installed or built with the program. A UHD_MODULE_PATH that is set stays as it is.
void offer_virtual_radios();

/// `name` where it is there or absolute; else the file or folder of this name in data_folder(), as
/// configs/batteries.yaml; else `name`.
std::filesystem::path here_or_shipped(const std::filesystem::path& name);

}  // namespace aircomp::runtime
