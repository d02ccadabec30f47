// SPDX-License-Identifier: GPL-3.0-or-later
// Names of keys: unknown ones, former ones, ones with another unit, and ones that stand twice.
#include "config_texts.hpp"

#include <string>

#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

TEST_CASE("an unknown key is refused with its line and the nearest known one") {
    CHECK(error_of("seed: 1\n\nshcheme: mmse\n") ==
          "lab.yaml:3: shcheme: unknown key, did you mean scheme?");
    CHECK(error_of("radio:\n  steams: 2\n") ==
          "lab.yaml:2: radio.steams: unknown key, did you mean radio.streams?");
    CHECK(error_of("radio:\n  antennas: 2\n") ==
          "lab.yaml:2: radio.antennas: unknown key, did you mean radio.server_antennas?");
    CHECK(error_of("streams: 2\n") ==
          "lab.yaml:1: streams: unknown key, did you mean radio.streams?");
    CHECK(error_of("modle: {folder: x}") == "lab.yaml:1: modle: unknown key, did you mean model?");
    CHECK(error_of(device_with("antennas", "antenas: 2")) ==
          "lab.yaml:7: devices[0].antenas: unknown key, did you mean devices[0].antennas?");
    CHECK(error_of("b: 1\na: 1\n").rfind("lab.yaml:1: b: unknown key, did you mean ", 0) == 0);
}

TEST_CASE("a key by its former name is refused with the one it has now") {
    CHECK(error_of("radios:\n  most_evm: 0.3\n") ==
          "lab.yaml:2: radios.most_evm: is called max_evm now");
    CHECK(error_of("radios: {limits: {most_gain_db: 0}}") ==
          "lab.yaml:1: radios.limits.most_gain_db: is called max_gain_db now");
    CHECK(error_of("testbed: {minimum_devices: 2}") ==
          "lab.yaml:1: testbed.minimum_devices: is called min_devices now");
    CHECK(error_of("waveform: {least_confidence: 0.5}") ==
          "lab.yaml:1: waveform.least_confidence: is called min_confidence now");
    CHECK(error_of("waveform:\n  turnaround_s: 1e-3\n") ==
          "lab.yaml:2: waveform.turnaround_s: is called frame.turnaround_s now");
    CHECK(error_of("digital_bits: 4") == "lab.yaml:1: digital_bits: is called digital.bits now");
    CHECK(error_of("radios: {patience_s: 1}") ==
          "lab.yaml:1: radios.patience_s: is called timeout_s now");
}

TEST_CASE("a key with another unit, or none, is told its unit") {
    for (const char* key : {"bandwidth_mhz", "bandwidth_MHz", "bandwidth", "bandwith_khz"}) {
        CHECK(error_of("radio:\n  " + std::string(key) + ": 10\n") ==
              "lab.yaml:2: radio." + std::string(key) +
                  ": unknown key, did you mean radio.bandwidth_hz (in Hz)?");
    }
    CHECK(error_of("radio: {coherence_block_ms: 10}") ==
          "lab.yaml:1: radio.coherence_block_ms: unknown key, did you mean "
          "radio.coherence_block_s (in s)?");
    CHECK(error_of("radio: {snr: 10}") ==
          "lab.yaml:1: radio.snr: unknown key, did you mean radio.snr_db (in dB)?");
    CHECK(error_of("radio: {control_rate_mbit_per_s: 10}") ==
          "lab.yaml:1: radio.control_rate_mbit_per_s: unknown key, did you mean "
          "radio.control_rate_bytes_per_s (in bytes/s)?");
    CHECK(error_of("server_gflops: 100") ==
          "lab.yaml:1: server_gflops: unknown key, did you mean server_flops_per_s (in FLOP/s)?");
    CHECK(error_of(device_with("memory_bytes", "memory_gib: 4")) ==
          "lab.yaml:6: devices[0].memory_gib: unknown key, did you mean "
          "devices[0].memory_bytes (in bytes)?");
    CHECK(error_of(device_with("compute_flops_per_s", "compute_gflops: 4")) ==
          "lab.yaml:3: devices[0].compute_gflops: unknown key, did you mean "
          "devices[0].compute_flops_per_s (in FLOP/s)?");
    CHECK(error_of(device_with("max_power_w", "power_dbm: 20")) ==
          "lab.yaml:5: devices[0].power_dbm: unknown key, did you mean "
          "devices[0].max_power_w (in W)?");
    CHECK(error_of(device_with("energy_j_per_flop", "energy_pj_per_flop: 100")) ==
          "lab.yaml:4: devices[0].energy_pj_per_flop: unknown key, did you mean "
          "devices[0].energy_j_per_flop (in J/FLOP)?");
}

TEST_CASE("a key that is set twice is refused with both lines") {
    CHECK(error_of("seed: 1\nthreads: 1\nseed: 2\n") ==
          "lab.yaml:3: seed: expected once, found first on line 1");
    CHECK(error_of("radio:\n  streams: 1\n  streams: 1\n") ==
          "lab.yaml:3: radio.streams: expected once, found first on line 2");
    CHECK(error_of("radio: {streams: 1}\nradio: {snr_db: 1}\n") ==
          "lab.yaml:2: radio: expected once, found first on line 1");
}

TEST_CASE("a key's name is plain") {
    CHECK(error_of("seed: 1\nradio.streams: 1\n") ==
          "lab.yaml:2: expected a name without dots and brackets as key, found radio.streams");
    CHECK(error_of("? [a]\n: 1\n") ==
          "lab.yaml:1: expected a name without dots and brackets as key, found a list of 1");
    CHECK(error_of(std::string(100, 'a') + ": 1")
              .rfind("lab.yaml:1: " + std::string(80, 'a') + "...: unknown key", 0) == 0);
    CHECK(error_of("\"se\\ned\": 1").find("se?ed: unknown key") != std::string::npos);
}

}  // namespace
}  // namespace aircomp::runtime
