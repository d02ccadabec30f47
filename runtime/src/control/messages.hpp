// SPDX-License-Identifier: GPL-3.0-or-later
// What coordinator and devices say to each other, as values: the codec makes bytes of them, the
// state machines say when which of them may come.
#pragma once

#include <array>
#include <cstdint>
#include <gsl/span>
#include <stdexcept>
#include <string>
#include <variant>

namespace aircomp::runtime::control {

/// Both sides of a link have to speak the same.
constexpr std::uint16_t protocol_version = 1;

/// What a peer sent breaks the protocol; the link to it ends.
class ProtocolError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// SHA-256 of a checkpoint, see model_hash().
using Hash = std::array<std::uint8_t, 32>;

// ---- admission ----

struct RadioCapabilities {
    std::string kind = "none";  ///< none: the control link carries the partials.
    int antennas = 0;           ///< 0 to 1024
    double max_power_w = 0;
    double sample_rate_hz = 0;
};

/// A device's first message.
struct Hello {
    std::string name;  ///< 1 to 64 bytes, printable; with certificates, the certificate's.
    Hash model_hash = {};
    double memory_bytes = 0;         ///< That the device offers, at least 1.
    double compute_flops_per_s = 0;  ///< Measured, above 0.
    double energy_j_per_flop = 0;
    RadioCapabilities radio;
};

/// The coordinator's answer: the device is admitted and waits for its slice.
struct Welcome {
    double heartbeat_s = 0;  ///< Silence after which either side gives the other up, 0.05 to 60.
};

/// The coordinator's other answer, its last message.
struct Rejection {
    std::string reason;  ///< At most 1024 bytes, printable.
    bool retry = false;  ///< Whether the same hello may be welcome later.
};

// ---- slices ----

/// What the device holds from now on. Every assignment begins a new epoch; messages of an earlier
/// one may still arrive and are dropped.
struct Assignment {
    std::uint32_t epoch = 0;
    std::uint32_t device = 0;   ///< Number among those that take part, from 0.
    std::uint32_t devices = 0;  ///< How many take part, 1 to 1024.
    std::int64_t kv_begin = 0, kv_end = 0;
    std::int64_t ffn_begin = 0, ffn_end = 0;
    std::int64_t context = 0;       ///< Positions that the KV cache has to hold.
    std::int64_t most_vectors = 0;  ///< Of a round, 1 to 1024.
};

/// The slice is loaded, its KV cache is empty.
struct Loaded {
    std::uint32_t epoch = 0;
    std::uint64_t weight_bytes = 0;
};

// ---- rounds ----

/// The first round of a forward pass: x at layer 0, attention.
struct RoundStart {
    std::uint32_t epoch = 0;
    std::uint64_t round = 0;
    std::int64_t position = 0;
    std::int64_t vectors = 1;
    /// Each vector through the kernel for one, so that a cache built again is the one that was
    /// lost.
    bool one_at_a_time = false;
    gsl::span<const float> x;  ///< [vectors, hidden_size]
};

/// The sum of a round; the device adds it to x and goes on with the next site, which is the next
/// round. One message a round each way.
struct Sum {
    std::uint32_t epoch = 0;
    std::uint64_t round = 0;
    gsl::span<const float> values;  ///< [vectors, hidden_size]
};

/// The round was lost: send its partial again.
struct Repeat {
    std::uint32_t epoch = 0;
    std::uint64_t round = 0;
};

struct Partial {
    std::uint32_t epoch = 0;
    std::uint64_t round = 0;
    double compute_s = 0;           ///< Spent on it by the device.
    gsl::span<const float> values;  ///< [vectors, hidden_size]
};

// ---- radio ----

/// The coordinator leads the devices' clocks through these, one after the other.
enum class ClockStep : std::uint8_t { wait_for_reference, note_edge, set_at_next_edge, report };

struct ClockCommand {
    ClockStep step = ClockStep::wait_for_reference;
    std::int64_t ticks = 0;  ///< For set_at_next_edge: the time that the next PPS edge is.
};

struct ClockReport {
    ClockStep step = ClockStep::wait_for_reference;
    bool locked = false;     ///< The reference is there.
    std::int64_t ticks = 0;  ///< At the last PPS edge.
};

/// Send the pilots of coherence block `block`.
struct Sounding {
    std::uint32_t block = 0;
    std::int64_t at_ticks = 0;
    std::uint32_t pilots = 0;  ///< Channel uses an antenna, 1 to 4096.
};

/// The device's part of a transceiver.
struct Settings {
    std::uint64_t from_round = 0;  ///< The first that it holds for.
    double power_w = 0;
    double scale = 0;  ///< That partials are divided by, above 0.
    std::uint32_t streams = 0, antennas = 0, resource_blocks = 0;  ///< 1 to 1024 each.
    /// [resource_blocks, antennas, streams], real and imaginary part in turn.
    gsl::span<const float> precoders;
};

enum class BurstOutcome : std::uint8_t {
    acknowledged,
    late,
    underflow,
    sequence_error,
    unacknowledged
};

struct BurstReport {
    std::uint32_t epoch = 0;
    std::uint64_t round = 0;
    BurstOutcome outcome = BurstOutcome::acknowledged;
    std::int64_t ticks = 0;  ///< When the burst began.
    std::uint64_t clipped_reals = 0;
};

// ---- life ----

/// The device sends the coordinator's back.
struct Heartbeat {
    std::uint64_t sequence = 0;
};

/// Of a device since it was admitted.
struct Telemetry {
    double compute_s = 0;  ///< Spent on partials.
    double wait_s = 0;     ///< Spent between a partial and the next round.
    std::uint64_t rounds = 0;
};

/// The coordinator's last message: the run is over.
struct Shutdown {
    std::string reason;  ///< At most 1024 bytes, printable.
};

/// In the order of wire.fbs. The spans of a decoded message point into the frame that it was
/// decoded from.
using Message = std::variant<Hello, Welcome, Rejection, Assignment, Loaded, RoundStart, Sum, Repeat,
                             Partial, ClockCommand, ClockReport, Sounding, Settings, BurstReport,
                             Heartbeat, Telemetry, Shutdown>;

/// As logs call it: "partial", "round start".
const char* name_of(const Message& message);

}  // namespace aircomp::runtime::control
