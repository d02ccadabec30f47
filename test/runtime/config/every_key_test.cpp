// SPDX-License-Identifier: GPL-3.0-or-later
// Every key is read, and written so that it reads back.
#include "config/config.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "config/annotated_yaml.hpp"
#include "config_texts.hpp"
#include "equal_configs.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

/// A value for every key, none of them its default but doppler_hz and max_vectors, which go with none
/// of the rest.
constexpr const char* everything_changed = R"(model:
  folder: models/mine
  dimensions: llama-3-8b
  context: 512
  prefill_chunk: 64
compute: {backend: torch, device: "cuda:1", dtype: bfloat16}
devices:
  - name: left
    preset: phone
    memory_bandwidth_bytes_per_s: 5e9
    compute_flops_per_s: 3e9
    energy_j_per_flop: 2e-10
    max_power_w: 0.05
    memory_bytes: 1e9
    antennas: 4
    path_gain: 0.5
    energy_j_per_token: 0.002
    min_power_w: 0.01
    radio_receive_power_w: 0.3
    radio_idle_power_w: 0.2
  - {name: "7", compute_flops_per_s: 4e9, energy_j_per_flop: 0, max_power_w: +.2, memory_bytes: 2e9,
     antennas: 3}
server_memory_bandwidth_bytes_per_s: 6e10
shares: [0.25, 0.75]
costs: paper
frame:
  sync_periods: 6
  turnaround_s: 1e-5
  reference: downlink
  burst_preamble: false
  max_vectors: 1
radio:
  server_antennas: 16
  streams: 3
  bandwidth_hz: 20e6
  overhead_factor: 1
  snr_db: -3.5
  fading: rician
  rician_factor: 4
  coherence_block_s: 5e-3
  doppler_hz: 0
  knowledge_age_s: 2e-3
  channel_knowledge: perfect
  pilots_per_antenna: 8
  design: distributed
  design_pilots: 4
  downlink: closed-loop
  multicast_covariance: best
  coding_gap_db: 2
  block_error_rate: 0.01
  server_power_w: 2
  server_receive_power_w: 1.5
  server_idle_power_w: 0.75
  downlink_bits: 5
  downlink_loss_nats: 0.004
  settings_link: downlink
  control_rate_bytes_per_s: 1e6
  control_latency_s: 0
calibration:
  file: mine.aircomp-calibration
  prediction: false
  first_token: false
  transform: false
  site_power: false
  token_power: false
  max_compute: 0.5
  vector_headroom_db: 9
  carry: false
accuracy:
  max_uplink_loss_nats: 0.25
  max_loss_nats: 0.5
  max_repetitions: 7
analog:
  scale: exchanged
  rotation: false
  clip_level: 3.5
medium: waveform
waveform:
  fft_size: 256
  guard_low: 28
  guard_high: 27
  prefix: 32
  pilots: 8
  resource_block: 4
  attempts: 3
  min_confidence: 0.25
  paths: 5
  path_decay_db: 2
  timing_offset: 3.5
  carrier_offset_hz: 2000
  residual_offset_hz: 20
  linewidth_hz: 1.5
  sampling_offset_ppm: 0.5
  iq_gain_db: 0.1
  iq_phase_deg: 1
  transmit_range: 4
  receive_range: 5
  dac_bits: 14
  adc_bits: 12
  dropout: 0.125
  silent_device: left
radios:
  transmit: true
  driver: other
  frequency_hz: 5.8e9
  clock_source: internal
  time_source: gpsdo
  unit_power_dbfs: -15
  receive_headroom_db: 9
  carrier_offset_hz: 50
  linewidth_hz: 0.5
  lead_s: 0.03
  interval_s: 0.04
  timeout_s: 0.5
  max_evm: 0.25
  chain: flowgraph
  limits:
    frequency_ranges_hz:
      - {low: 5.7e9, high: 5.9e9}
    max_gain_db: 20
    max_mean_dbfs: -9
    max_power_dbm: -3
    max_duty: 0.125
    watchdog_s: 5
  server:
    args: addr=192.168.40.2
    subdevice: "A:0 B:0"
    transmit_port: TX/RX
    receive_port: RX2
    transmit_gain_db: 10
    receive_gain_db: 15
    calibration: /lab/server.csv
    chain: companion
  devices:
    - args: serial=1
      subdevice: A:A
      transmit_port: TX/RX
      receive_port: RX2
      transmit_gain_db: 50
      receive_gain_db: 40
      calibration: /lab/left.csv
      chain: companion
    - {args: "a \"quoted\" one: \\"}
relays:
  count: 2
  antennas: 3
  power_w: 0.5
  path_gain: 0.2
  path_loss_exponent: 2
assignment:
  compute_time_s: 0.02
testbed:
  listen: "[::1]:5810"
  metrics_listen: localhost:9100
  certificates: /lab/coordinator
  heartbeat_s: 0.25
  hello_timeout_s: 2
  round_timeout_s: 10
  join_timeout_s: 0
  min_devices: 2
  shares: measured
  measure: true
status:
  page: 127.0.0.1:8080
  token_file: /lab/token.txt
server_flops_per_s: 5e10
server_energy_j_per_flop: 3e-10
scheme: digital
digital: {bits: 4, quantiser: lloyd-max, error_feedback: true}
seed: 18446744073709551615
threads: 3
)";

TEST_CASE("every key is read into its field") {
    Config expected;
    expected.model.dimensions = "llama-3-8b";
    expected.model.context = 512;
    expected.model.prefill_chunk = 64;
    expected.compute = {inference::ComputeBackend::torch, "cuda:1",
                        inference::ComputeType::bfloat16};
    expected.devices = {
        {"left", "phone", 3e9, 2e-10, 0.05, 1e9, 4, 0.5, 0.002, 5e9, 0.01, 0.3, 0.2},
        {"7", "", 4e9, 0, 0.2, 2e9, 3, {}}};
    expected.server_memory_bandwidth_bytes_per_s = 6e10;
    expected.shares = {0.25, 0.75};
    expected.radio = {16,
                      3,
                      20e6,
                      1,
                      -3.5,
                      Fading::rician,
                      4,
                      5e-3,
                      0,
                      2e-3,
                      ChannelKnowledge::perfect,
                      8,
                      PrecoderDesign::distributed,
                      4,
                      "closed-loop",
                      MulticastCovariance::best,
                      2,
                      0.01,
                      2,
                      1.5,
                      0.75,
                      5,
                      0.004,
                      SettingsLink::downlink,
                      1e6,
                      0};
    expected.analog = {ScalePolicy::exchanged, false, 3.5};
    expected.calibration = {{}, false, false, false, false, false, 0.5, 9, false};
    expected.accuracy = {0.25, 0.5, 7};
    expected.medium = AirMedium::waveform;
    expected.costs = Costs::paper;
    expected.frame = {6, 1e-5, Reference::downlink, false, 1};
    expected.waveform = {256, 28,  27,  32,  8, 4, 3, 0.25, 5,  2,     3.5,   2000,
                         20,  1.5, 0.5, 0.1, 1, 4, 5, 14,   12, 0.125, "left"};
    expected.radios = {
        true,
        "other",
        5.8e9,
        "internal",
        "gpsdo",
        -15,
        9,
        50,
        0.5,
        0.03,
        0.04,
        0.5,
        0.25,
        RadioChain::flowgraph,
        {{{5.7e9, 5.9e9}}, 20, -9, -3, 0.125, 5},
        {"addr=192.168.40.2", "A:0 B:0", "TX/RX", "RX2", 10, 15, "/lab/server.csv",
         RadioChain::companion},
        {{"serial=1", "A:A", "TX/RX", "RX2", 50, 40, "/lab/left.csv", RadioChain::companion},
         {"a \"quoted\" one: \\", "", "", "", 0, 0, "", RadioChain::flowgraph}}};
    expected.relays = {2, 3, 0.5, 0.2, 2};
    expected.assignment.compute_time_s = 0.02;
    expected.testbed = {
        "[::1]:5810", "localhost:9100", "", 0.25, 2, 10, 0, 2, ShareSource::measured, true};
    expected.status = {"127.0.0.1:8080", "/lab/token.txt"};
    expected.server_flops_per_s = 5e10;
    expected.server_energy_j_per_flop = 3e-10;
    expected.scheme = "digital";
    expected.digital = {4, Quantiser::lloyd_max, true};
    expected.seed = std::numeric_limits<std::uint64_t>::max();
    expected.threads = 3;
    check_equal(read(everything_changed), expected);
}

/// What every key has, under its full name.
std::map<std::string, std::string> values_of(const std::vector<ConfigEntry>& entries,
                                             const std::string& parent = "") {
    std::map<std::string, std::string> values;
    for (const ConfigEntry& entry : entries) {
        const std::string name = parent + entry.name;
        if (entry.kind == ConfigEntry::Kind::section) {
            values.merge(values_of(entry.members, name + "."));
        } else if (entry.kind == ConfigEntry::Kind::list) {
            for (std::size_t i = 0; i < entry.elements.size(); ++i)
                values.merge(values_of(entry.elements[i], name + "[" + std::to_string(i) + "]."));
        } else {
            values[name] = entry.value;
        }
    }
    return values;
}

TEST_CASE("what is tested to be read is no default of any key") {
    const Config config = read(everything_changed);
    const auto values = values_of(entries_of(config));
    std::vector<std::string> same;
    for (const auto& [name, value] : values_of(entries_of(Config()))) {
        if (values.at(name) == value) same.push_back(name);
    }
    CHECK(same == std::vector<std::string>{"frame.max_vectors", "radio.doppler_hz"});
    // Of lists, the first element has every key.
    const DeviceConfig device;
    CHECK(config.devices[0].min_power_w != device.min_power_w);
    CHECK(config.devices[0].path_gain != device.path_gain);
    CHECK(config.devices[0].energy_j_per_token != device.energy_j_per_token);
}

TEST_CASE("a configuration that was written with comments reads back to the same one") {
    const auto check_back = [](const Config& config, const std::filesystem::path& folder) {
        const std::string yaml = annotated_yaml(entries_of(config, folder));
        CAPTURE(yaml);
        CHECK(values_of(entries_of(parse_config(yaml, "written", folder))) ==
              values_of(entries_of(config)));
    };
    check_back(default_config(), "");
    check_back(default_config(7), "");
    check_back(read(everything_changed), "");
    for (const auto& entry : std::filesystem::directory_iterator(AIRCOMP_SOURCE_DIR "/configs")) {
        if (!entry.is_regular_file() || entry.path().filename() == "virtual-air.yaml") continue;
        check_back(read_config(entry.path()), entry.path().parent_path());
    }
}

}  // namespace
}  // namespace aircomp::runtime
