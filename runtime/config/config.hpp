// SPDX-License-Identifier: GPL-3.0-or-later
// The configuration of a testbed: parsed once from YAML, validated there, const afterwards.
// configs/loopback-symbol.yaml annotates every key.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace aircomp::runtime {

/// One edge device.
struct DeviceConfig {
    std::string name;
    double compute_flops_per_s = 0;  ///< c_n
    double energy_j_per_flop = 0;    ///< e_n
    double max_power_w = 0;          ///< P_max,n: mean power of the samples the DAC is given.
    double memory_bytes = 0;
    int antennas = 0;                 ///< N_t
    std::optional<double> path_gain;  ///< beta_n; drawn as 10^-u from the seed where absent.
    std::optional<double> energy_j_per_token = {};  ///< E_n; unlimited where absent.
    double min_power_w = 0;  ///< P_min: what computing has to leave for transmission.
};

enum class Fading { rayleigh, rician };
enum class ChannelKnowledge { estimated, perfect };
enum class ScalePolicy { calibrated, shared, exchanged };
/// How deep a scheme over the air is simulated: `symbol` by channel uses, `waveform` by samples.
/// `radio` simulates nothing and takes the radios of the section of that name.
enum class AirMedium { symbol, waveform, radio };

struct RadioConfig {
    int server_antennas = 8;        ///< N_r
    int streams = 2;                ///< L
    double bandwidth_hz = 10e6;     ///< W
    double overhead_factor = 0.75;  ///< eta: what prefix and pilots leave of the bandwidth.
    double snr_db = 20;             ///< Largest max_power_w over sigma^2, at beta = 1.
    Fading fading = Fading::rayleigh;
    double rician_factor = 0;  ///< K, linear.
    double coherence_block_s = 10e-3;
    double doppler_hz = 0;       ///< f_D of Jakes' spectrum: motion within a coherence block.
    double knowledge_age_s = 0;  ///< From sounding to the begin of the block it is used in.
    ChannelKnowledge channel_knowledge = ChannelKnowledge::estimated;
    int pilots_per_antenna = 32;         ///< g, channel uses of sounding.
    std::string downlink = "multicast";  ///< One that schemes/down knows.
    double server_power_w = 1;           ///< P_s, of the multicast.
    int downlink_bits = 16;              ///< q_b, bits a value.
    double control_rate_bytes_per_s = 12.5e6;
    double control_latency_s = 250e-6;
};

struct AnalogConfig {
    ScalePolicy scale = ScalePolicy::calibrated;
    bool rotation = true;
    double clip_level = 8;  ///< Largest real sent, in units of its design's standard deviation.
};

/// The medium `waveform`: the OFDM burst and what radios and air do to it. Where a value has a
/// sign, each device draws its own from the seed, uniform between both signs.
struct WaveformConfig {
    int fft_size = 64;
    int guard_low = 6;
    int guard_high = 5;
    int prefix = 16;
    int sync_periods = 4;          ///< Of 64 samples, in the preamble and the header.
    int pilots = 4;                ///< Tracking pilots in an OFDM symbol.
    int resource_block = 1;        ///< Subcarriers that share one transceiver.
    double turnaround_s = 20e-6;   ///< From the end of a header to the devices' burst.
    int attempts = 8;              ///< Of a round, before an error.
    double least_confidence = 0;   ///< That a round was whole; below it is repeated.
    int paths = 1;                 ///< Of every link, one sample apart.
    double path_decay_db = 3;      ///< From a path to the next.
    double timing_offset = 0;      ///< Samples; each device is late by between 0 and this.
    double carrier_offset_hz = 0;  ///< Largest offset between a device and the server.
    /// Largest error of a device's estimate of its offset, from a header to its burst's end.
    double residual_offset_hz = 0;
    double linewidth_hz = 0;  ///< Of a device's Wiener phase noise.
    double sampling_offset_ppm = 0;
    double iq_gain_db = 0;
    double iq_phase_deg = 0;
    double transmit_range = 0;  ///< Largest real of a DAC, in rms reals at full power; 0: any.
    double receive_range = 0;   ///< Largest real of an ADC, in rms reals received; 0: any.
    int dac_bits = 0;           ///< 0: not quantised.
    int adc_bits = 0;
    double dropout = 0;  ///< Probability that a device's burst is missing from a sum.
    std::string silent_device = "none";  ///< Name of a device that drops out and sends nothing.
};

/// A band in which the laboratory may transmit.
struct FrequencyRange {
    double low_hz = 0;
    double high_hz = 0;
};

/// What a radio may send at most; checked before the first sample of each burst.
struct TransmitLimits {
    std::vector<FrequencyRange> frequency_ranges;  ///< The band lies wholly within one of them.
    double most_gain_db = 0;
    double most_mean_dbfs = -6;            ///< Of a burst, each channel's mean.
    std::optional<double> most_power_dbm;  ///< The same at the connector; needs calibrations.
    double most_duty = 0.25;               ///< Part of any second on the air.
    double watchdog_s = 2;  ///< Without a sign of the coordinator for so long, silence.
};

/// What computes a radio's samples: the kernels in this process, or flowgraphs/usrp_*.grc, started
/// without a screen or opened in Companion and waited for.
enum class RadioChain { kernels, flowgraph, companion };

/// One radio of the testbed.
struct RadioEndConfig {
    std::string args;           ///< What the driver finds it by; for UHD its device arguments.
    std::string subdevice;      ///< As UHD writes it; empty: the radio's own choice.
    std::string transmit_port;  ///< Antenna connector; empty: the radio's own choice.
    std::string receive_port;   ///< The same.
    double transmit_gain_db = 0;
    double receive_gain_db = 0;
    std::filesystem::path calibration;  ///< In a file, relative to that file; empty: none.
    RadioChain chain = RadioChain::kernels;
};

/// The radios of a testbed; there are none where `devices` is empty. Their sample rate is
/// radio.bandwidth_hz.
struct RadiosConfig {
    bool transmit = false;
    double frequency_hz = 0;
    std::string clock_source = "external";
    std::string time_source = "external";
    double unit_power_dbfs = -12;     ///< What samples of mean power 1 W are at the converters.
    double receive_headroom_db = 6;   ///< That windows' peaks should leave at the ADC.
    double carrier_offset_hz = 1000;  ///< Largest between device and server, before any header.
    double linewidth_hz = 1;          ///< Of a device's and the server's oscillators together.
    double lead_s = 20e-3;            ///< From a round's order to its header.
    double interval_s = 20e-3;        ///< From the end of a round to the next one's header.
    double patience_s = 1;            ///< After which what a radio owes is missing.
    double most_evm = 0.3;            ///< Of a sum's pilots; above it, the channel is sounded anew.
    TransmitLimits limits;
    RadioEndConfig server;
    std::vector<RadioEndConfig> devices;  ///< In the order of Config::devices.
};

/// Relays of the scheme hierarchical.
struct RelaysConfig {
    int count = 4;
    int antennas = 4;
    double power_w = 1;
    double path_gain = 0.3;           ///< To the server, mean; relays stand where it has them.
    double path_loss_exponent = 3.5;  ///< From path gains to distances and back.
};

/// What the long timescale has to keep besides the devices' own limits.
struct AssignmentConfig {
    double compute_time_s = 0;  ///< tau: longest computing time of a token; 0: any.
};

/// How shares are chosen where coordinator and devices are processes.
enum class ShareSource { configured, measured };

/// Coordinator and devices as processes: addresses, deadlines, who has to be there.
struct TestbedConfig {
    std::string listen = "127.0.0.1:0";   ///< HOST:PORT of the coordinator; port 0: any.
    std::string metrics_listen = "none";  ///< HOST:PORT of /metrics and /status.
    std::filesystem::path certificates;   ///< The coordinator's; empty: none, loopback only.
    double heartbeat_s = 0.5;             ///< A peer that is silent for so long is lost.
    double hello_timeout_s = 5;           ///< From a connection to its hello, TLS included.
    double round_timeout_s = 30;  ///< Until a round is asked for again; then the device is lost.
    double join_timeout_s = 60;   ///< Wait for devices that the run cannot go on without.
    int minimum_devices = 0;      ///< That have to be there at the start; 0: all.
    ShareSource shares = ShareSource::configured;
    /// Over the air, partials also travel over the control link, so that the sums' error is known.
    bool measure = false;
};

struct ModelSettings {
    std::filesystem::path folder;  ///< In a file, relative to that file; empty: named elsewhere.
    std::int64_t context = 0;      ///< 0: the model's own.
    std::int64_t prefill_chunk = 256;
};

/// Everything an experiment's figures depend on.
struct Config {
    ModelSettings model;
    std::vector<DeviceConfig> devices;
    std::vector<double> shares;  ///< m_n; empty: equal.
    RadioConfig radio;
    AnalogConfig analog;
    AirMedium medium = AirMedium::symbol;
    WaveformConfig waveform;
    RadiosConfig radios;
    RelaysConfig relays;
    AssignmentConfig assignment;
    TestbedConfig testbed;
    double server_flops_per_s = 0;  ///< Of the coordinator, for embedding and head.
    double server_energy_j_per_flop = 0;
    std::string scheme = "mmse";
    int digital_bits = 8;
    std::uint64_t seed = 1;
    int threads = 0;  ///< 0: all cores.
};

/// Four unequal devices and a server with eight antennas: the values of docs/system-model.md
/// section 7.
Config default_config();

/// `default_config()` cut or grown to `devices` devices, the four kinds in turn. Throws
/// std::invalid_argument unless 1 <= devices <= 1024.
Config default_config(std::int64_t devices);

class Checker;

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
