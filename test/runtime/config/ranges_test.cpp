// SPDX-License-Identifier: GPL-3.0-or-later
// Values out of their range.
#include "config_texts.hpp"

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

TEST_CASE("what is out of range in a file is refused with its line") {
    CHECK(error_of("radio:\n  bandwidth_hz: 0\n") ==
          "lab.yaml:2: radio.bandwidth_hz: expected a number from 1 to 1e+12, found 0");
    CHECK(error_of("seed: 1\nshares: [0.25, 0.25, 0.25, 0.2]\n") ==
          "lab.yaml:2: shares: expected a sum of 1, found 0.95");
    CHECK(error_of("shares:\n  - 0.5\n  - 0.75\n  - -0.25\n  - 0\n") ==
          "lab.yaml:4: shares[2]: expected a number from 0 to 1, found -0.25");
    CHECK(
        error_of(device_with("max_power_w", "max_power_w: -0.1")) ==
        "lab.yaml:5: devices[0].max_power_w: expected a number from 1e-12 to 1000000, found -0.1");
    CHECK_THAT(error_of("seed: 1\nscheme: mmsee\n"),
               Catch::Matchers::StartsWith("lab.yaml:2: scheme: expected one of centralized, "));
    CHECK(error_of("devices: []") ==
          "lab.yaml:1: devices: expected from 1 to 1024 devices, found 0");
    // The key that is wrong is not in the file: the one that makes it wrong is.
    CHECK(error_of(device_with("antennas", "antennas: 1")) ==
          "lab.yaml: radio.streams: expected from 1 to 1, the fewest antennas of the server and "
          "any device, found 2");
}

TEST_CASE("shares are as many as devices, not negative, and sum to 1") {
    const auto with = [](std::vector<double> shares) {
        return error_after([&](Config& config) { config.shares = shares; });
    };
    CHECK(with({}).empty());
    CHECK(with({0, 0, 0, 1}).empty());
    CHECK(with({0.4, 0.3, 0.2, 0.1}).empty());
    CHECK(with({0.25, 0.25, 0.25, 0.2500009}).empty());
    CHECK(with({0.25, 0.25, 0.25, 0.2500011}) ==
          "command line: shares: expected a sum of 1, found 1.0000011");
    CHECK(with({0.4, 0.3, 0.2}) ==
          "command line: shares: expected 4 numbers, as many as devices, found 3");
    CHECK(with({0.5, 0.75, -0.25, 0}) ==
          "command line: shares[2]: expected a number from 0 to 1, found -0.25");
    CHECK(with({0.5, 0.5, nan, 0}) ==
          "command line: shares[2]: expected a number from 0 to 1, found nan");
    CHECK(with({0.5, 0.5, 0, inf}) ==
          "command line: shares[3]: expected a number from 0 to 1, found inf");
}

/// One value out of its range: how it gets there, and what validation says after "command line: ".
struct OutOfRange {
    std::function<void(Config&)> change;
    const char* message;
};

const std::vector<OutOfRange> out_of_range = {
    {[](Config& c) { c.model.context = -1; },
     "model.context: expected a number from 0 to 100000000, found -1"},
    {[](Config& c) { c.model.prefill_chunk = 0; },
     "model.prefill_chunk: expected a number from 1 to 1000000, found 0"},
    {[](Config& c) {
         c.compute.backend = inference::ComputeBackend::torch;
         c.compute.device = "cuda";
     },
     "compute.device: expected cpu or cuda:N, found 'cuda'"},
    {[](Config& c) { c.compute.device = "cuda:0"; },
     "compute.device: expected cpu with the backend kernels, found cuda:0"},
    {[](Config& c) { c.compute.dtype = inference::ComputeType::float16; },
     "compute.dtype: expected float32 with the backend kernels, found float16"},
    {[](Config& c) { c.devices.clear(); }, "devices: expected from 1 to 1024 devices, found 0"},
    {[](Config& c) { c.devices[1].name = ""; }, "devices[1].name: expected a name, found none"},
    {[](Config& c) { c.devices[1].name = "device-1"; },
     "devices[1].name: expected a name of its own, found device-1 again"},
    {[](Config& c) { c.devices[2].compute_flops_per_s = 0; },
     "devices[2].compute_flops_per_s: expected a number from 1 to 1e+21, found 0"},
    {[](Config& c) { c.devices[0].energy_j_per_flop = -1e-10; },
     "devices[0].energy_j_per_flop: expected a number from 0 to 1, found -1e-10"},
    {[](Config& c) { c.devices[0].max_power_w = nan; },
     "devices[0].max_power_w: expected a number from 1e-12 to 1000000, found nan"},
    {[](Config& c) { c.devices[0].memory_bytes = inf; },
     "devices[0].memory_bytes: expected a number from 1 to 1e+15, found inf"},
    {[](Config& c) { c.devices[3].antennas = 0; },
     "devices[3].antennas: expected a number from 1 to 1024, found 0"},
    {[](Config& c) { c.devices[3].path_gain = 0; },
     "devices[3].path_gain: expected a number from 1e-20 to 1000000, found 0"},
    {[](Config& c) { c.devices[3].energy_j_per_token = -1; },
     "devices[3].energy_j_per_token: expected a number from 0 to 1e+12, found -1"},
    {[](Config& c) { c.devices[3].min_power_w = 0.2; },
     "devices[3].min_power_w: expected a number from 0 to max_power_w, found 0.2"},
    {[](Config& c) { c.assignment.compute_time_s = nan; },
     "assignment.compute_time_s: expected a number from 0 to 1e+09, found nan"},
    {[](Config& c) { c.radio.server_antennas = 0; },
     "radio.server_antennas: expected a number from 1 to 1024, found 0"},
    {[](Config& c) { c.radio.streams = 3; },
     "radio.streams: expected from 1 to 2, the fewest antennas of the server and any device, "
     "found 3"},
    {[](Config& c) { c.radio.server_antennas = 1; },
     "radio.streams: expected from 1 to 1, the fewest antennas of the server and any device, "
     "found 2"},
    {[](Config& c) { c.radio.bandwidth_hz = -1; },
     "radio.bandwidth_hz: expected a number from 1 to 1e+12, found -1"},
    {[](Config& c) { c.radio.overhead_factor = 0; },
     "radio.overhead_factor: expected a number from 0.001 to 1, found 0"},
    {[](Config& c) { c.radio.overhead_factor = 1.1; },
     "radio.overhead_factor: expected a number from 0.001 to 1, found 1.1"},
    {[](Config& c) { c.radio.overhead_factor = nan; },
     "radio.overhead_factor: expected a number from 0.001 to 1, found nan"},
    {[](Config& c) { c.radio.snr_db = nan; },
     "radio.snr_db: expected a number from -100 to 200, found nan"},
    {[](Config& c) { c.radio.snr_db = inf; },
     "radio.snr_db: expected a number from -100 to 200, found inf"},
    {[](Config& c) { c.radio.fading = Fading::rician, c.radio.rician_factor = -1; },
     "radio.rician_factor: expected a number from 0 to 1e+12, found -1"},
    {[](Config& c) { c.radio.rician_factor = 4; },
     "radio.rician_factor: expected 0 with rayleigh fading, found 4"},
    {[](Config& c) { c.radio.coherence_block_s = 0; },
     "radio.coherence_block_s: expected a number from 1e-06 to 1e+09, found 0"},
    {[](Config& c) { c.radio.pilots_per_antenna = 0; },
     "radio.pilots_per_antenna: expected a number from 1 to 1000000, found 0"},
    {[](Config& c) { c.radio.design_pilots = 0; },
     "radio.design_pilots: expected a number from 1 to 1000000, found 0"},
    {[](Config& c) { c.radio.server_power_w = 0; },
     "radio.server_power_w: expected a number from 1e-12 to 1000000, found 0"},
    {[](Config& c) { c.radio.downlink_loss_nats = 0; },
     "radio.downlink_loss_nats: expected a number from 1e-12 to 1000000, found 0"},
    {[](Config& c) { c.radio.downlink_bits = 33; },
     "radio.downlink_bits: expected a number from 2 to 32, found 33"},
    {[](Config& c) {
         c.radio.downlink = "free";
         c.radio.settings_link = SettingsLink::downlink;
     },
     "radio.settings_link: expected control with the downlink free, found downlink"},
    {[](Config& c) { c.radio.control_rate_bytes_per_s = 0; },
     "radio.control_rate_bytes_per_s: expected a number from 1 to 1e+18, found 0"},
    {[](Config& c) { c.radio.control_latency_s = -1; },
     "radio.control_latency_s: expected a number from 0 to 3600, found -1"},
    {[](Config& c) { c.analog.clip_level = 0; },
     "analog.clip_level: expected a number from 1e-06 to 1000000, found 0"},
    {[](Config& c) { c.calibration.vector_headroom_db = 31; },
     "calibration.vector_headroom_db: expected a number from 0 to 30, found 31"},
    {[](Config& c) { c.server_flops_per_s = 0; },
     "server_flops_per_s: expected a number from 1 to 1e+21, found 0"},
    {[](Config& c) { c.server_energy_j_per_flop = nan; },
     "server_energy_j_per_flop: expected a number from 0 to 1, found nan"},
    {[](Config& c) { c.scheme = "magic"; },
     "scheme: expected one of centralized, exact, digital, digital-sdma, zf-sdma, gather, "
     "gather-sdma, gather-zf, fdma, alternating, inversion, mmse, sdr, uniform, mmse+sca, sdr+sca, "
     "hierarchical, found 'magic'"},
    {[](Config& c) { c.digital.bits = 1; },
     "digital.bits: expected a number from 2 to 16, found 1"},
    {[](Config& c) { c.digital.bits = 17; },
     "digital.bits: expected a number from 2 to 16, found 17"},
    {[](Config& c) {
         c.digital.quantiser = Quantiser::lloyd_max;
         c.digital.bits = 7;
     },
     "digital.bits: expected at most 6 with the quantiser lloyd-max, found 7"},
    {[](Config& c) { c.threads = -1; }, "threads: expected a number from 0 to 4096, found -1"},
};

TEST_CASE("what is out of range is refused with key, expected and found") {
    for (const auto& [change, message] : out_of_range)
        CHECK(error_after(change) == "command line: " + std::string(message));
}

}  // namespace
}  // namespace aircomp::runtime
