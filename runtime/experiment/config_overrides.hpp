// SPDX-License-Identifier: GPL-3.0-or-later
// What whoever runs a model puts over its configuration: options of a command, arguments of a call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace aircomp::runtime {

/// Members that are empty leave the configuration's values.
struct ConfigOverrides {
    std::string model_folder;
    std::optional<std::int64_t> devices;  ///< The configuration's first ones, or the default kinds.
    std::optional<std::string> scheme;
    std::optional<double> snr_db;
    std::vector<double> shares;
    std::optional<std::uint64_t> seed;
    std::optional<int> threads;
    std::optional<double> digital_bits;
    std::optional<std::string> calibration;  ///< A file, auto, or none.
    std::optional<std::string> csi;          ///< One of csi_names().
    std::optional<std::string> medium;       ///< One of medium_names().
};

std::vector<std::string> csi_names();
std::vector<std::string> medium_names();

/// Puts them over `config`, which validate() has still to see. Throws std::invalid_argument for a
/// number of devices out of range, and for names that are not known.
void apply(const ConfigOverrides& overrides, Config& config);

}  // namespace aircomp::runtime
