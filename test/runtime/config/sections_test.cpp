// SPDX-License-Identifier: GPL-3.0-or-later
// What single sections ask of their keys and of each other.
#include "config_texts.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::runtime {
namespace {

using test::TemporaryFolder;

TEST_CASE("a waveform that makes no sense is refused with the key and what was expected") {
    CHECK(error_of("medium: air") ==
          "lab.yaml:1: medium: expected one of symbol, waveform, radio, found air");
    CHECK(error_of("waveform: {attempts: 0}") ==
          "lab.yaml:1: waveform.attempts: expected a number from 1 to 1000, found 0");
    CHECK(error_of("waveform: {timing_offset: 8.5}") ==
          "lab.yaml:1: waveform.timing_offset: expected a number from 0 to 8, found 8.5");
    CHECK(error_of("waveform: {dac_bits: 8}") ==
          "lab.yaml:1: waveform.dac_bits: expected 0, or from 2 to 16 with a transmit_range "
          "above 0, found 8");
    CHECK(error_of("waveform: {dropout: 1.5}") ==
          "lab.yaml:1: waveform.dropout: expected a number from 0 to 1, found 1.5");
    CHECK(error_of("waveform: {silent_device: nobody}") ==
          "lab.yaml:1: waveform.silent_device: expected none or a device's name, found nobody");
    CHECK(error_of("medium: waveform\nwaveform: {fft_size: 63}") ==
          "lab.yaml:2: waveform: burst format: fft_size: expected a power of two from 16 to 4096, "
          "found 63");
}

TEST_CASE("motion is read, and refused where the fading has none") {
    CHECK(read("radio: {doppler_hz: 12.5}").radio.doppler_hz == 12.5);
    CHECK(error_of("radio: {doppler_hz: -1}") ==
          "lab.yaml:1: radio.doppler_hz: expected a number from 0 to 1000000, found -1");
    CHECK(error_of("radio: {fading: rician, doppler_hz: 1}") ==
          "lab.yaml:1: radio.doppler_hz: expected 0 with rician fading, found 1");
    CHECK(read("medium: waveform\nradio: {doppler_hz: 1}").radio.doppler_hz == 1);
}

TEST_CASE("a distributed design is refused where devices cannot make it") {
    CHECK(read("radio: {design: distributed}").radio.design == PrecoderDesign::distributed);
    CHECK(error_of("scheme: alternating\nradio: {design: distributed}").empty());
    CHECK(error_of("scheme: mmse+sca\nradio: {design: distributed}").empty());
    CHECK(error_of("scheme: fdma\nmedium: waveform\nradio: {design: distributed}").empty());
    CHECK(error_of("scheme: sdr\nradio: {design: distributed}") ==
          "lab.yaml:2: radio.design: expected centralized with the scheme sdr, whose precoders are "
          "not the best ones for its combiner, found distributed");
    CHECK(error_of("medium: waveform\nradio: {design: distributed}") ==
          "lab.yaml:2: radio.design: expected centralized with a medium other than symbol, for its "
          "server sends no pilots through the combiner, found distributed");
}

TEST_CASE("relays need as many antennas as there are streams, where there are relays") {
    CHECK(read("relays: {antennas: 1}").relays.antennas == 1);
    CHECK(error_of("scheme: hierarchical\nrelays: {antennas: 1}") ==
          "lab.yaml:2: relays.antennas: expected at least radio.streams, 2, found 1");
    CHECK(error_of("relays: {count: 0}") ==
          "lab.yaml:1: relays.count: expected a number from 1 to 1024, found 0");
}

TEST_CASE("addresses and deadlines of the testbed are refused with what was expected") {
    CHECK(error_of("testbed: {listen: 5810}") ==
          "lab.yaml:1: testbed.listen: expected HOST:PORT, found '5810'");
    CHECK(error_of("testbed: {listen: 'host:65536'}") ==
          "lab.yaml:1: testbed.listen: expected HOST:PORT, found 'host:65536'");
    CHECK(error_of("testbed: {metrics_listen: ':80'}") ==
          "lab.yaml:1: testbed.metrics_listen: expected none or HOST:PORT, found ':80'");
    CHECK(error_of("testbed: {heartbeat_s: 0.01}") ==
          "lab.yaml:1: testbed.heartbeat_s: expected a number from 0.05 to 60, found 0.01");
    CHECK(error_of("testbed: {min_devices: 5}") ==
          "lab.yaml:1: testbed.min_devices: expected a number from 0 to 4, found 5");
    const TemporaryFolder folder;
    CHECK(read_config(folder.write("lab.yaml", "testbed: {certificates: pki}"))
              .testbed.certificates == folder.path() / "pki");
    CHECK(read_config(folder.write("lab.yaml", "testbed: {certificates: none}"))
              .testbed.certificates.empty());
}

TEST_CASE("the page's address is refused with what was expected, and its token's file is found") {
    CHECK(error_of("status: {page: 8080}") ==
          "lab.yaml:1: status.page: expected none or HOST:PORT, found '8080'");
    CHECK(error_of("status: {pages: none}") ==
          "lab.yaml:1: status.pages: unknown key, did you mean status.page?");
    const TemporaryFolder folder;
    const Config config = read_config(
        folder.write("lab.yaml", "status: {page: '127.0.0.1:0', token_file: token.txt}"));
    CHECK(config.status.page == "127.0.0.1:0");
    CHECK(config.status.token_file == folder.path() / "token.txt");
    CHECK(read("status: {page: none}").status.page == Config().status.page);
}

TEST_CASE("a preset stands for a device's figures, and what the entry sets goes first") {
    const Config config = read(
        "devices:\n  - {name: a, preset: raspberry-pi-5, max_power_w: 0.1, antennas: 2}\n"
        "  - {name: b, preset: laptop, compute_flops_per_s: 1e9, max_power_w: 0.1, antennas: 2}\n");
    CHECK(config.devices[0].compute_flops_per_s == 153.6e9);
    CHECK(config.devices[0].memory_bandwidth_bytes_per_s == 17.1e9);
    CHECK(config.devices[1].compute_flops_per_s == 1e9);
    CHECK(config.devices[1].memory_bytes == 17179869184.0);
    CHECK(error_of("devices: [{name: a, preset: rasberry-pi-5, max_power_w: 1, antennas: 2}]") ==
          "lab.yaml:1: devices[0].preset: expected one of raspberry-pi-5, jetson-orin-nano, phone, "
          "laptop, found rasberry-pi-5, did you mean raspberry-pi-5?");
    CHECK(error_of("devices: [{name: a, preset: laptop, antennas: 2}]") ==
          "lab.yaml:1: devices[0]: expected the key max_power_w, found none");
}

TEST_CASE("a device is complete") {
    CHECK_NOTHROW(read(device_with("", "")));
    CHECK(error_of("devices:\n  - name: a\n    antennas: 2\n") ==
          "lab.yaml:2: devices[0]: expected the key compute_flops_per_s, found none");
    CHECK(error_of(device_with("name", "path_gain: 1")) ==
          "lab.yaml:2: devices[0]: expected the key name, found none");
}

}  // namespace
}  // namespace aircomp::runtime
