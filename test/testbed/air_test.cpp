// SPDX-License-Identifier: GPL-3.0-or-later
// Coordinator and devices as processes whose sums go over virtual radios: as exact as the simulated
// air, whatever happens to a device, and silent without a coordinator.
#include <cmath>
#include <cstdlib>

#include "aircomp/inference/random_model.hpp"
#include "aircomp/runtime/config.hpp"
#include "radio_cell.hpp"
#include "support/sanitized.hpp"
#include "testbed/laboratory.hpp"
#include "testbed/relay.hpp"
#include "waveform_format.hpp"

namespace aircomp::test {
namespace {

using runtime::Config;

constexpr std::size_t device_count = 4;
constexpr double unit_power_dbfs = -18;

/// One layer, so that a token is two rounds; the demo's vocabulary, for its tokenizer.
inference::ModelConfig one_layer() {
    inference::ModelConfig model;
    model.architecture = "LlamaForCausalLM";
    model.vocabulary_size = 4096;
    model.hidden_size = 256;
    model.ffn_size = 128;
    model.layers = 1;
    model.heads = model.kv_heads = 8;
    model.head_dim = 32;
    model.context = 64;
    model.rms_norm_epsilon = 1e-5;
    model.rope_theta = 10000;
    model.bos_token = 4094;
    return model;
}

/// Four devices and a server that meet at an aircomp-air, over channels that the simulated cell
/// draws in its first coherence block.
class AirLaboratory {
public:
    explicit AirLaboratory(
        const std::string& scheme = "scheme: mmse\nshares: [0.4, 0.3, 0.2, 0.1]\n") {
        inference::write_random_model(path("model"), one_layer());
        std::filesystem::copy(AIRCOMP_SOURCE_DIR "/inference/models/demo/tokenizer.json",
                              path("model/tokenizer.json"));
        write_config(scheme);
        write_air();
        REQUIRE(setenv("UHD_MODULE_PATH", AIRCOMP_UHD_MODULES, 1) == 0);
        air_.emplace(std::vector<std::string>{path("air.yaml"), "--socket", path("air")},
                     path("air.log"), std::vector<std::string>(), AIRCOMP_AIR_PROGRAM);
        REQUIRE(eventually([&] { return air_->says("aircomp-air: at"); }));
    }

    std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

    void start_coordinator(int tokens, const std::string& listen = "127.0.0.1:0") {
        std::filesystem::remove(path("address"));
        coordinator_.emplace(
            std::vector<std::string>{"coordinator", path("lab.yaml"), "--prompt", "The", "--tokens",
                                     std::to_string(tokens), "--listen", listen, "--port-file",
                                     path("address"), "--resume", path("tokens"), "--json",
                                     path("result.json")},
            path("coordinator.log"));
        REQUIRE(eventually([&] { return std::filesystem::exists(path("address")); }));
        address_ = contents(path("address"));
        address_.pop_back();
    }

    /// At the coordinator, or at another address that leads to it.
    void start_device(std::size_t number, bool with_radio = true, const std::string& address = "") {
        const std::string name = "device-" + std::to_string(number);
        std::vector<std::string> arguments = {"device",
                                              "--name",
                                              name,
                                              "--coordinator",
                                              address.empty() ? address_ : address,
                                              "--model",
                                              path("model"),
                                              "--threads",
                                              "1",
                                              "--once"};
        if (with_radio) arguments.insert(arguments.end(), {"--radio", path("lab.yaml")});
        devices_.at(number - 1).emplace(arguments, path(name + ".log"));
    }

    void start_devices() {
        for (std::size_t n = 1; n <= device_count; ++n)
            start_device(n);
    }

    Process& coordinator() { return *coordinator_; }
    Process& device(std::size_t number) { return *devices_.at(number - 1); }
    const std::string& address() const { return address_; }

    /// Waits until so many tokens are made, or the coordinator says so much.
    bool reaches(int count) const {
        return eventually([&] { return made() >= count; }, patience_s * 3);
    }

    int made() const {
        const std::string log = contents(path("tokens"));
        // A line before them, and the prompt's two tokens.
        return static_cast<int>(std::count(log.begin(), log.end(), '\n')) - 3;
    }

    /// The result of a run that ended well.
    nlohmann::json result() {
        int code = coordinator_->wait();
        for (int more = 0; code < 0 && more < 3; ++more)
            code = coordinator_->wait();
        CAPTURE(coordinator_->log());
        REQUIRE(code == 0);
        return nlohmann::json::parse(contents(path("result.json")));
    }

private:
    void write_config(const std::string& scheme) {
        std::ofstream out(path("lab.yaml"));
        out << "model: {folder: model}\n" << scheme << "medium: radio\nthreads: 1\ndevices:\n";
        for (std::size_t n = 1; n <= device_count; ++n) {
            out << "  - {name: device-" << n
                << ", compute_flops_per_s: 1e9, energy_j_per_flop: 0, max_power_w: 1, "
                   "memory_bytes: 1e9, antennas: 1}\n";
        }
        out << "radio: {server_antennas: 4, streams: 1, bandwidth_hz: 10e6, snr_db: 20, "
               "coherence_block_s: 1, server_power_w: 1, downlink: free}\n"
               "waveform: {resource_block: 1, turnaround_s: 1e-3, attempts: 8, "
               "least_confidence: 0.5}\n"
               "radios:\n  transmit: true\n  frequency_hz: 2.45e9\n  unit_power_dbfs: "
            << unit_power_dbfs
            << "\n  carrier_offset_hz: 1000\n  linewidth_hz: 0.1\n  lead_s: 2e-3\n  interval_s: "
               "1e-3\n  patience_s: 50e-3\n"
               "  limits: {frequency_ranges_hz: [{low: 2.4e9, high: 2.5e9}], most_gain_db: 0, "
               "most_mean_dbfs: -8, most_duty: 0.25, watchdog_s: 2}\n"
               "  server: {args: \"type=aircomp,air="
            << path("air") << ",name=server\"}\n  devices:\n";
        for (std::size_t n = 1; n <= device_count; ++n)
            out << "    - {args: \"type=aircomp,air=" << path("air") << ",name=device-" << n
                << "\"}\n";
        out << "testbed: {heartbeat_s: 2, round_timeout_s: 20, measure: true}\n";
    }

    /// Radio time so much slower than the wall's that a busy machine is in time.
    void write_air() const {
        const Config config = runtime::read_config(path("lab.yaml"));
        runtime::RadioCell cell(config, std::vector<double>(device_count, 1));
        cell.enter_block(0);
        const auto format = runtime::burst_format(config);
        const double per_sample =
            static_cast<double>(format.fft_size) / static_cast<double>(format.used_subcarriers());
        std::ofstream air(path("air.yaml"));
        air.precision(17);
        air << "time_scale: " << (sanitized ? 0.01 : 0.02) << "\nseed: 7\nnoise_power: "
            << cell.noise_power_w() * per_sample * std::pow(10, unit_power_dbfs / 10)
            << "\nboards:\n";
        for (std::size_t n = 0; n < device_count; ++n)
            air << "  - {name: " << config.devices[n].name << ", antennas: 1}\n";
        air << "  - {name: server, antennas: 4}\nlinks:\n";
        for (std::size_t n = 0; n < device_count; ++n) {
            air << "  - {between: [server, " << config.devices[n].name << "], given: [{gains: [";
            for (Eigen::Index r = 0; r < 4; ++r) {
                const auto gain = cell.block().channels[n](r, 0);
                air << (r == 0 ? "" : ", ") << "[[" << gain.real() << ", " << gain.imag() << "]]";
            }
            air << "]}]}\n";
        }
    }

    TemporaryFolder folder_;
    std::string address_;
    std::optional<Process> air_;
    std::optional<Process> coordinator_;
    std::array<std::optional<Process>, device_count> devices_;
};

TEST_CASE("sums of processes over the air are as exact as those of the medium waveform") {
    AirLaboratory lab;
    Process simulated({"generate", "--config", lab.path("lab.yaml"), "--medium", "waveform",
                       "--prompt", "The", "--tokens", "4", "--json", lab.path("simulated.json")},
                      lab.path("simulated.log"));
    lab.start_coordinator(4);
    lab.start_devices();
    const auto result = lab.result();
    CAPTURE(simulated.log(), lab.coordinator().log());
    REQUIRE(simulated.wait() == 0);
    const double expected =
        nlohmann::json::parse(contents(lab.path("simulated.json")))["nmse"].get<double>();
    const double found = result["air"]["nmse"].get<double>();
    CAPTURE(found, expected);
    CHECK(std::abs(10 * std::log10(found / expected)) < 1);
    CHECK(result["new_tokens"] == 4);
    CHECK(result["epochs"] == 1);
    for (const auto& device : result["devices"]) {
        CHECK(device["air"]["bursts"] > 0);
        CHECK(device["air"]["power_w"] > 0);
    }
    for (std::size_t n = 1; n <= device_count; ++n)
        CHECK(lab.device(n).wait() == 0);
}

TEST_CASE("radios come up while partials are still measured over the links") {
    AirLaboratory lab;
    lab.start_coordinator(1);
    const std::string& address = lab.address();
    Relay relay(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    // Longer than from one pulse of the radios' clocks to the next.
    relay.hold(1.5);
    for (std::size_t n = 1; n < device_count; ++n)
        lab.start_device(n);
    lab.start_device(device_count, /*with_radio=*/true, relay.address());
    const auto result = lab.result();
    CAPTURE(lab.coordinator().log());
    CHECK(relay.has_held());
    CHECK(result["epochs"] == 1);
    for (const auto& device : result["devices"])
        CHECK(device["losses"] == 0);
}

TEST_CASE("the air does without a killed and a stopped device, and takes one back") {
    AirLaboratory lab;
    lab.start_coordinator(50);  // More than are made until all of this has happened.
    lab.start_devices();
    REQUIRE(lab.reaches(1));
    lab.device(2).signal(SIGKILL);
    REQUIRE(eventually([&] { return lab.coordinator().says("epoch 2"); }));
    REQUIRE(lab.reaches(lab.made() + 2));
    lab.start_device(2);
    REQUIRE(eventually([&] { return lab.coordinator().says("epoch 3"); }));
    REQUIRE(lab.reaches(lab.made() + 2));
    lab.device(3).signal(SIGSTOP);
    REQUIRE(eventually([&] { return lab.coordinator().says("epoch 4"); }));
    REQUIRE(lab.reaches(lab.made() + 2));
    lab.coordinator().signal(SIGINT);
    const auto result = lab.result();
    CHECK(result["interrupted"] == true);
    CHECK(result["devices"][1]["losses"] == 1);
    CHECK(result["devices"][2]["losses"] == 1);
    CHECK(lab.coordinator().says("silent for"));
    CHECK(result["epochs"].get<int>() >= 4);
    // Sums are as good after all of that as undisturbed ones: this is 20 dB of SNR.
    CHECK(result["air"]["nmse"].get<double>() < 0.1);
}

TEST_CASE("a scheme that chooses the shares does so anew for the devices that are left") {
    AirLaboratory lab("scheme: mmse+sca\n");
    lab.start_coordinator(4);
    lab.start_devices();
    REQUIRE(lab.reaches(1));
    lab.device(2).signal(SIGKILL);
    const auto result = lab.result();
    CAPTURE(lab.coordinator().log());
    CHECK(result["new_tokens"] == 4);
    CHECK(result["epochs"] == 2);
    CHECK(result["devices"][1]["kv_groups"] == 0);
    std::int64_t groups = 0;
    for (const auto& device : result["devices"])
        groups += device["kv_groups"].get<std::int64_t>();
    CHECK(groups == 8);
    CHECK(result["air"]["nmse"].get<double>() < 0.1);
    const std::string log = lab.coordinator().log(), chosen = "shares chosen: scheme mmse+sca";
    CHECK(log.find(chosen) < log.rfind(chosen));
}

TEST_CASE("devices whose coordinator is gone are silent, and follow the next one") {
    AirLaboratory lab;
    lab.start_coordinator(4);
    lab.start_devices();
    REQUIRE(lab.reaches(1));
    lab.coordinator().signal(SIGKILL);
    REQUIRE(eventually([&] { return lab.device(1).says("link ended"); }));
    const std::string address = lab.address();
    lab.start_coordinator(4, address);
    const auto result = lab.result();
    CHECK(result["new_tokens"].get<int>() <= 3);
    CHECK(result["air"]["nmse"].get<double>() < 0.1);
}

TEST_CASE("a device without a radio, or with another air, is refused where sums go over it") {
    AirLaboratory lab;
    lab.start_coordinator(1);
    lab.start_device(1, /*with_radio=*/false);
    CHECK(lab.device(1).wait() == 2);
    CHECK(lab.device(1).says("refused: radio: expected one, for sums go over the air"));
    std::string other = contents(lab.path("lab.yaml"));
    const std::string carrier = "frequency_hz: 2.45e9";
    other.replace(other.find(carrier), carrier.size(), "frequency_hz: 2.46e9");
    std::ofstream(lab.path("lab.yaml")) << other;
    lab.start_device(1);
    CHECK(lab.device(1).wait() == 2);
    CHECK(lab.device(1).says("refused: radio: expected a configuration with the coordinator's"));
}

}  // namespace
}  // namespace aircomp::test
