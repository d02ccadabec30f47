// SPDX-License-Identifier: GPL-3.0-or-later
// Coordinator and devices as processes whose sums go over virtual radios, which meet at an
// aircomp-air.
#pragma once

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "aircomp/inference/random_model.hpp"
#include "config/config.hpp"
#include "runtime/given_air.hpp"
#include "support/sanitized.hpp"
#include "testbed/laboratory.hpp"

namespace aircomp::test {

using runtime::Config;

constexpr std::size_t device_count = 4;
constexpr double unit_power_dbfs = -18;

/// One layer, so that a token is two rounds; the demo's vocabulary, for its tokenizer.
inline inference::ModelConfig one_layer() {
    inference::ModelConfig model;
    model.architecture = "LlamaForCausalLM";
    model.vocabulary_size = 4096;
    model.hidden_size = 256;
    model.ffn_size = 128;
    model.layers = 1;
    model.heads = model.kv_heads = 8;
    model.head_dim = 32;
    model.context = 2048;
    model.rms_norm_epsilon = 1e-5;
    model.rope_theta = 10000;
    model.bos_token = 4094;
    return model;
}

struct AirOptions {
    std::string scheme = "scheme: mmse\nshares: [0.4, 0.3, 0.2, 0.1]\n";
    double round_timeout_s = 60;
    double coherence_block_s = 1;
    double min_confidence = 0.5;
    std::string downlink = "control";
    double coherence_time_s = 0;  ///< Of the air; 0: channels stay as they are.
    /// A clock on which a device that is stopped for long comes late; else it is waited for.
    bool scaled_clock = false;
    double patience_s = 10;  ///< So long, of the wall's time.
    /// Whether devices leave out and transform by a calibration of the model, which the coordinator
    /// alone has. The processes' cache is then the laboratory's.
    bool calibrated = false;
    /// Model, laboratory and air of `scripts/demo --testbed`; then nothing of the above counts.
    bool demo = false;
};

/// With one occurrence replaced.
inline std::string with(std::string text, const std::string& old, const std::string& replacement) {
    const auto at = text.find(old);
    REQUIRE(at != std::string::npos);
    return text.replace(at, old.size(), replacement);
}

/// Tokens of a run that goes on for seconds after its first one: enough for something to happen to it.
constexpr int some = 40;
/// More than are made until a run is ended.
constexpr int endless = 2000;

/// Four devices and a server that meet at an aircomp-air, over channels that the simulated cell
/// draws in its first coherence block, or that change.
class AirLaboratory : public DaemonProcesses {
public:
    explicit AirLaboratory(AirOptions options = {}) : options_(std::move(options)) {
        options_.demo ? write_demo() : write_one_layer();
        REQUIRE(setenv("UHD_MODULE_PATH", AIRCOMP_UHD_MODULES, 1) == 0);
        air_.emplace(std::vector<std::string>{path("air.yaml"), "--socket", path("air")},
                     path("air.log"), std::vector<std::string>(), AIRCOMP_AIR_PROGRAM);
        REQUIRE(eventually([&] { return air_->says("aircomp-air: at"); }));
    }

    std::string path(const std::string& name) const { return file(name).string(); }

    std::filesystem::path folder() const { return file(""); }

    void start_coordinator(int tokens, const std::string& listen = "127.0.0.1:0",
                           const std::vector<std::string>& more = {},
                           const std::vector<std::string>& prefix = {}) {
        std::vector<std::string> arguments = {"--listen", listen};
        arguments.insert(arguments.end(), more.begin(), more.end());
        launch_coordinator(path("lab.yaml"), "The", tokens, arguments, prefix);
    }

    /// At the coordinator, or at another address that leads to it.
    void start_device(std::size_t number, bool with_radio = true, const std::string& address = "",
                      const std::vector<std::string>& more = {},
                      const std::vector<std::string>& prefix = {}) {
        std::vector<std::string> arguments;
        if (with_radio) arguments = {"--radio", path("lab.yaml")};
        arguments.insert(arguments.end(), more.begin(), more.end());
        launch_device(number, path("model"), address, arguments, prefix);
    }

    void start_devices() {
        for (std::size_t n = 1; n <= device_count; ++n)
            start_device(n);
    }

    /// Has a device look for the air at another socket.
    void reroute(std::size_t number, const std::string& socket) const {
        const std::string name = ",name=device-" + std::to_string(number);
        const std::string config =
            with(contents(path("lab.yaml")), "air=" + path("air") + name, "air=" + socket + name);
        std::ofstream(path("lab.yaml")) << config;
    }

    /// Largest magnitude that the listener's stock program of UHD receives in 40 ms from now.
    double heard() const {
        std::filesystem::remove(path("heard"));
        Process listener(
            {"--args", "type=aircomp,air=" + path("air") + ",name=listener", "--rate", "10e6",
             "--freq", "2.45e9", "--nsamps", "400000", "--type", "float", "--file", path("heard")},
            path("listener.log"), {}, AIRCOMP_UHD_RECEIVER);
        REQUIRE(listener.wait() == 0);
        const std::string bytes = contents(path("heard"));
        std::vector<float> samples(bytes.size() / sizeof(float));
        REQUIRE(samples.size() == 2 * 400000);
        std::memcpy(samples.data(), bytes.data(), bytes.size());
        double largest = 0;
        for (const float sample : samples)
            largest = std::max(largest, std::abs(static_cast<double>(sample)));
        return largest;
    }

    /// Waits until so many tokens are made, or the coordinator says so much.
    bool reaches(int count) const {
        return eventually([&] { return made() >= count; }, patience_s * 3);
    }

    /// The prompt is two tokens.
    int made() const { return made_after(2); }

    /// The result of a run that ended well.
    nlohmann::json result() { return result_within(4); }

private:
    void write_one_layer() const {
        inference::write_random_model(path("model"), one_layer());
        std::filesystem::copy(AIRCOMP_SOURCE_DIR "/inference/models/demo/tokenizer.json",
                              path("model/tokenizer.json"));
        if (options_.calibrated) write_calibration();
        write_config();
        write_air();
    }

    void write_calibration() const {
        REQUIRE(setenv("XDG_CACHE_HOME", path("cache").c_str(), 1) == 0);
        Process calibrate(
            {"calibrate", "--model", path("model"), "--limit-tokens", "1024", "--window", "64",
             "--rank", "8", "--transform-rank", "8", "--output", path("model.aircomp-calibration")},
            path("calibrate.log"));
        REQUIRE(calibrate.wait() == 0);
    }

    void write_demo() const {
        const std::string root = AIRCOMP_SOURCE_DIR;
        std::filesystem::create_directory_symlink(root + "/inference/models/demo", path("model"));
        std::string lab = contents(root + "/configs/laboratory-virtual.yaml");
        lab = with(lab, "folder: ../inference/models/demo", "folder: model");
        for (std::size_t n = 0; n <= device_count; ++n)
            lab =
                with(lab, "\"type=aircomp,air=out/air.socket", "\"type=aircomp,air=" + path("air"));
        std::ofstream(path("lab.yaml")) << lab;
        const std::string air = contents(root + "/configs/virtual-air.yaml");
        std::ofstream(path("air.yaml")) << with(air, "time_scale: 0.1\n", clock());
    }

    /// Keys of the air. Scaled, radio time is so much slower than the wall's that a busy machine is in
    /// time.
    std::string clock() const {
        if (!options_.scaled_clock)
            return "clock: event\npatience_s: " + std::to_string(options_.patience_s) + "\n";
        return std::string("time_scale: ") + (sanitized ? "0.01" : "0.02") + "\n";
    }

    void write_config() const {
        std::ofstream out(path("lab.yaml"));
        out << "model: {folder: model}\n"
            << options_.scheme << "medium: radio\nthreads: 1\ndevices:\n";
        for (std::size_t n = 1; n <= device_count; ++n) {
            out << "  - {name: device-" << n
                << ", compute_flops_per_s: 1e9, energy_j_per_flop: 0, max_power_w: 1, "
                   "memory_bytes: 1e9, antennas: 1}\n";
        }
        out << "radio: {server_antennas: 4, streams: 1, bandwidth_hz: 10e6, snr_db: 20, "
               "server_power_w: 1, downlink: "
            << options_.downlink << ", coherence_block_s: " << options_.coherence_block_s
            << "}\nframe: {turnaround_s: 1e-3}\nwaveform: {resource_block: 1, attempts: 8, "
               "min_confidence: "
            << options_.min_confidence
            << "}\n"
               "radios:\n  transmit: true\n  frequency_hz: 2.45e9\n  unit_power_dbfs: "
            << unit_power_dbfs
            << "\n  carrier_offset_hz: 1000\n  linewidth_hz: 0.1\n  lead_s: 2e-3\n  interval_s: "
               "1e-3\n  timeout_s: 50e-3\n"
               "  limits: {frequency_ranges_hz: [{low: 2.4e9, high: 2.5e9}], max_gain_db: 0, "
               "max_mean_dbfs: -8, max_duty: 0.25, watchdog_s: 2}\n"
               "  server: {args: \"type=aircomp,air="
            << path("air") << ",name=server\"}\n  devices:\n";
        for (std::size_t n = 1; n <= device_count; ++n)
            out << "    - {args: \"type=aircomp,air=" << path("air") << ",name=device-" << n
                << "\"}\n";
        if (options_.calibrated) {
            out << "calibration: {file: model.aircomp-calibration, max_compute: 10}\n"
                   "analog: {scale: shared}\n";
        }
        out << "testbed: {heartbeat_s: 2, measure: true, round_timeout_s: "
            << options_.round_timeout_s << "}\n";
    }

    void write_air() const {
        const Config config = runtime::read_config(path("lab.yaml"));
        runtime::RadioCell cell(config, std::vector<double>(device_count, 1));
        cell.enter_block();
        std::ofstream air(path("air.yaml"));
        write_boards(air, cell, unit_power_dbfs, clock());
        air << "  - {name: listener, noise_power: 0}\n"
            << "coherence_time_s: " << options_.coherence_time_s
            << "\nlinks:\n  - {between: [server, listener], connected: false}\n";
        if (options_.coherence_time_s > 0) return write_changing_links(air);
        write_given_links(air, cell);
    }

    /// Mostly fixed, so that no change hides a device.
    void write_changing_links(std::ofstream& air) const {
        for (std::size_t n = 1; n <= device_count; ++n)
            air << "  - {between: [server, device-" << n << "], fading: rayleigh, rician_k: 3}\n";
    }

    AirOptions options_;
    std::optional<Process> air_;
};

}  // namespace aircomp::test
