// SPDX-License-Identifier: GPL-3.0-or-later
// The configuration of a testbed: parsed once from YAML, validated there, const afterwards.
// `aircomp config` prints every key with what it means.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/accuracy_section.hpp"
#include "config/analog_section.hpp"
#include "config/assignment_section.hpp"
#include "config/calibration_section.hpp"
#include "config/compute_section.hpp"
#include "config/devices_section.hpp"
#include "config/digital_section.hpp"
#include "config/frame_section.hpp"
#include "config/model_section.hpp"
#include "config/radio_section.hpp"
#include "config/radios_section.hpp"
#include "config/relays_section.hpp"
#include "config/status_section.hpp"
#include "config/testbed_section.hpp"
#include "config/waveform_section.hpp"

namespace aircomp::runtime {

/// How deep a scheme over the air is simulated: channel use by channel use sample by sample,
/// or not simulated at all: over the section radios.
enum class AirMedium { symbol, waveform, radio };

/// What a simulated cell charges. `paper`: payloads alone, digital ones at Shannon's rate, and a way
/// down after every site. `whole`: headers and turnarounds (17) and finite blocks (16) as well, and
/// no way down after the last site, which no device needs.
enum class Costs { whole, paper };

/// Everything an experiment's figures depend on.
struct Config {
    ModelSettings model;
    inference::Compute compute;
    std::vector<DeviceConfig> devices;
    std::vector<double> shares;  ///< m_n; empty: equal.
    Costs costs = Costs::whole;
    RadioConfig radio;
    FrameConfig frame;
    AnalogConfig analog;
    DigitalConfig digital;
    CalibrationConfig calibration;
    AccuracyConfig accuracy;
    AirMedium medium = AirMedium::symbol;
    WaveformConfig waveform;
    RadiosConfig radios;
    RelaysConfig relays;
    AssignmentConfig assignment;
    TestbedConfig testbed;
    StatusConfig status;
    double server_flops_per_s = 0;  ///< Of the coordinator, for embedding and head.
    double server_energy_j_per_flop = 0;
    std::optional<double> server_memory_bandwidth_bytes_per_s;
    std::string scheme = "mmse";
    std::uint64_t seed = 1;
    int threads = 0;  ///< 0: all cores.
};

/// Four unequal devices and a server with eight antennas; the values of docs/system-model.md section 7.
Config default_config();

/// `default_config()` cut or grown to `devices` devices, the four kinds in turn. Throws
/// std::invalid_argument unless 1 <= devices <= 1024.
Config default_config(std::int64_t devices);

/// Gives the configuration `count` devices: those that it has, in turn, under names of their own.
void repeat_devices(Config& config, std::size_t count);

/// A further check of a whole configuration, by whoever knows more than its sections do.
using ConfigCheck = std::function<void(const Config& config, const Checker& check)>;

/// Reads and validates a YAML file; keys that it does not set keep default_config()'s values, but a
/// list of devices replaces the four, and each of its entries sets every key but path_gain.
/// Throws std::runtime_error naming file, line, key, what was expected and found; an unknown key
/// comes with the nearest known one. `also` checks what other rooms know, such as the scheme.
Config read_config(const std::filesystem::path& file, const ConfigCheck& also = nullptr);

/// The same of a YAML text, whose paths are relative to `folder` and whose errors begin with
/// `origin`. Ranges are left to validate(), for the caller may have more to set.
Config parse_config(const std::string& yaml, const std::string& origin,
                    const std::filesystem::path& folder);

/// Checks what the types cannot: ranges, counts that must agree, shares that must sum to 1.
/// Throws std::runtime_error beginning with `origin`, naming key, expected and found.
void validate(const Config& config, const std::string& origin, const ConfigCheck& also = nullptr);

}  // namespace aircomp::runtime
