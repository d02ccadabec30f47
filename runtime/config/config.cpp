// SPDX-License-Identifier: GPL-3.0-or-later
// The configuration: its table of keys, its defaults, and what makes one valid.
#include "config/config.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "config/keys.hpp"
#include "config/physical_ranges.hpp"
#include "config/waveform_format.hpp"

namespace aircomp::runtime {

namespace {

Keys<Config> model_and_devices() {
    return {
        section("model", &Config::model, model_keys(), "Which model, and how much of it fits."),
        section("compute", &Config::compute, compute_keys(),
                "What the devices of this process compute with; aircomp device has options for "
                "it."),
        text("scheme", &Config::scheme,
             "What carries the all-reduce: centralized, exact, digital, digital-sdma, zf-sdma or "
             "fdma; "
             "gather, gather-sdma or gather-zf, where the server holds the last projection of "
             "every site and "
             "devices send what it is applied to; or, adding on the air, alternating, inversion, "
             "mmse, sdr or uniform; or mmse+sca and sdr+sca, which choose the shares too; or "
             "hierarchical, which adds at relays first; or auto, what aircomp plan chooses for the "
             "model."),
        list("devices", &Config::devices, device_keys(),
             "The edge devices; a list of one's own replaces the default's."),
        numbers("shares", &Config::shares, within(0, 1),
                "The share of every layer that each device holds, as many numbers as devices, of "
                "sum 1; an empty list: equal shares, or those that the scheme chooses."),
        number("server_flops_per_s", &Config::server_flops_per_s, "FLOP/s", flops_per_s_range,
               "What the coordinator reaches, which computes embedding and output head."),
        number("server_energy_j_per_flop", &Config::server_energy_j_per_flop, "J/FLOP",
               energy_j_per_flop_range, "What that costs."),
        number("server_memory_bandwidth_bytes_per_s", &Config::server_memory_bandwidth_bytes_per_s,
               "bytes/s", bytes_per_s_range,
               "How fast the coordinator reads weights; where it is left out, as fast as it "
               "computes."),
    };
}

Keys<Config> air() {
    return {
        choice("costs", &Config::costs, {{"whole", Costs::whole}, {"paper", Costs::paper}},
               "What a simulated cell charges: whole, payloads with headers and turnarounds, "
               "digital ones in finite blocks of a real code, and no way down after a token's last "
               "site; or as the paper counts, payloads alone, at Shannon's rate, and a way down "
               "after every site."),
        section("radio", &Config::radio, radio_keys(),
                "The channel, what is known of it, and how the sum returns."),
        section("frame", &Config::frame, frame_keys(),
                "What stands around the values of every burst, for all schemes and at any depth."),
        section("analog", &Config::analog, analog_keys(), "Schemes that add on the air."),
        section("digital", &Config::digital, digital_keys(), "Schemes that send partials in bits."),
        section("calibration", &Config::calibration, calibration_keys(),
                "What schemes that do not send partials as they are make of a calibration of the "
                "model."),
        section("accuracy", &Config::accuracy, accuracy_keys(),
                "What analog schemes may cost the model, at the least time on the air."),
        section("relays", &Config::relays, relays_keys(),
                "Relays of the scheme hierarchical: devices join the relay that hears them best, "
                "clusters take turns, and relays send what they received on to the server, noise "
                "included."),
        choice("medium", &Config::medium,
               {{"symbol", AirMedium::symbol},
                {"waveform", AirMedium::waveform},
                {"radio", AirMedium::radio}},
               "How deep a scheme over the air with a transceiver design is simulated: channel use "
               "by channel use; sample by sample, as the section waveform says; or not at all, "
               "over the section radios; fdma and hierarchical are simulated channel use by "
               "channel use whatever stands here."),
        section("waveform", &Config::waveform, waveform_keys(),
                "OFDM bursts, and what radios and air do to them; where a value has a sign, each "
                "device draws its own from the seed, uniform between both signs."),
        section("radios", &Config::radios, radios_keys(),
                "Real or virtual radios; without this section there are none.", has_radios),
    };
}

Keys<Config> process() {
    return {
        section("assignment", &Config::assignment, assignment_keys(),
                "What aircomp assign has to keep besides the devices' own limits."),
        section("testbed", &Config::testbed, testbed_keys(),
                "Coordinator and devices as processes; docs/control.md describes them."),
        section("status", &Config::status, status_keys(), "What a coordinator shows of its run."),
        number("seed", &Config::seed, "", at_least(0), "Everything random is drawn from it."),
        number("threads", &Config::threads, "", within(0, 4096),
               "Threads of this process, shared out among the simulated devices; 0: one per core."),
    };
}

const Keys<Config>& config_keys() {
    static const Keys<Config> keys = [] {
        Keys<Config> all;
        for (const Keys<Config>& part : {model_and_devices(), air(), process()})
            all.insert(all.end(), part.begin(), part.end());
        return all;
    }();
    return keys;
}

// ---- validity ----

/// The streams that every link can carry, min(N_t, N_r).
int most_streams(const Config& config) {
    int most = config.radio.server_antennas;
    for (const DeviceConfig& device : config.devices)
        most = std::min(most, device.antennas);
    return most;
}

void check_burst(const Config& config, const Checker& check) {
    const std::string& silent = config.waveform.silent_device;
    const bool known = std::any_of(config.devices.begin(), config.devices.end(),
                                   [&](const auto& device) { return device.name == silent; });
    check.require(silent == "none" || known, "waveform.silent_device", "none or a device's name",
                  silent);
    if (config.medium != AirMedium::waveform && config.radios.devices.empty()) return;
    try {
        phy::validate(burst_format(config));
    } catch (const std::invalid_argument& error) {
        check.fail("waveform", error.what());
    }
}

void check_config(const Config& config, const Checker& check) {
    check_keys(config, config_keys(), check);
    check_compute(config.compute, check.in("compute"));
    check_devices(config.devices, check);
    check_shares(config.shares, config.devices.size(), check);
    check_radio(config.radio, most_streams(config), check.in("radio"));
    check_digital(config.digital, check.in("digital"));
    check_waveform(config.waveform, config.radio.bandwidth_hz, check.in("waveform"));
    check_burst(config, check);
    check_radios(config.radios, config.devices.size(), config.radio.bandwidth_hz,
                 check.in("radios"));
    check_testbed(config.testbed, config.devices.size(), check.in("testbed"));
}

}  // namespace

Config default_config() {
    return default_config(4);
}

Config default_config(std::int64_t devices) {
    if (devices < 1 || devices > largest_device_count) {
        throw std::invalid_argument("devices: expected from 1 to " + to_text(largest_device_count) +
                                    ", found " + to_text(devices));
    }
    constexpr double gib = 1 << 30;
    // Boards from a small computer with a few fast cores down to one with slow ones; what they
    // reach in practice on one token at a time, and the power that it takes per operation.
    const std::array<DeviceConfig, 4> kinds = {{
        {"", "", 20e9, 1.0e-10, 0.1, 4 * gib, 2, {}},
        {"", "", 12e9, 1.1e-10, 0.1, 2 * gib, 2, {}},
        {"", "", 8e9, 1.2e-10, 0.1, 2 * gib, 2, {}},
        {"", "", 5e9, 1.4e-10, 0.1, 1 * gib, 2, {}},
    }};
    Config config;
    for (std::size_t n = 0; n < static_cast<std::size_t>(devices); ++n) {
        config.devices.push_back(kinds[n % kinds.size()]);
        config.devices.back().name = "device-" + std::to_string(n + 1);
    }
    config.server_flops_per_s = 100e9;
    config.server_energy_j_per_flop = 1e-10;
    return config;
}

void repeat_devices(Config& config, std::size_t count) {
    const auto kinds = config.devices;
    config.devices.clear();
    for (std::size_t n = 0; n < count; ++n) {
        config.devices.push_back(kinds[n % kinds.size()]);
        config.devices.back().name = "device-" + std::to_string(n + 1);
    }
    if (config.shares.size() != count) config.shares.clear();
}

Config read_config(const std::filesystem::path& file, const ConfigCheck& also) {
    YamlDocument document(file);
    Config config = default_config();
    read_keys(document.root(), file.parent_path(), config_keys(), config);
    document.check_keys();
    const Checker check([&](const std::string& key) { return document.place(key); });
    check_config(config, check);
    if (also) also(config, check);
    return config;
}

Config parse_config(const std::string& yaml, const std::string& origin,
                    const std::filesystem::path& folder) {
    YamlDocument document(yaml, origin);
    Config config = default_config();
    read_keys(document.root(), folder, config_keys(), config);
    document.check_keys();
    return config;
}

void validate(const Config& config, const std::string& origin, const ConfigCheck& also) {
    const Checker check([&](const std::string& key) { return origin + ": " + key; });
    check_config(config, check);
    if (also) also(config, check);
}

std::vector<ConfigEntry> entries_of(const Config& config, const std::filesystem::path& folder) {
    return show_keys(config, default_config(), folder, config_keys());
}

}  // namespace aircomp::runtime
