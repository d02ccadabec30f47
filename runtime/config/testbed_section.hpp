// SPDX-License-Identifier: GPL-3.0-or-later
// The section testbed: coordinator and devices as processes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "config/section.hpp"

namespace aircomp::runtime {

/// How shares are chosen where coordinator and devices are processes.
enum class ShareSource { configured, measured };

/// Coordinator and devices as processes: addresses, deadlines, who has to be there.
struct TestbedConfig {
    std::string listen = "127.0.0.1:0";   ///< HOST:PORT of the coordinator; port 0: any.
    std::string metrics_listen = "none";  ///< HOST:PORT of /metrics and /status.
    std::filesystem::path certificates;   ///< The coordinator's; empty: none, loopback only.
    double heartbeat_s = 0.5;             ///< A peer that is silent for so long is lost.
    double hello_timeout_s = 5;           ///< From a connection to its hello, TLS included.
    double round_timeout_s = 30;  ///< Until a round is asked for again; then the device is lost.
    double join_timeout_s = 60;   ///< Wait for devices that the run cannot go on without.
    int min_devices = 0;          ///< That have to be there at the start; 0: all.
    ShareSource shares = ShareSource::configured;
    /// Over the air, partials also travel over the control link, so that the sums' error is known.
    bool measure = false;
};

const Keys<TestbedConfig>& testbed_keys();

/// That no more devices are waited for than there are.
void check_testbed(const TestbedConfig& testbed, std::size_t devices, const Checker& check);

}  // namespace aircomp::runtime
