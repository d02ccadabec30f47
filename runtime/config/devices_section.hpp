// SPDX-License-Identifier: GPL-3.0-or-later
// The list devices: what each edge device can do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/section.hpp"

namespace aircomp::runtime {

constexpr std::int64_t largest_device_count = 1024;

/// One edge device.
struct DeviceConfig {
    std::string name;
    std::string preset;  ///< A board whose figures it has where it does not set its own; or none.
    double compute_flops_per_s = 0;  ///< c_n
    double energy_j_per_flop = 0;    ///< e_n
    double max_power_w = 0;          ///< P_max,n: mean power of the samples the DAC is given.
    double memory_bytes = 0;
    int antennas = 0;                 ///< N_t
    std::optional<double> path_gain;  ///< beta_n; drawn as 10^-u from the seed where absent.
    std::optional<double> energy_j_per_token = {};  ///< E_n; unlimited where absent.
    /// b_n of equation (18); nothing waits for memory where absent.
    std::optional<double> memory_bandwidth_bytes_per_s = {};
    double min_power_w = 0;            ///< P_min: what computing has to leave for transmission.
    double radio_receive_power_w = 0;  ///< While it receives, besides radio_idle_power_w.
    double radio_idle_power_w = 0;     ///< What its radio takes all the time.
};

/// Keys of one device.
const Keys<DeviceConfig>& device_keys();

/// How many there are, that names differ, and that powers agree.
void check_devices(const std::vector<DeviceConfig>& devices, const Checker& check);

/// That there are none, or as many as devices, of sum 1.
void check_shares(const std::vector<double>& shares, std::size_t devices, const Checker& check);

}  // namespace aircomp::runtime
