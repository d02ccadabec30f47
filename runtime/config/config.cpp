// SPDX-License-Identifier: GPL-3.0-or-later
// The configuration: its defaults, its keys in YAML, and what makes one valid.
#include "config/config.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "config/checker.hpp"
#include "config/waveform_format.hpp"
#include "config/yaml_reader.hpp"

namespace aircomp::runtime {

namespace {

constexpr std::int64_t largest_device_count = 1024;
constexpr int largest_antenna_count = 1024;

// ---- from YAML: the keys of every section, once ----

const std::vector<std::pair<std::string, Fading>> fading_names = {{"rayleigh", Fading::rayleigh},
                                                                  {"rician", Fading::rician}};
const std::vector<std::pair<std::string, ChannelKnowledge>> channel_knowledge_names = {
    {"estimated", ChannelKnowledge::estimated}, {"perfect", ChannelKnowledge::perfect}};
const std::vector<std::pair<std::string, ScalePolicy>> scale_names = {
    {"calibrated", ScalePolicy::calibrated},
    {"shared", ScalePolicy::shared},
    {"exchanged", ScalePolicy::exchanged}};

const std::vector<std::pair<std::string, ShareSource>> share_names = {
    {"configured", ShareSource::configured}, {"measured", ShareSource::measured}};

const std::vector<std::pair<std::string, RadioChain>> chain_names = {
    {"kernels", RadioChain::kernels},
    {"flowgraph", RadioChain::flowgraph},
    {"companion", RadioChain::companion}};

const std::vector<std::pair<std::string, AirMedium>> medium_names = {
    {"symbol", AirMedium::symbol}, {"waveform", AirMedium::waveform}, {"radio", AirMedium::radio}};

void read_model(const YamlNode& node, const std::filesystem::path& base, ModelSettings& model) {
    if (std::string folder; node.at("folder").present()) {
        node.at("folder").read(folder);
        model.folder = (base / folder).lexically_normal();
    }
    node.at("context").read(model.context);
    node.at("prefill_chunk").read(model.prefill_chunk);
}

DeviceConfig read_device(const YamlNode& node) {
    DeviceConfig device;
    node.at("name").required().read(device.name);
    node.at("compute_flops_per_s").required().read(device.compute_flops_per_s);
    node.at("energy_j_per_flop").required().read(device.energy_j_per_flop);
    node.at("max_power_w").required().read(device.max_power_w);
    node.at("memory_bytes").required().read(device.memory_bytes);
    node.at("antennas").required().read(device.antennas);
    if (node.at("path_gain").present()) node.at("path_gain").read(device.path_gain.emplace());
    if (const YamlNode energy = node.at("energy_j_per_token"); energy.present()) {
        energy.read(device.energy_j_per_token.emplace());
    }
    node.at("min_power_w").read(device.min_power_w);
    return device;
}

void read_radio(const YamlNode& node, RadioConfig& radio) {
    node.at("server_antennas").read(radio.server_antennas);
    node.at("streams").read(radio.streams);
    node.at("bandwidth_hz").read(radio.bandwidth_hz);
    node.at("overhead_factor").read(radio.overhead_factor);
    node.at("snr_db").read(radio.snr_db);
    node.at("fading").read(radio.fading, fading_names);
    node.at("rician_factor").read(radio.rician_factor);
    node.at("coherence_block_s").read(radio.coherence_block_s);
    node.at("doppler_hz").read(radio.doppler_hz);
    node.at("knowledge_age_s").read(radio.knowledge_age_s);
    node.at("channel_knowledge").read(radio.channel_knowledge, channel_knowledge_names);
    node.at("pilots_per_antenna").read(radio.pilots_per_antenna);
    node.at("downlink").read(radio.downlink);
    node.at("server_power_w").read(radio.server_power_w);
    node.at("downlink_bits").read(radio.downlink_bits);
    node.at("control_rate_bytes_per_s").read(radio.control_rate_bytes_per_s);
    node.at("control_latency_s").read(radio.control_latency_s);
}

void read_analog(const YamlNode& node, AnalogConfig& analog) {
    node.at("scale").read(analog.scale, scale_names);
    node.at("rotation").read(analog.rotation);
    node.at("clip_level").read(analog.clip_level);
}

void read_waveform(const YamlNode& node, WaveformConfig& waveform) {
    node.at("fft_size").read(waveform.fft_size);
    node.at("guard_low").read(waveform.guard_low);
    node.at("guard_high").read(waveform.guard_high);
    node.at("prefix").read(waveform.prefix);
    node.at("sync_periods").read(waveform.sync_periods);
    node.at("pilots").read(waveform.pilots);
    node.at("resource_block").read(waveform.resource_block);
    node.at("turnaround_s").read(waveform.turnaround_s);
    node.at("attempts").read(waveform.attempts);
    node.at("least_confidence").read(waveform.least_confidence);
    node.at("paths").read(waveform.paths);
    node.at("path_decay_db").read(waveform.path_decay_db);
    node.at("timing_offset").read(waveform.timing_offset);
    node.at("carrier_offset_hz").read(waveform.carrier_offset_hz);
    node.at("residual_offset_hz").read(waveform.residual_offset_hz);
    node.at("linewidth_hz").read(waveform.linewidth_hz);
    node.at("sampling_offset_ppm").read(waveform.sampling_offset_ppm);
    node.at("iq_gain_db").read(waveform.iq_gain_db);
    node.at("iq_phase_deg").read(waveform.iq_phase_deg);
    node.at("transmit_range").read(waveform.transmit_range);
    node.at("receive_range").read(waveform.receive_range);
    node.at("dac_bits").read(waveform.dac_bits);
    node.at("adc_bits").read(waveform.adc_bits);
    node.at("dropout").read(waveform.dropout);
    node.at("silent_device").read(waveform.silent_device);
}

void read_testbed(const YamlNode& node, const std::filesystem::path& base, TestbedConfig& testbed) {
    node.at("listen").read(testbed.listen);
    node.at("metrics_listen").read(testbed.metrics_listen);
    if (std::string folder; node.at("certificates").present()) {
        node.at("certificates").read(folder);
        testbed.certificates =
            folder == "none" ? std::filesystem::path() : (base / folder).lexically_normal();
    }
    node.at("heartbeat_s").read(testbed.heartbeat_s);
    node.at("hello_timeout_s").read(testbed.hello_timeout_s);
    node.at("round_timeout_s").read(testbed.round_timeout_s);
    node.at("join_timeout_s").read(testbed.join_timeout_s);
    node.at("minimum_devices").read(testbed.minimum_devices);
    node.at("shares").read(testbed.shares, share_names);
    node.at("measure").read(testbed.measure);
}

void read_limits(const YamlNode& node, TransmitLimits& limits) {
    for (const YamlNode& range : node.at("frequency_ranges_hz").elements()) {
        FrequencyRange& own = limits.frequency_ranges.emplace_back();
        range.at("low").required().read(own.low_hz);
        range.at("high").required().read(own.high_hz);
    }
    node.at("most_gain_db").read(limits.most_gain_db);
    node.at("most_mean_dbfs").read(limits.most_mean_dbfs);
    if (node.at("most_power_dbm").present())
        node.at("most_power_dbm").read(limits.most_power_dbm.emplace());
    node.at("most_duty").read(limits.most_duty);
    node.at("watchdog_s").read(limits.watchdog_s);
}

RadioEndConfig read_radio_end(const YamlNode& node, RadioChain chain,
                              const std::filesystem::path& base) {
    RadioEndConfig radio;
    radio.chain = chain;
    node.at("chain").read(radio.chain, chain_names);
    node.at("args").required().read(radio.args);
    node.at("subdevice").read(radio.subdevice);
    node.at("transmit_port").read(radio.transmit_port);
    node.at("receive_port").read(radio.receive_port);
    node.at("transmit_gain_db").read(radio.transmit_gain_db);
    node.at("receive_gain_db").read(radio.receive_gain_db);
    if (std::string file; node.at("calibration").present()) {
        node.at("calibration").read(file);
        radio.calibration = (base / file).lexically_normal();
    }
    return radio;
}

void read_radios(const YamlNode& node, const std::filesystem::path& base, RadiosConfig& radios) {
    node.at("transmit").read(radios.transmit);
    node.at("frequency_hz").read(radios.frequency_hz);
    node.at("clock_source").read(radios.clock_source);
    node.at("time_source").read(radios.time_source);
    node.at("unit_power_dbfs").read(radios.unit_power_dbfs);
    node.at("receive_headroom_db").read(radios.receive_headroom_db);
    node.at("carrier_offset_hz").read(radios.carrier_offset_hz);
    node.at("linewidth_hz").read(radios.linewidth_hz);
    node.at("lead_s").read(radios.lead_s);
    node.at("interval_s").read(radios.interval_s);
    node.at("patience_s").read(radios.patience_s);
    node.at("most_evm").read(radios.most_evm);
    read_limits(node.at("limits"), radios.limits);
    if (!node.present()) return;
    RadioChain chain = RadioChain::kernels;
    node.at("chain").read(chain, chain_names);
    radios.server = read_radio_end(node.at("server").required(), chain, base);
    for (const YamlNode& device : node.at("devices").required().elements())
        radios.devices.push_back(read_radio_end(device, chain, base));
}

void read_relays(const YamlNode& node, RelaysConfig& relays) {
    node.at("count").read(relays.count);
    node.at("antennas").read(relays.antennas);
    node.at("power_w").read(relays.power_w);
    node.at("path_gain").read(relays.path_gain);
    node.at("path_loss_exponent").read(relays.path_loss_exponent);
}

void read_top_level(const YamlNode& root, const std::filesystem::path& base, Config& config) {
    read_model(root.at("model"), base, config.model);
    if (const YamlNode devices = root.at("devices"); devices.present()) {
        config.devices.clear();
        for (const YamlNode& device : devices.elements())
            config.devices.push_back(read_device(device));
    }
    for (const YamlNode& share : root.at("shares").elements())
        share.read(config.shares.emplace_back());
    read_radio(root.at("radio"), config.radio);
    read_analog(root.at("analog"), config.analog);
    root.at("medium").read(config.medium, medium_names);
    read_waveform(root.at("waveform"), config.waveform);
    read_radios(root.at("radios"), base, config.radios);
    read_relays(root.at("relays"), config.relays);
    root.at("assignment").at("compute_time_s").read(config.assignment.compute_time_s);
    read_testbed(root.at("testbed"), base, config.testbed);
    root.at("server_flops_per_s").read(config.server_flops_per_s);
    root.at("server_energy_j_per_flop").read(config.server_energy_j_per_flop);
    root.at("scheme").read(config.scheme);
    root.at("digital_bits").read(config.digital_bits);
    root.at("seed").read(config.seed);
    root.at("threads").read(config.threads);
}

// ---- validity ----

void check_devices(const std::vector<DeviceConfig>& devices, const Checker& check) {
    check.require(!devices.empty() && devices.size() <= largest_device_count, "devices",
                  "from 1 to " + to_text(largest_device_count) + " devices", devices.size());
    std::set<std::string> names;
    for (std::size_t n = 0; n < devices.size(); ++n) {
        const DeviceConfig& device = devices[n];
        const Checker own = check.in("devices[" + std::to_string(n) + "]");
        own.require(!device.name.empty(), "name", "a name", "none");
        own.require(names.insert(device.name).second, "name", "a name of its own",
                    device.name + " again");
        own.positive("compute_flops_per_s", device.compute_flops_per_s);
        own.not_negative("energy_j_per_flop", device.energy_j_per_flop);
        own.positive("max_power_w", device.max_power_w);
        own.positive("memory_bytes", device.memory_bytes);
        own.within("antennas", device.antennas, 1, largest_antenna_count);
        if (device.path_gain) own.positive("path_gain", *device.path_gain);
        if (device.energy_j_per_token) {
            own.not_negative("energy_j_per_token", *device.energy_j_per_token);
        }
        own.require(device.min_power_w >= 0 && device.min_power_w <= device.max_power_w,
                    "min_power_w", "a number from 0 to max_power_w", device.min_power_w);
    }
}

void check_shares(const std::vector<double>& shares, std::size_t devices, const Checker& check) {
    if (shares.empty()) return;
    check.require(shares.size() == devices, "shares",
                  to_text(devices) + " numbers, as many as devices", shares.size());
    double sum = 0;
    for (std::size_t n = 0; n < shares.size(); ++n) {
        check.within("shares[" + std::to_string(n) + "]", shares[n], 0.0, 1.0);
        sum += shares[n];
    }
    check.require(std::abs(sum - 1) <= 1e-6, "shares", "a sum of 1", sum);
}

/// The streams that every link can carry, min(N_t, N_r).
int most_streams(const Config& config) {
    int most = config.radio.server_antennas;
    for (const DeviceConfig& device : config.devices)
        most = std::min(most, device.antennas);
    return most;
}

void check_radio(const RadioConfig& radio, int streams, const Checker& check) {
    check.within("server_antennas", radio.server_antennas, 1, largest_antenna_count);
    check.require(
        radio.streams >= 1 && radio.streams <= streams, "streams",
        "from 1 to " + to_text(streams) + ", the fewest antennas of the server and any device",
        radio.streams);
    check.positive("bandwidth_hz", radio.bandwidth_hz);
    check.require(radio.overhead_factor > 0 && radio.overhead_factor <= 1, "overhead_factor",
                  "a number above 0 and at most 1", radio.overhead_factor);
    // No radio is beyond these, and there the noise would overflow or vanish.
    check.within("snr_db", radio.snr_db, -100.0, 200.0);
    check.not_negative("rician_factor", radio.rician_factor);
    check.require(radio.fading == Fading::rician || radio.rician_factor == 0, "rician_factor",
                  "0 with rayleigh fading", radio.rician_factor);
    check.positive("coherence_block_s", radio.coherence_block_s);
    check.not_negative("doppler_hz", radio.doppler_hz);
    check.not_negative("knowledge_age_s", radio.knowledge_age_s);
    check.require(radio.fading == Fading::rayleigh || radio.doppler_hz == 0, "doppler_hz",
                  "0 with rician fading", radio.doppler_hz);
    check.at_least("pilots_per_antenna", radio.pilots_per_antenna, 1);
    check.positive("server_power_w", radio.server_power_w);
    check.within("downlink_bits", radio.downlink_bits, 2, 32);
    check.positive("control_rate_bytes_per_s", radio.control_rate_bytes_per_s);
    check.not_negative("control_latency_s", radio.control_latency_s);
}

void check_relays(const RelaysConfig& relays, const Checker& check) {
    check.within("count", relays.count, 1, 1024);
    check.within("antennas", relays.antennas, 1, largest_antenna_count);
    check.positive("power_w", relays.power_w);
    check.positive("path_gain", relays.path_gain);
    check.within("path_loss_exponent", relays.path_loss_exponent, 1.0, 10.0);
}

void check_waveform(const WaveformConfig& waveform, double bandwidth_hz, const Checker& check) {
    for (const auto& [key, value] :
         std::vector<std::pair<std::string, int>>{{"fft_size", waveform.fft_size},
                                                  {"guard_low", waveform.guard_low},
                                                  {"guard_high", waveform.guard_high},
                                                  {"prefix", waveform.prefix},
                                                  {"sync_periods", waveform.sync_periods},
                                                  {"pilots", waveform.pilots},
                                                  {"resource_block", waveform.resource_block}}) {
        check.within(key, value, 0, 65535);
    }
    check.within("turnaround_s", waveform.turnaround_s, 0.0, 1.0);
    check.within("attempts", waveform.attempts, 1, 1000);
    check.within("least_confidence", waveform.least_confidence, 0.0, 1.0);
    check.within("paths", waveform.paths, 1, std::clamp(waveform.prefix, 1, 64));
    check.within("path_decay_db", waveform.path_decay_db, 0.0, 100.0);
    check.within("timing_offset", waveform.timing_offset, 0.0, waveform.prefix / 2.0);
    check.within("carrier_offset_hz", waveform.carrier_offset_hz, 0.0, bandwidth_hz / 256);
    check.within("residual_offset_hz", waveform.residual_offset_hz, 0.0, bandwidth_hz / 256);
    check.within("linewidth_hz", waveform.linewidth_hz, 0.0, bandwidth_hz / 256);
    check.within("sampling_offset_ppm", waveform.sampling_offset_ppm, 0.0, 100.0);
    check.within("iq_gain_db", waveform.iq_gain_db, 0.0, 6.0);
    check.within("iq_phase_deg", waveform.iq_phase_deg, 0.0, 45.0);
    check.within("dropout", waveform.dropout, 0.0, 1.0);
    check.not_negative("transmit_range", waveform.transmit_range);
    check.not_negative("receive_range", waveform.receive_range);
    check.require(
        waveform.dac_bits == 0 ||
            (waveform.dac_bits >= 2 && waveform.dac_bits <= 16 && waveform.transmit_range > 0),
        "dac_bits", "0, or from 2 to 16 with a transmit_range above 0", waveform.dac_bits);
    check.require(waveform.adc_bits == 0 || (waveform.adc_bits >= 2 && waveform.adc_bits <= 16 &&
                                             waveform.receive_range > 0),
                  "adc_bits", "0, or from 2 to 16 with a receive_range above 0", waveform.adc_bits);
}

void check_limits(const TransmitLimits& limits, const Checker& check) {
    for (std::size_t i = 0; i < limits.frequency_ranges.size(); ++i) {
        const auto& [low_hz, high_hz] = limits.frequency_ranges[i];
        const Checker own = check.in("frequency_ranges_hz[" + std::to_string(i) + "]");
        own.positive("low", low_hz);
        own.require(std::isfinite(high_hz) && high_hz > low_hz, "high", "a frequency above low",
                    high_hz);
    }
    check.within("most_gain_db", limits.most_gain_db, -100.0, 120.0);
    check.within("most_mean_dbfs", limits.most_mean_dbfs, -100.0, 0.0);
    if (limits.most_power_dbm) check.within("most_power_dbm", *limits.most_power_dbm, -150.0, 60.0);
    check.require(limits.most_duty > 0 && limits.most_duty <= 1, "most_duty",
                  "a number above 0 and at most 1", limits.most_duty);
    check.within("watchdog_s", limits.watchdog_s, 0.01, 3600.0);
}

void check_radio_end(const RadioEndConfig& radio, const Checker& check) {
    check.within("transmit_gain_db", radio.transmit_gain_db, -100.0, 120.0);
    check.within("receive_gain_db", radio.receive_gain_db, -100.0, 120.0);
}

void check_radios(const Config& config, const Checker& check) {
    const RadiosConfig& radios = config.radios;
    if (radios.devices.empty() && radios.server.args.empty()) return;
    check.require(radios.devices.size() == config.devices.size(), "devices",
                  to_text(config.devices.size()) + " radios, as many as devices",
                  radios.devices.size());
    check.positive("frequency_hz", radios.frequency_hz);
    check.require(!radios.clock_source.empty(), "clock_source", "a name", "none");
    check.require(!radios.time_source.empty(), "time_source", "a name", "none");
    check.within("unit_power_dbfs", radios.unit_power_dbfs, -100.0, 0.0);
    check.within("receive_headroom_db", radios.receive_headroom_db, 0.0, 100.0);
    check.within("carrier_offset_hz", radios.carrier_offset_hz, 0.0,
                 config.radio.bandwidth_hz / 256);
    check.within("linewidth_hz", radios.linewidth_hz, 0.0, config.radio.bandwidth_hz / 256);
    check.within("lead_s", radios.lead_s, 0.0, 10.0);
    check.within("interval_s", radios.interval_s, 0.0, 10.0);
    check.within("patience_s", radios.patience_s, 0.001, 60.0);
    check.positive("most_evm", radios.most_evm);
    check_limits(radios.limits, check.in("limits"));
    check_radio_end(radios.server, check.in("server"));
    for (std::size_t n = 0; n < radios.devices.size(); ++n)
        check_radio_end(radios.devices[n], check.in("devices[" + std::to_string(n) + "]"));
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

/// Throws unless `value` is HOST:PORT, or "none" where that is allowed.
void check_address(const std::string& key, const std::string& value, bool optional,
                   const Checker& check) {
    if (optional && value == "none") return;
    const std::size_t colon = value.rfind(':');
    const std::string port = colon == std::string::npos ? "" : value.substr(colon + 1);
    const bool digits = !port.empty() && port.size() <= 5 &&
                        port.find_first_not_of("0123456789") == std::string::npos;
    check.require(digits && colon > 0 && std::stoi(port) <= 65535, key,
                  optional ? "none or HOST:PORT" : "HOST:PORT", "'" + value + "'");
}

void check_testbed(const TestbedConfig& testbed, std::size_t devices, const Checker& check) {
    check_address("listen", testbed.listen, /*optional=*/false, check);
    check_address("metrics_listen", testbed.metrics_listen, /*optional=*/true, check);
    // Below, a busy machine looks like a lost peer. Above, a loss is noticed too late to be of use.
    check.within("heartbeat_s", testbed.heartbeat_s, 0.05, 60.0);
    check.within("hello_timeout_s", testbed.hello_timeout_s, 0.05, 60.0);
    check.within("round_timeout_s", testbed.round_timeout_s, 0.05, 3600.0);
    check.within("join_timeout_s", testbed.join_timeout_s, 0.0, 86400.0);
    check.within("minimum_devices", testbed.minimum_devices, 0, static_cast<int>(devices));
}

void check_config(const Config& config, const Checker& check) {
    check.at_least("model.context", config.model.context, std::int64_t{0});
    check.at_least("model.prefill_chunk", config.model.prefill_chunk, std::int64_t{1});
    check_devices(config.devices, check);
    check_shares(config.shares, config.devices.size(), check);
    check_radio(config.radio, most_streams(config), check.in("radio"));
    check.positive("analog.clip_level", config.analog.clip_level);
    check_waveform(config.waveform, config.radio.bandwidth_hz, check.in("waveform"));
    check_burst(config, check);
    check_radios(config, check.in("radios"));
    check_relays(config.relays, check.in("relays"));
    check.not_negative("assignment.compute_time_s", config.assignment.compute_time_s);
    check_testbed(config.testbed, config.devices.size(), check.in("testbed"));
    check.positive("server_flops_per_s", config.server_flops_per_s);
    check.not_negative("server_energy_j_per_flop", config.server_energy_j_per_flop);
    check.within("digital_bits", config.digital_bits, 2, 16);
    check.at_least("threads", config.threads, 0);
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
        {"", 20e9, 1.0e-10, 0.1, 4 * gib, 2, {}},
        {"", 12e9, 1.1e-10, 0.1, 2 * gib, 2, {}},
        {"", 8e9, 1.2e-10, 0.1, 2 * gib, 2, {}},
        {"", 5e9, 1.4e-10, 0.1, 1 * gib, 2, {}},
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

Config read_config(const std::filesystem::path& file, const ConfigCheck& also) {
    YamlDocument document(file);
    Config config = default_config();
    read_top_level(document.root(), file.parent_path(), config);
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
    read_top_level(document.root(), folder, config);
    document.check_keys();
    return config;
}

void validate(const Config& config, const std::string& origin, const ConfigCheck& also) {
    const Checker check([&](const std::string& key) { return origin + ": " + key; });
    check_config(config, check);
    if (also) also(config, check);
}

}  // namespace aircomp::runtime
