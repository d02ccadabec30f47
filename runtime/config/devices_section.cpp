// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and checks of devices and their shares.
#include "config/devices_section.hpp"

#include <cmath>
#include <set>

#include "config/device_presets.hpp"
#include "config/keys.hpp"
#include "config/physical_ranges.hpp"

namespace aircomp::runtime {
namespace {

std::vector<std::string> preset_names() {
    std::vector<std::string> names;
    for (const DevicePreset& preset : device_presets())
        names.push_back(preset.name);
    return names;
}

/// Its figures are there before the keys that may set others.
Key<DeviceConfig> preset_key() {
    std::string names;
    for (const std::string& name : preset_names())
        names += (names.empty() ? "" : ", ") + name;
    auto key = text("preset", &DeviceConfig::preset,
                    "A well-known board, whose compute_flops_per_s, energy_j_per_flop, "
                    "memory_bytes and memory_bandwidth_bytes_per_s the entry may then leave out.",
                    {names, nullptr});
    key.read = [names](const YamlNode& node, const auto&, DeviceConfig& device) {
        node.read(device.preset);
        if (!node.present()) return;
        for (const DevicePreset& preset : device_presets()) {
            if (preset.name != device.preset) continue;
            device.compute_flops_per_s = preset.compute_flops_per_s;
            device.energy_j_per_flop = preset.energy_j_per_flop;
            device.memory_bytes = preset.memory_bytes;
            device.memory_bandwidth_bytes_per_s = preset.memory_bandwidth_bytes_per_s;
            for (const char* name : {"compute_flops_per_s", "energy_j_per_flop", "memory_bytes"})
                node.provides(name);
            return;
        }
        node.fail("one of " + names, did_you_mean(device.preset, preset_names()));
    };
    return key;
}

}  // namespace

const Keys<DeviceConfig>& device_keys() {
    using D = DeviceConfig;
    static const Keys<D> keys = {
        text("name", &D::name, "What tables and logs call it, unlike any other.",
             {"a name", [](const std::string& name) { return !name.empty(); }})
            .required(),
        preset_key(),
        number("compute_flops_per_s", &D::compute_flops_per_s, "FLOP/s", flops_per_s_range,
               "What it reaches on one token at a time.")
            .required(),
        number("energy_j_per_flop", &D::energy_j_per_flop, "J/FLOP", energy_j_per_flop_range,
               "What that costs.")
            .required(),
        number("max_power_w", &D::max_power_w, "W", transmit_power_range,
               "Transmit power: mean power of the samples that the DAC is given over a token.")
            .required(),
        number("memory_bytes", &D::memory_bytes, "bytes", within(1, 1e15),
               "Memory for weights and KV cache.")
            .required(),
        number(
            "memory_bandwidth_bytes_per_s", &D::memory_bandwidth_bytes_per_s, "bytes/s",
            bytes_per_s_range,
            "How fast weights and KV cache are read, once a token; where it is left out, as fast "
            "as the device computes."),
        number("antennas", &D::antennas, "", within(1, largest_antenna_count),
               "Antennas, at least radio.streams.")
            .required(),
        number("path_gain", &D::path_gain, "", path_gain_range,
               "Mean power gain to the server, linear; where it is left out, 10^-u with u drawn "
               "from the seed, uniform in (0, 1)."),
        number("energy_j_per_token", &D::energy_j_per_token, "J", within(0, 1e12),
               "What computing and transmitting a token may take, anything where it is left out; "
               "analog schemes cannot transmit with what computing takes of it, digital ones are "
               "charged for energy, but not held to it."),
        number("min_power_w", &D::min_power_w, "W", with_others("0 to max_power_w"),
               "Transmit power that computing has to leave to a device which holds anything of "
               "the model, for schemes that choose the shares."),
        number("radio_receive_power_w", &D::radio_receive_power_w, "W", radio_power_range,
               "What its radio takes while it receives, besides radio_idle_power_w."),
        number("radio_idle_power_w", &D::radio_idle_power_w, "W", radio_power_range,
               "What its radio takes all the time, while the device computes as well."),
    };
    return keys;
}

void check_devices(const std::vector<DeviceConfig>& devices, const Checker& check) {
    check.require(!devices.empty() && devices.size() <= largest_device_count, "devices",
                  "from 1 to " + to_text(largest_device_count) + " devices", devices.size());
    std::set<std::string> names;
    for (std::size_t n = 0; n < devices.size(); ++n) {
        const DeviceConfig& device = devices[n];
        const Checker own = check.in("devices[" + std::to_string(n) + "]");
        own.require(names.insert(device.name).second, "name", "a name of its own",
                    device.name + " again");
        own.require(device.min_power_w >= 0 && device.min_power_w <= device.max_power_w,
                    "min_power_w", "a number from 0 to max_power_w", device.min_power_w);
    }
}

void check_shares(const std::vector<double>& shares, std::size_t devices, const Checker& check) {
    if (shares.empty()) return;
    check.require(shares.size() == devices, "shares",
                  to_text(devices) + " numbers, as many as devices", shares.size());
    double sum = 0;
    for (const double share : shares)
        sum += share;
    check.require(std::abs(sum - 1) <= 1e-6, "shares", "a sum of 1", sum);
}

}  // namespace aircomp::runtime
