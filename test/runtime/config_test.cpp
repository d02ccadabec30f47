// SPDX-License-Identifier: GPL-3.0-or-later
// Configurations: what they default to, that every key is read, and the line that each error is.
#include "config/config.hpp"
#include "config/registry.hpp"
#include "schemes/registry.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/annotated_yaml.hpp"
#include "config/reference_page.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::runtime {
namespace {

using test::TemporaryFolder;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

const std::filesystem::path annotated_file = AIRCOMP_SOURCE_DIR "/configs/loopback-symbol.yaml";

void check_equal(const DeviceConfig& a, const DeviceConfig& b) {
    CHECK(a.name == b.name);
    CHECK(a.preset == b.preset);
    CHECK(a.memory_bandwidth_bytes_per_s == b.memory_bandwidth_bytes_per_s);
    CHECK(a.compute_flops_per_s == b.compute_flops_per_s);
    CHECK(a.energy_j_per_flop == b.energy_j_per_flop);
    CHECK(a.max_power_w == b.max_power_w);
    CHECK(a.memory_bytes == b.memory_bytes);
    CHECK(a.antennas == b.antennas);
    CHECK(a.path_gain == b.path_gain);
    CHECK(a.energy_j_per_token == b.energy_j_per_token);
    CHECK(a.min_power_w == b.min_power_w);
}

void check_equal(const RadioConfig& a, const RadioConfig& b) {
    CHECK(a.server_antennas == b.server_antennas);
    CHECK(a.streams == b.streams);
    CHECK(a.bandwidth_hz == b.bandwidth_hz);
    CHECK(a.overhead_factor == b.overhead_factor);
    CHECK(a.snr_db == b.snr_db);
    CHECK(a.fading == b.fading);
    CHECK(a.rician_factor == b.rician_factor);
    CHECK(a.coherence_block_s == b.coherence_block_s);
    CHECK(a.doppler_hz == b.doppler_hz);
    CHECK(a.knowledge_age_s == b.knowledge_age_s);
    CHECK(a.channel_knowledge == b.channel_knowledge);
    CHECK(a.pilots_per_antenna == b.pilots_per_antenna);
    CHECK(a.design == b.design);
    CHECK(a.design_pilots == b.design_pilots);
    CHECK(a.downlink == b.downlink);
    CHECK(a.coding_gap_db == b.coding_gap_db);
    CHECK(a.block_error_rate == b.block_error_rate);
    CHECK(a.server_power_w == b.server_power_w);
    CHECK(a.multicast_covariance == b.multicast_covariance);
    CHECK(a.downlink_bits == b.downlink_bits);
    CHECK(a.settings_link == b.settings_link);
    CHECK(a.control_rate_bytes_per_s == b.control_rate_bytes_per_s);
    CHECK(a.control_latency_s == b.control_latency_s);
}

void check_equal(const RelaysConfig& a, const RelaysConfig& b) {
    CHECK(a.count == b.count);
    CHECK(a.antennas == b.antennas);
    CHECK(a.power_w == b.power_w);
    CHECK(a.path_gain == b.path_gain);
    CHECK(a.path_loss_exponent == b.path_loss_exponent);
}

void check_equal(const FrameConfig& a, const FrameConfig& b) {
    CHECK(a.sync_periods == b.sync_periods);
    CHECK(a.turnaround_s == b.turnaround_s);
    CHECK(a.reference == b.reference);
    CHECK(a.burst_preamble == b.burst_preamble);
}

void check_equal(const WaveformConfig& a, const WaveformConfig& b) {
    CHECK(a.fft_size == b.fft_size);
    CHECK(a.guard_low == b.guard_low);
    CHECK(a.guard_high == b.guard_high);
    CHECK(a.prefix == b.prefix);
    CHECK(a.pilots == b.pilots);
    CHECK(a.resource_block == b.resource_block);
    CHECK(a.attempts == b.attempts);
    CHECK(a.min_confidence == b.min_confidence);
    CHECK(a.paths == b.paths);
    CHECK(a.path_decay_db == b.path_decay_db);
    CHECK(a.timing_offset == b.timing_offset);
    CHECK(a.carrier_offset_hz == b.carrier_offset_hz);
    CHECK(a.residual_offset_hz == b.residual_offset_hz);
    CHECK(a.linewidth_hz == b.linewidth_hz);
    CHECK(a.sampling_offset_ppm == b.sampling_offset_ppm);
    CHECK(a.iq_gain_db == b.iq_gain_db);
    CHECK(a.iq_phase_deg == b.iq_phase_deg);
    CHECK(a.transmit_range == b.transmit_range);
    CHECK(a.receive_range == b.receive_range);
    CHECK(a.dac_bits == b.dac_bits);
    CHECK(a.adc_bits == b.adc_bits);
    CHECK(a.dropout == b.dropout);
    CHECK(a.silent_device == b.silent_device);
}

void check_equal(const TestbedConfig& a, const TestbedConfig& b) {
    CHECK(a.listen == b.listen);
    CHECK(a.metrics_listen == b.metrics_listen);
    CHECK(a.heartbeat_s == b.heartbeat_s);
    CHECK(a.hello_timeout_s == b.hello_timeout_s);
    CHECK(a.round_timeout_s == b.round_timeout_s);
    CHECK(a.join_timeout_s == b.join_timeout_s);
    CHECK(a.min_devices == b.min_devices);
    CHECK(a.shares == b.shares);
    CHECK(a.measure == b.measure);
}

void check_equal(const RadioEndConfig& a, const RadioEndConfig& b) {
    CHECK(a.args == b.args);
    CHECK(a.subdevice == b.subdevice);
    CHECK(a.transmit_port == b.transmit_port);
    CHECK(a.receive_port == b.receive_port);
    CHECK(a.transmit_gain_db == b.transmit_gain_db);
    CHECK(a.receive_gain_db == b.receive_gain_db);
    CHECK(a.calibration == b.calibration);
    CHECK(a.chain == b.chain);
}

void check_equal(const TransmitLimits& a, const TransmitLimits& b) {
    REQUIRE(a.frequency_ranges.size() == b.frequency_ranges.size());
    for (std::size_t i = 0; i < a.frequency_ranges.size(); ++i) {
        CHECK(a.frequency_ranges[i].low_hz == b.frequency_ranges[i].low_hz);
        CHECK(a.frequency_ranges[i].high_hz == b.frequency_ranges[i].high_hz);
    }
    CHECK(a.max_gain_db == b.max_gain_db);
    CHECK(a.max_mean_dbfs == b.max_mean_dbfs);
    CHECK(a.max_power_dbm == b.max_power_dbm);
    CHECK(a.max_duty == b.max_duty);
    CHECK(a.watchdog_s == b.watchdog_s);
}

void check_equal(const RadiosConfig& a, const RadiosConfig& b) {
    CHECK(a.transmit == b.transmit);
    CHECK(a.frequency_hz == b.frequency_hz);
    CHECK(a.clock_source == b.clock_source);
    CHECK(a.time_source == b.time_source);
    CHECK(a.unit_power_dbfs == b.unit_power_dbfs);
    CHECK(a.receive_headroom_db == b.receive_headroom_db);
    CHECK(a.carrier_offset_hz == b.carrier_offset_hz);
    CHECK(a.linewidth_hz == b.linewidth_hz);
    CHECK(a.lead_s == b.lead_s);
    CHECK(a.interval_s == b.interval_s);
    CHECK(a.timeout_s == b.timeout_s);
    CHECK(a.max_evm == b.max_evm);
    CHECK(a.chain == b.chain);
    check_equal(a.limits, b.limits);
    check_equal(a.server, b.server);
    REQUIRE(a.devices.size() == b.devices.size());
    for (std::size_t n = 0; n < a.devices.size(); ++n)
        check_equal(a.devices[n], b.devices[n]);
}

/// All but the paths of model, calibration and certificates, which depend on where a file lies.
void check_equal(const Config& a, const Config& b) {
    CHECK(a.model.dimensions == b.model.dimensions);
    CHECK(a.model.context == b.model.context);
    CHECK(a.model.prefill_chunk == b.model.prefill_chunk);
    REQUIRE(a.devices.size() == b.devices.size());
    for (std::size_t n = 0; n < a.devices.size(); ++n) {
        CAPTURE(n);
        check_equal(a.devices[n], b.devices[n]);
    }
    CHECK(a.shares == b.shares);
    CHECK(a.costs == b.costs);
    check_equal(a.radio, b.radio);
    check_equal(a.frame, b.frame);
    CHECK(a.medium == b.medium);
    check_equal(a.waveform, b.waveform);
    check_equal(a.radios, b.radios);
    check_equal(a.relays, b.relays);
    CHECK(a.analog.scale == b.analog.scale);
    CHECK(a.analog.rotation == b.analog.rotation);
    CHECK(a.analog.clip_level == b.analog.clip_level);
    CHECK(a.calibration.prediction == b.calibration.prediction);
    CHECK(a.calibration.first_token == b.calibration.first_token);
    CHECK(a.calibration.transform == b.calibration.transform);
    CHECK(a.calibration.site_power == b.calibration.site_power);
    CHECK(a.calibration.token_power == b.calibration.token_power);
    CHECK(a.calibration.max_compute == b.calibration.max_compute);
    CHECK(a.calibration.vector_headroom_db == b.calibration.vector_headroom_db);
    CHECK(a.calibration.carry == b.calibration.carry);
    CHECK(a.accuracy.max_uplink_loss_nats == b.accuracy.max_uplink_loss_nats);
    CHECK(a.accuracy.max_loss_nats == b.accuracy.max_loss_nats);
    CHECK(a.accuracy.max_repetitions == b.accuracy.max_repetitions);
    CHECK(a.assignment.compute_time_s == b.assignment.compute_time_s);
    check_equal(a.testbed, b.testbed);
    CHECK(a.server_flops_per_s == b.server_flops_per_s);
    CHECK(a.server_energy_j_per_flop == b.server_energy_j_per_flop);
    CHECK(a.server_memory_bandwidth_bytes_per_s == b.server_memory_bandwidth_bytes_per_s);
    CHECK(a.scheme == b.scheme);
    CHECK(a.digital.bits == b.digital.bits);
    CHECK(a.digital.quantiser == b.digital.quantiser);
    CHECK(a.digital.error_feedback == b.digital.error_feedback);
    CHECK(a.seed == b.seed);
    CHECK(a.threads == b.threads);
}

Config read(const std::string& yaml) {
    const TemporaryFolder folder;
    return read_config(folder.write("lab.yaml", yaml), check_scheme);
}

std::string message_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "";
}

/// What reading a file of that text says, without the folder that the file was in.
std::string error_of(const std::string& yaml) {
    const TemporaryFolder folder;
    const auto file = folder.write("lab.yaml", yaml);
    const std::string message = message_of([&] { read_config(file, check_scheme); });
    const std::string prefix = folder.path().string() + "/";
    return message.rfind(prefix, 0) == 0 ? message.substr(prefix.size()) : message;
}

/// What validation says about the default configuration after a change.
std::string error_after(const std::function<void(Config&)>& change) {
    Config config = default_config();
    change(config);
    return message_of([&] { validate(config, "command line", check_scheme); });
}

/// A complete device on lines 2 to 7 after a "devices:" on line 1, one of its lines replaced.
std::string device_with(const std::string& key, const std::string& line) {
    std::string yaml = "devices:\n";
    std::string lead = "  - ";
    for (const auto& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{"name", "a"},
                                                          {"compute_flops_per_s", "1e9"},
                                                          {"energy_j_per_flop", "1e-10"},
                                                          {"max_power_w", "0.1"},
                                                          {"memory_bytes", "1e9"},
                                                          {"antennas", "2"}}) {
        yaml += lead + (name == key ? line : name + ": " + value) + "\n";
        lead = "    ";
    }
    return yaml;
}

TEST_CASE("the default configuration is valid for any number of devices") {
    for (const std::int64_t devices : {1, 2, 4, 9, 1024}) {
        const Config config = default_config(devices);
        CHECK(static_cast<std::int64_t>(config.devices.size()) == devices);
        CHECK_NOTHROW(validate(config, "default", check_scheme));
    }
    check_equal(default_config(), default_config(4));
    CHECK(default_config(9).devices[8].name == "device-9");
    CHECK_THROWS_AS(default_config(0), std::invalid_argument);
    CHECK_THROWS_AS(default_config(1025), std::invalid_argument);
}

TEST_CASE("the annotated configuration is the default but for what its heading names") {
    const Config config = read_config(annotated_file);
    CHECK(config.calibration.file == "auto");
    Config expected = default_config();
    expected.radio.downlink = "closed-loop";
    expected.radio.downlink_bits = 6;
    expected.radio.multicast_covariance = MulticastCovariance::best;
    expected.radio.settings_link = SettingsLink::downlink;
    expected.frame = {3, 20e-6, Reference::downlink, false};
    expected.analog.scale = ScalePolicy::shared;
    expected.digital = {4.4, Quantiser::lloyd_max, true};
    expected.accuracy.max_uplink_loss_nats = 0.006;
    check_equal(config, expected);
    CHECK(config.model.folder == AIRCOMP_SOURCE_DIR "/inference/models/demo");
    CHECK(default_config().model.folder.empty());
}

/// A value for every key, none of them its default but doppler_hz, which goes with none of the
/// rest.
constexpr const char* everything_changed = R"(model:
  folder: models/mine
  dimensions: llama-3-8b
  context: 512
  prefill_chunk: 64
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
  - {name: "7", compute_flops_per_s: 4e9, energy_j_per_flop: 0, max_power_w: +.2, memory_bytes: 2e9,
     antennas: 3}
server_memory_bandwidth_bytes_per_s: 6e10
shares: [0.25, 0.75]
costs: paper
frame: {sync_periods: 6, turnaround_s: 1e-5, reference: downlink, burst_preamble: false}
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
  downlink_bits: 5
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
    expected.devices = {{"left", "phone", 3e9, 2e-10, 0.05, 1e9, 4, 0.5, 0.002, 5e9, 0.01},
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
                      5,
                      SettingsLink::downlink,
                      1e6,
                      0};
    expected.analog = {ScalePolicy::exchanged, false, 3.5};
    expected.calibration = {{}, false, false, false, false, false, 0.5, 9, false};
    expected.accuracy = {0.25, 0.5, 7};
    expected.medium = AirMedium::waveform;
    expected.costs = Costs::paper;
    expected.frame = {6, 1e-5, Reference::downlink, false};
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
    CHECK(same == std::vector<std::string>{"radio.doppler_hz"});
    // Of lists, the first element has every key.
    const DeviceConfig device;
    CHECK(config.devices[0].min_power_w != device.min_power_w);
    CHECK(config.devices[0].path_gain != device.path_gain);
    CHECK(config.devices[0].energy_j_per_token != device.energy_j_per_token);
}

/// Converts to whatever a member is.
struct Anything {
    template <typename Member>
    operator Member() const;
};

template <typename Section, typename Indices, typename = void>
struct HasMembers : std::false_type {};
template <typename Section, std::size_t... I>
struct HasMembers<Section, std::index_sequence<I...>,
                  std::void_t<decltype(Section{(static_cast<void>(I), Anything())...})>>
    : std::true_type {};

/// How many members an aggregate has: as many as it can be initialised with.
template <typename Section, std::size_t count = 64>
constexpr std::size_t member_count() {
    if constexpr (HasMembers<Section, std::make_index_sequence<count>>::value) {
        return count;
    } else {
        return member_count<Section, count - 1>();
    }
}

/// The entry of a full name, without indices.
const ConfigEntry& entry_of(const std::vector<ConfigEntry>& entries, const std::string& name) {
    const std::size_t dot = name.find('.');
    for (const ConfigEntry& entry : entries) {
        if (entry.name == name) return entry;
        if (entry.name == name.substr(0, dot)) return entry_of(entry.members, name.substr(dot + 1));
    }
    throw std::runtime_error("no key " + name);
}

TEST_CASE("every member of every section has a key") {
    const auto entries = entries_of(default_config());
    const auto keys = [&](const std::string& name) {
        return entry_of(entries, name).members.size();
    };
    CHECK(entries.size() == member_count<Config>());
    CHECK(keys("model") == member_count<ModelSettings>());
    CHECK(keys("devices") == member_count<DeviceConfig>());
    CHECK(keys("radio") == member_count<RadioConfig>());
    CHECK(keys("digital") == member_count<DigitalConfig>());
    CHECK(keys("frame") == member_count<FrameConfig>());
    CHECK(keys("analog") == member_count<AnalogConfig>());
    CHECK(keys("accuracy") == member_count<AccuracyConfig>());
    CHECK(keys("calibration") == member_count<CalibrationConfig>());
    CHECK(keys("waveform") == member_count<WaveformConfig>());
    CHECK(keys("radios") == member_count<RadiosConfig>());
    CHECK(keys("radios.limits") == member_count<TransmitLimits>());
    CHECK(keys("radios.limits.frequency_ranges_hz") == member_count<FrequencyRange>());
    CHECK(keys("radios.server") == member_count<RadioEndConfig>());
    CHECK(keys("radios.devices") == member_count<RadioEndConfig>());
    CHECK(keys("relays") == member_count<RelaysConfig>());
    CHECK(keys("assignment") == member_count<AssignmentConfig>());
    CHECK(keys("testbed") == member_count<TestbedConfig>());
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

TEST_CASE("a value that is not the default is written with the default") {
    const Config config = parse_config("radio: {snr_db: 7}", "test", "");
    const std::string yaml = annotated_yaml({entry_of(entries_of(config), "radio")});
    CHECK_THAT(yaml, Catch::Matchers::Contains("[dB; -100 to 200; default 20]\n  snr_db: 7\n"));
    CHECK_THAT(yaml, Catch::Matchers::Contains("[Hz; above 0]\n  bandwidth_hz: 10e6\n"));
}

TEST_CASE("numbers are written as short as they read back, with exponents of units") {
    for (const auto& [value, text] :
         std::vector<std::pair<double, std::string>>{{0, "0"},
                                                     {1, "1"},
                                                     {-6, "-6"},
                                                     {0.75, "0.75"},
                                                     {0.001, "0.001"},
                                                     {250e-6, "250e-6"},
                                                     {1.1e-10, "110e-12"},
                                                     {100000, "100000"},
                                                     {10e6, "10e6"},
                                                     {12.5e6, "12.5e6"},
                                                     {2.4835e9, "2.4835e9"},
                                                     {4294967296, "4294967296"},
                                                     {0.1 + 0.2, "0.30000000000000004"}}) {
        CHECK(number_text(value) == text);
        CHECK(std::stod(number_text(value)) == value);
    }
}

std::string text_of(const std::filesystem::path& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
}

TEST_CASE("the annotated configuration is what aircomp config --file prints, under a heading") {
    const auto folder = annotated_file.parent_path();
    CHECK_THAT(text_of(annotated_file),
               Catch::Matchers::EndsWith(
                   "\n\n" + annotated_yaml(entries_of(read_config(annotated_file), folder))));
}

TEST_CASE("docs/configuration.md is what aircomp config --markdown prints") {
    CHECK(text_of(AIRCOMP_SOURCE_DIR "/docs/configuration.md") ==
          reference_page(entries_of(default_config())));
}

TEST_CASE("the key scheme names all schemes") {
    const auto entries = entries_of(default_config());
    std::istringstream words(entry_of(entries, "scheme").meaning);
    std::vector<std::string> named;
    for (std::string word; words >> word;) {
        while (std::string(":;,.").find(word.back()) != std::string::npos)
            word.pop_back();
        named.push_back(word);
    }
    for (const std::string& scheme : name_list(schemes()))
        CHECK_THAT(named, Catch::Matchers::VectorContains(scheme));
}

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
          "lab.yaml:1: radio.doppler_hz: expected a finite number of at least 0, found -1");
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

TEST_CASE("a file changes only what it sets") {
    Config expected = default_config();
    expected.radio.snr_db = 7;
    check_equal(read("radio: {snr_db: 7}"), expected);
    check_equal(read("radio: {}\nshares: []\n"), default_config());
    check_equal(read("\xef\xbb\xbfradio:\r\n  snr_db: 7\r\n"), expected);
}

TEST_CASE("a model folder is relative to the file, unless it is absolute") {
    const TemporaryFolder folder;
    const auto folder_of = [&](const std::string& yaml) {
        return read_config(folder.write("lab.yaml", yaml)).model.folder;
    };
    CHECK(folder_of("model: {folder: a/./b}") == folder.path() / "a/b");
    CHECK(folder_of("model: {folder: ../a}") == folder.path().parent_path() / "a");
    CHECK(folder_of("model: {folder: /a/b}") == "/a/b");
    CHECK(folder_of("seed: 2").empty());
    CHECK(error_of("model: {folder: }") ==
          "lab.yaml:1: model.folder: expected some text, found nothing");
}

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

TEST_CASE("a value of the wrong type is refused with what was found") {
    CHECK(error_of("radio:\n  bandwidth_hz: 10 MHz\n") ==
          "lab.yaml:2: radio.bandwidth_hz: expected a finite number in Hz, found 10 MHz");
    CHECK(error_of("radio:\n  bandwidth_hz: '10e6'\n") ==
          "lab.yaml:2: radio.bandwidth_hz: expected a finite number in Hz, found \"10e6\"");
    CHECK(error_of("radio:\n  overhead_factor:\n  snr_db: 3\n") ==
          "lab.yaml:2: radio.overhead_factor: expected a finite number, found nothing");
    CHECK(error_of("radio: {streams: 2.5}") ==
          "lab.yaml:1: radio.streams: expected an integer, found 2.5");
    CHECK(error_of("radio: {streams: 4294967298}") ==
          "lab.yaml:1: radio.streams: expected an integer from -2147483648 to 2147483647, "
          "found 4294967298");
    CHECK(error_of("seed: -1") == "lab.yaml:1: seed: expected an integer of at least 0, found -1");
    CHECK(error_of("seed: 18446744073709551616") ==
          "lab.yaml:1: seed: expected an integer from 0 to 18446744073709551615, "
          "found 18446744073709551616");
    CHECK(error_of("analog: {rotation: yes}") ==
          "lab.yaml:1: analog.rotation: expected true or false, found yes");
    CHECK(error_of("analog: {rotation: 'true'}") ==
          "lab.yaml:1: analog.rotation: expected true or false, found \"true\"");
    CHECK(error_of("radio: 5") == "lab.yaml:1: radio: expected keys and values, found 5");
    CHECK(error_of("radio:\nseed: 1") ==
          "lab.yaml:1: radio: expected keys and values, found nothing");
    CHECK(error_of("devices: {name: a}") ==
          "lab.yaml:1: devices: expected a list, found a mapping");
    CHECK(error_of("devices: 4") == "lab.yaml:1: devices: expected a list, found 4");
    CHECK(error_of("devices:\n  - a\n") ==
          "lab.yaml:2: devices[0]: expected keys and values, found a");
    CHECK(error_of("scheme: [mmse, exact]") ==
          "lab.yaml:1: scheme: expected some text, found a list of 2");
    CHECK(error_of("scheme: ''") == "lab.yaml:1: scheme: expected some text, found \"\"");
}

TEST_CASE("a number that is not finite is refused") {
    for (const std::string found : {".nan", ".inf", "-.inf", "nan", "inf", "1e999"}) {
        CHECK(error_of("radio:\n  snr_db: " + found) ==
              "lab.yaml:2: radio.snr_db: expected a finite number in dB, found " + found);
        CHECK(error_of("shares: [1, 0, 0, " + found + "]") ==
              "lab.yaml:1: shares[3]: expected a finite number, found " + found);
    }
}

/// The parts of a name, innermost last, around a value: "{radio: {snr_db: 1}}".
std::string yaml_of(const std::string& name, const std::string& value) {
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) return "{" + name + ": " + value + "}";
    return "{" + name.substr(0, dot) + ": " + yaml_of(name.substr(dot + 1), value) + "}";
}

/// Calls `check` with each number outside lists and its full name.
void for_each_number(
    const std::vector<ConfigEntry>& entries, const std::string& parent,
    const std::function<void(const ConfigEntry& entry, const std::string& name)>& check) {
    using Kind = ConfigEntry::Kind;
    for (const ConfigEntry& entry : entries) {
        if (entry.kind == Kind::section) {
            for_each_number(entry.members, parent + entry.name + ".", check);
        } else if (entry.kind == Kind::integer || entry.kind == Kind::number) {
            check(entry, parent + entry.name);
        }
    }
}

TEST_CASE("no number of any key is infinite, and no integer wraps") {
    int numbers = 0;
    for_each_number(entries_of(default_config()), "", [&](const auto& entry, const auto& name) {
        ++numbers;
        const bool integer = entry.kind == ConfigEntry::Kind::integer;
        const std::string lead = "lab.yaml:1: " + name + ": expected ";
        CHECK_THAT(error_of(yaml_of(name, ".inf")), Catch::Matchers::StartsWith(lead));
        if (integer) {
            CHECK_THAT(error_of(yaml_of(name, "18446744073709551617")),
                       Catch::Matchers::StartsWith(lead + "an integer from "));
        } else {
            CHECK_THAT(error_of(yaml_of(name, "1e999")),
                       Catch::Matchers::StartsWith(lead + "a finite number"));
        }
    });
    CHECK(numbers > 60);
    CHECK(error_of("accuracy: {max_repetitions: 4294967304}") ==
          "lab.yaml:1: accuracy.max_repetitions: expected an integer from -2147483648 to "
          "2147483647, found "
          "4294967304");
}

TEST_CASE("a choice by name is refused with the names there are") {
    CHECK(error_of("radio: {fading: ricean}") ==
          "lab.yaml:1: radio.fading: expected one of rayleigh, rician, found ricean, did "
          "you mean rician?");
    CHECK(error_of("radio: {channel_knowledge: none}") ==
          "lab.yaml:1: radio.channel_knowledge: expected one of estimated, perfect, found none");
    CHECK(error_of("radio: {design: both}") ==
          "lab.yaml:1: radio.design: expected one of centralized, distributed, found both");
    CHECK(error_of("radio: {downlink: Free}") ==
          "lab.yaml:1: radio.downlink: expected one of multicast, closed-loop, control, free, "
          "found 'Free', "
          "did you mean free?");
    CHECK(error_of("analog:\n  scale: 3\n") ==
          "lab.yaml:2: analog.scale: expected one of calibrated, shared, exchanged, found 3");
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

TEST_CASE("a device is complete") {
    CHECK_NOTHROW(read(device_with("", "")));
    CHECK(error_of("devices:\n  - name: a\n    antennas: 2\n") ==
          "lab.yaml:2: devices[0]: expected the key compute_flops_per_s, found none");
    CHECK(error_of(device_with("name", "path_gain: 1")) ==
          "lab.yaml:2: devices[0]: expected the key name, found none");
}

TEST_CASE("aliases are values like others") {
    const Config config = read(
        "devices:\n"
        "  - &board {name: a, compute_flops_per_s: &rate 1e9, energy_j_per_flop: 1e-10,"
        " max_power_w: 0.1, memory_bytes: *rate, antennas: 2}\n");
    CHECK(config.devices.at(0).memory_bytes == 1e9);
    CHECK(error_of("radio: {snr_db: &x 900}\nanalog:\n  clip_level: *x\n") ==
          "lab.yaml:1: radio.snr_db: expected a number from -100 to 200, found 900");
    CHECK(error_of("seed: &x 0\nradio:\n  streams: *x\n") ==
          "lab.yaml:3: radio.streams: expected from 1 to 2, the fewest antennas of the server and "
          "any device, found 0");
    CHECK_FALSE(error_of("radio: &x {streams: *x}").empty());
}

TEST_CASE("what is out of range in a file is refused with its line") {
    CHECK(error_of("radio:\n  bandwidth_hz: 0\n") ==
          "lab.yaml:2: radio.bandwidth_hz: expected a finite number above 0, found 0");
    CHECK(error_of("seed: 1\nshares: [0.25, 0.25, 0.25, 0.2]\n") ==
          "lab.yaml:2: shares: expected a sum of 1, found 0.95");
    CHECK(error_of("shares:\n  - 0.5\n  - 0.75\n  - -0.25\n  - 0\n") ==
          "lab.yaml:4: shares[2]: expected a number from 0 to 1, found -0.25");
    CHECK(error_of(device_with("max_power_w", "max_power_w: -0.1")) ==
          "lab.yaml:5: devices[0].max_power_w: expected a finite number above 0, found -0.1");
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
    {[](Config& c) { c.model.context = -1; }, "model.context: expected at least 0, found -1"},
    {[](Config& c) { c.model.prefill_chunk = 0; },
     "model.prefill_chunk: expected at least 1, found 0"},
    {[](Config& c) { c.devices.clear(); }, "devices: expected from 1 to 1024 devices, found 0"},
    {[](Config& c) { c.devices[1].name = ""; }, "devices[1].name: expected a name, found none"},
    {[](Config& c) { c.devices[1].name = "device-1"; },
     "devices[1].name: expected a name of its own, found device-1 again"},
    {[](Config& c) { c.devices[2].compute_flops_per_s = 0; },
     "devices[2].compute_flops_per_s: expected a finite number above 0, found 0"},
    {[](Config& c) { c.devices[0].energy_j_per_flop = -1e-10; },
     "devices[0].energy_j_per_flop: expected a finite number of at least 0, found -1e-10"},
    {[](Config& c) { c.devices[0].max_power_w = nan; },
     "devices[0].max_power_w: expected a finite number above 0, found nan"},
    {[](Config& c) { c.devices[0].memory_bytes = inf; },
     "devices[0].memory_bytes: expected a finite number above 0, found inf"},
    {[](Config& c) { c.devices[3].antennas = 0; },
     "devices[3].antennas: expected a number from 1 to 1024, found 0"},
    {[](Config& c) { c.devices[3].path_gain = 0; },
     "devices[3].path_gain: expected a finite number above 0, found 0"},
    {[](Config& c) { c.devices[3].energy_j_per_token = -1; },
     "devices[3].energy_j_per_token: expected a finite number of at least 0, found -1"},
    {[](Config& c) { c.devices[3].min_power_w = 0.2; },
     "devices[3].min_power_w: expected a number from 0 to max_power_w, found 0.2"},
    {[](Config& c) { c.assignment.compute_time_s = nan; },
     "assignment.compute_time_s: expected a finite number of at least 0, found nan"},
    {[](Config& c) { c.radio.server_antennas = 0; },
     "radio.server_antennas: expected a number from 1 to 1024, found 0"},
    {[](Config& c) { c.radio.streams = 3; },
     "radio.streams: expected from 1 to 2, the fewest antennas of the server and any device, "
     "found 3"},
    {[](Config& c) { c.radio.server_antennas = 1; },
     "radio.streams: expected from 1 to 1, the fewest antennas of the server and any device, "
     "found 2"},
    {[](Config& c) { c.radio.bandwidth_hz = -1; },
     "radio.bandwidth_hz: expected a finite number above 0, found -1"},
    {[](Config& c) { c.radio.overhead_factor = 0; },
     "radio.overhead_factor: expected a number above 0 and at most 1, found 0"},
    {[](Config& c) { c.radio.overhead_factor = 1.1; },
     "radio.overhead_factor: expected a number above 0 and at most 1, found 1.1"},
    {[](Config& c) { c.radio.overhead_factor = nan; },
     "radio.overhead_factor: expected a number above 0 and at most 1, found nan"},
    {[](Config& c) { c.radio.snr_db = nan; },
     "radio.snr_db: expected a number from -100 to 200, found nan"},
    {[](Config& c) { c.radio.snr_db = inf; },
     "radio.snr_db: expected a number from -100 to 200, found inf"},
    {[](Config& c) { c.radio.fading = Fading::rician, c.radio.rician_factor = -1; },
     "radio.rician_factor: expected a finite number of at least 0, found -1"},
    {[](Config& c) { c.radio.rician_factor = 4; },
     "radio.rician_factor: expected 0 with rayleigh fading, found 4"},
    {[](Config& c) { c.radio.coherence_block_s = 0; },
     "radio.coherence_block_s: expected a finite number above 0, found 0"},
    {[](Config& c) { c.radio.pilots_per_antenna = 0; },
     "radio.pilots_per_antenna: expected at least 1, found 0"},
    {[](Config& c) { c.radio.design_pilots = 0; },
     "radio.design_pilots: expected at least 1, found 0"},
    {[](Config& c) { c.radio.server_power_w = 0; },
     "radio.server_power_w: expected a finite number above 0, found 0"},
    {[](Config& c) { c.radio.downlink_bits = 33; },
     "radio.downlink_bits: expected a number from 2 to 32, found 33"},
    {[](Config& c) {
         c.radio.downlink = "free";
         c.radio.settings_link = SettingsLink::downlink;
     },
     "radio.settings_link: expected control with the downlink free, found downlink"},
    {[](Config& c) { c.radio.control_rate_bytes_per_s = 0; },
     "radio.control_rate_bytes_per_s: expected a finite number above 0, found 0"},
    {[](Config& c) { c.radio.control_latency_s = -1; },
     "radio.control_latency_s: expected a finite number of at least 0, found -1"},
    {[](Config& c) { c.analog.clip_level = 0; },
     "analog.clip_level: expected a finite number above 0, found 0"},
    {[](Config& c) { c.calibration.vector_headroom_db = 31; },
     "calibration.vector_headroom_db: expected a number from 0 to 30, found 31"},
    {[](Config& c) { c.server_flops_per_s = 0; },
     "server_flops_per_s: expected a finite number above 0, found 0"},
    {[](Config& c) { c.server_energy_j_per_flop = nan; },
     "server_energy_j_per_flop: expected a finite number of at least 0, found nan"},
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
    {[](Config& c) { c.threads = -1; }, "threads: expected at least 0, found -1"},
};

TEST_CASE("what is out of range is refused with key, expected and found") {
    for (const auto& [change, message] : out_of_range)
        CHECK(error_after(change) == "command line: " + std::string(message));
}

TEST_CASE("a file that is not one YAML mapping is refused") {
    CHECK(error_of("") == "lab.yaml: expected keys and values, found nothing");
    CHECK(error_of("# only a comment\n") == "lab.yaml: expected keys and values, found nothing");
    CHECK(error_of("---\n") == "lab.yaml: expected keys and values, found nothing");
    CHECK(error_of("\nplain text") == "lab.yaml:2: expected keys and values, found plain text");
    CHECK(error_of("[1, 2]") == "lab.yaml:1: expected keys and values, found a list of 2");
    CHECK(error_of("seed: 1\n---\nseed: 2\n") == "lab.yaml: expected one YAML document, found 2");
    // yaml-cpp takes a stray comma for empty documents without end.
    CHECK(error_of("  ,\n") == "lab.yaml: expected keys and values, found nothing");
    CHECK(error_of("{seed: 1}\n,\n") == "lab.yaml: expected one YAML document, found at least 100");
    CHECK(error_of("seed: 1\nshares: [1, 2\n") ==
          "lab.yaml:3:1: expected YAML, found: end of sequence flow not found");
    CHECK(error_of("seed: 1\n  threads: 2\n") ==
          "lab.yaml:2:10: expected YAML, found: illegal map value");
    CHECK(error_of("radio:\n\tstreams: 1\n").rfind("lab.yaml:2:9: expected YAML", 0) == 0);
    CHECK_FALSE(error_of(std::string(100000, '[')).empty());
    CHECK(error_of(std::string("\x7f"
                               "ELF\x02\x01\0\0\n\xff\xfe",
                               11))
              .rfind("lab.yaml", 0) == 0);
    CHECK(error_of(std::string((1 << 20) + 1, '#')) ==
          "lab.yaml: expected at most 1048576 bytes, found 1048577");
}

TEST_CASE("a file that is not there is named") {
    const TemporaryFolder folder;
    const std::string absent = (folder.path() / "absent.yaml").string();
    CHECK(message_of([&] { read_config(absent); }) == absent + ": no such file");
    CHECK(message_of([&] { read_config(folder.path()); }) ==
          folder.path().string() + ": is a folder, expected a file");
}

TEST_CASE("every configuration that is shipped is read") {
    int read = 0;
    for (const auto& entry : std::filesystem::directory_iterator(AIRCOMP_SOURCE_DIR "/configs")) {
        // An air is the virtual radio's.
        if (!entry.is_regular_file() || entry.path().filename() == "virtual-air.yaml") continue;
        CHECK_NOTHROW(read_config(entry.path(), check_scheme));
        ++read;
    }
    CHECK(read >= 8);
}

TEST_CASE("configurations of radios are read, limits and all") {
    const Config config = read_config(AIRCOMP_SOURCE_DIR "/configs/virtual-radio.yaml");
    CHECK(config.radios.transmit);
    CHECK(config.radios.frequency_hz == 2.45e9);
    CHECK(config.radios.unit_power_dbfs == -18);
    REQUIRE(config.radios.devices.size() == 4);
    CHECK(config.radios.devices[3].args ==
          "type=aircomp,config=configs/virtual-air.yaml,name=device-4");
    REQUIRE(config.radios.limits.frequency_ranges.size() == 1);
    CHECK(config.radios.limits.frequency_ranges[0].low_hz == 2.4e9);
    CHECK_FALSE(config.radios.limits.max_power_dbm);
    const Config laboratory = read_config(AIRCOMP_SOURCE_DIR "/configs/b210-x310.yaml");
    CHECK_FALSE(laboratory.radios.transmit);
    CHECK(laboratory.radios.server.subdevice == "A:0 B:0");
    CHECK(laboratory.radios.devices[1].transmit_gain_db == 50);
}

TEST_CASE("what computes samples is said for all radios, or for one") {
    const auto chains = [](const std::string& radios) {
        const Config config = parse_config("radios:\n" + radios, "test", "");
        return std::vector<RadioChain>{config.radios.server.chain, config.radios.devices[0].chain,
                                       config.radios.devices[1].chain};
    };
    const std::string ends =
        "  server: {args: s}\n  devices: [{args: a}, {args: b, chain: companion}]\n";
    using Chains = std::vector<RadioChain>;
    CHECK(chains(ends) == Chains{RadioChain::kernels, RadioChain::kernels, RadioChain::companion});
    CHECK(chains("  chain: flowgraph\n" + ends) ==
          Chains{RadioChain::flowgraph, RadioChain::flowgraph, RadioChain::companion});
    CHECK_THROWS_WITH(chains("  chain: flow\n" + ends), Catch::Matchers::Contains("radios.chain"));
}

TEST_CASE("an error in the radios of a file names its line") {
    const test::TemporaryFolder folder;
    const auto error_of = [&](const std::string& radios) {
        const auto file = folder.write("radios.yaml", "radios:\n" + radios);
        try {
            read_config(file, check_scheme);
        } catch (const std::runtime_error& error) {
            return std::string(error.what()).substr(file.string().size());
        }
        return std::string("no error");
    };
    const std::string server = "  server: {args: x}\n";
    CHECK(error_of("  frequency_hz: 1e9\n") == ":1: radios: expected the key server, found none");
    CHECK(error_of("  frequency_hz: 1e9\n" + server + "  devices: [{args: a}]\n") ==
          ":4: radios.devices: expected 4 radios, as many as devices, found 1");
    const std::string devices = "  devices: [{args: a}, {args: b}, {args: c}, {args: d}]\n";
    CHECK(error_of("  frequency_hz: -1\n" + server + devices) ==
          ":2: radios.frequency_hz: expected a finite number above 0, found -1");
    CHECK(error_of("  frequency_hz: 1e9\n  limits: {max_duty: 2}\n" + server + devices) ==
          ":3: radios.limits.max_duty: expected a number above 0 and at most 1, found 2");
    CHECK(error_of("  frequency_hz: 1e9\n  unit_power_dbfs: 3\n" + server + devices) ==
          ":3: radios.unit_power_dbfs: expected a number from -100 to 0, found 3");
}

}  // namespace
}  // namespace aircomp::runtime
