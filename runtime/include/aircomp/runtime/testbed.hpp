// SPDX-License-Identifier: GPL-3.0-or-later
// The testbed as processes: a coordinator that owns the run, devices that hold slices, and the
// laboratory's certificates (docs/control.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "aircomp/inference/sampler.hpp"
#include "aircomp/inference/tokenizer.hpp"
#include "aircomp/runtime/config.hpp"

namespace aircomp::runtime::testbed {

enum class LogFormat { text, json };
enum class LogLevel { debug, info, warning, error };

/// What a daemon writes on standard error, one event a line.
struct LogOptions {
    LogFormat format = LogFormat::text;
    LogLevel level = LogLevel::info;  ///< From which on.
};

struct DeviceOptions {
    std::string coordinator;  ///< HOST:PORT
    std::string name;         ///< As the coordinator's configuration has it.
    std::filesystem::path model;
    std::filesystem::path certificates;  ///< Empty: none, loopback only.
    double memory_bytes = 0;             ///< Offered; 0: what the system has free.
    double energy_j_per_flop = 0;        ///< 0: not known.
    int threads = 0;                     ///< 0: all cores.
    std::filesystem::path radio;  ///< Configuration with the radio of that name; empty: none.
    bool once = false;            ///< End with the coordinator's run.
    double patience_s = 60;       ///< With `once`: for a coordinator that knew it and is gone.
    LogOptions log;
};

/// Serves coordinators, one after the other, until SIGINT or SIGTERM. Throws std::runtime_error or
/// std::invalid_argument where model, certificates or address are no good, or where a coordinator
/// refuses the device for good or, with `once`, is gone for longer than `patience_s`.
void run_device(const DeviceOptions& options);

struct CoordinatorOptions {
    Config config;  ///< Validated; scheme `exact`, or a design over the medium `radio`.
    std::vector<inference::Token> prompt;
    std::vector<inference::Token> calibration;  ///< What sums over the air are scaled by.
    std::int64_t tokens = 64;                   ///< To make at most.
    inference::SamplingOptions sampling;
    std::vector<inference::Token> stop_tokens;
    std::int64_t sampled_vocabulary = 0;
    std::filesystem::path resume;     ///< Keeps the tokens and goes on from them; empty: nowhere.
    std::filesystem::path port_file;  ///< Gets the address that devices find; empty: nowhere.
    LogOptions log;
    std::function<void(inference::Token)> emit;  ///< Sees each new token.
};

/// What one device did in a run.
struct DeviceSummary {
    std::string name;
    std::int64_t kv_groups = 0;    ///< Held at the end.
    std::int64_t ffn_columns = 0;  ///< Held at the end.
    double share = 0;              ///< m_n of that: of a token's operations.
    std::uint64_t rounds = 0;
    std::uint64_t losses = 0;                          ///< Times that it was lost.
    double compute_s = 0;                              ///< Its own, over all rounds.
    double wait_s = 0;                                 ///< Its own, from partials to sums.
    std::uint64_t bytes_sent = 0, bytes_received = 0;  ///< By the coordinator.
};

/// What one device's radio did, where sums go over the air.
struct DeviceAirSummary {
    double evm = 0;              ///< Of its last sounding: rms error over rms of a channel entry.
    double phase_rad = 0;        ///< That its channel has turned since its precoder was designed.
    double power_w = 0;          ///< Of its last burst, mean over the burst.
    double power_margin_db = 0;  ///< From that power to what it may spend.
    std::uint64_t bursts = 0;    ///< All, those below included.
    std::uint64_t late = 0, underflows = 0, sequence_errors = 0, unacknowledged = 0;
    std::uint64_t refused = 0;  ///< By the device's own limits.
    double offset_hz = 0;       ///< Its oscillator over the server's, as last predicted.
    double header_snr_db = 0;   ///< Of the last header that it heard.
    std::uint64_t clipped_reals = 0;
};

/// What the air did, where sums go over it.
struct AirSummary {
    double nmse_estimate = 0;  ///< Equation (4) for the channels and transceivers of the last sum.
    std::optional<double> nmse;  ///< Measured over all sums, where testbed.measure is on.
    std::uint64_t soundings = 0;
    /// Times that the pilots' error, not the coherence block's end, was why it sounded again.
    std::uint64_t evm_soundings = 0;
    std::uint64_t repeated_rounds = 0;      ///< Soundings and sums that did not count.
    std::vector<DeviceAirSummary> devices;  ///< In the configuration's order.
};

struct CoordinatorSummary {
    std::vector<inference::Token> tokens;  ///< Prompt and continuation.
    std::int64_t new_tokens = 0;           ///< Of this run.
    bool interrupted = false;
    std::uint64_t rounds = 0;
    std::uint64_t repeated_rounds = 0;
    std::uint64_t epochs = 0;  ///< Assignments of slices.
    double generating_s = 0;   ///< Wall time from the first slice to the last token.
    double recovering_s = 0;   ///< Of it, from a loss to the caches' being as before.
    double reduce_s = 0;       ///< Of it, in all-reduces: devices' computing and the way.
    std::vector<DeviceSummary> devices;
    std::optional<AirSummary> air;
};

/// All numbers of a summary as one JSON object, without the tokens themselves.
std::string summary_json(const CoordinatorSummary& summary);

/// Waits for devices, cuts the model over them, continues the prompt. The checkpoint must be that
/// of the configuration's folder. Throws std::runtime_error where the run cannot go on: what is
/// missing, and for how long it was waited for.
CoordinatorSummary run_coordinator(const CoordinatorOptions& options);

/// Makes a laboratory's authority: `folder`/authority.pem and authority.key (mode 0600). Throws
/// std::runtime_error where there is one already or files cannot be written.
void make_authority(const std::filesystem::path& folder, const std::string& laboratory, int days);

enum class CertificateRole { coordinator, device };

/// Issues a certificate for `name` into `folder`/`name`: authority.pem, certificate.pem and key.pem
/// (mode 0600), valid for `days` from `begin_days` from now. Returns that folder. Throws as above.
std::filesystem::path issue_certificate(const std::filesystem::path& folder,
                                        const std::string& name, CertificateRole role, int days,
                                        int begin_days = 0);

}  // namespace aircomp::runtime::testbed
