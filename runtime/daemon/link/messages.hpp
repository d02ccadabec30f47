// SPDX-License-Identifier: GPL-3.0-or-later
// What coordinator and devices say to each other, as values: the codec makes bytes of them, the
// state machines say when which of them may come.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <gsl/span>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "coding/coding_use.hpp"
#include "coding/site.hpp"
#include "radio/radio_report.hpp"

namespace aircomp::runtime::control {

/// Both sides of a link have to speak the same.
constexpr std::uint16_t protocol_version = 6;

/// What a peer sent breaks the protocol; the link to it ends.
class ProtocolError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// SHA-256: of a checkpoint, see model_hash(); of a calibration file.
using Hash = std::array<std::uint8_t, 32>;

// ---- admission ----

struct RadioCapabilities {
    std::string kind = "none";  ///< none: the control link carries the partials.
    int antennas = 0;           ///< 0 to 1024
    double max_power_w = 0;
    double sample_rate_hz = 0;
    std::uint64_t air = 0;  ///< air_fingerprint() of the device's configuration.
};

/// A device's first message.
struct Hello {
    std::string name;  ///< 1 to 64 bytes, printable; with certificates, the certificate's.
    Hash model_hash = {};
    double memory_bytes = 0;         ///< That the device offers, at least 1.
    double compute_flops_per_s = 0;  ///< Measured, above 0.
    double energy_j_per_flop = 0;
    RadioCapabilities radio;
    double bytes_per_weight = 0;  ///< In its memory, of the layers; 0: as in the checkpoint.
};

/// The coordinator's answer: the device is admitted and waits for its slice.
struct Welcome {
    double heartbeat_s = 0;  ///< Silence after which either side gives the other up, 0.05 to 60.
};

/// The coordinator's other answer, its last message.
struct Rejection {
    std::string reason;        ///< At most 1024 bytes, printable.
    bool retry = false;        ///< Whether the same hello may be welcome later.
    double retry_after_s = 0;  ///< After so long, 0 to 3600; 0: as the device likes.
};

// ---- calibration ----

/// The calibration file that devices of the run need, and how much of it is used. Comes once, before
/// the first slice; a device that has the file uses its own, another asks for its bytes.
struct Calibration {
    Hash hash = {};
    std::uint64_t bytes = 0;  ///< Of the file, 1 to most_calibration_bytes.
    CodingUse use;
};

/// Of the file, whatever a coordinator says.
constexpr std::uint64_t most_calibration_bytes = std::uint64_t{1} << 34;

/// The device lacks the file from this byte on.
struct CalibrationRequest {
    std::uint64_t offset = 0;
};

/// What was asked for: a request is answered by one piece.
struct CalibrationPiece {
    std::uint64_t offset = 0;
    gsl::span<const std::byte> bytes;  ///< 1 to most_piece_bytes.
};

/// Of a piece: well within the longest frame that may come before a slice.
constexpr std::size_t most_piece_bytes = 48 * 1024;

/// The device holds the calibration, and can be given a slice.
struct CalibrationReport {
    std::string failure;  ///< Empty: it does. Otherwise why not; at most 1024 bytes, printable.
};

// ---- slices ----

/// What the device holds from now on. Every assignment begins a new epoch; messages of an earlier
/// one may still arrive and are dropped.
struct Assignment {
    std::uint32_t epoch = 0;
    std::uint32_t device = 0;   ///< Number among those that take part, from 0.
    std::uint32_t devices = 0;  ///< How many take part, 1 to 1024.
    std::int64_t head_begin = 0, head_end = 0;
    std::int64_t ffn_begin = 0, ffn_end = 0;
    std::int64_t context = 0;         ///< Positions that a KV cache has to hold.
    std::int64_t most_vectors = 0;    ///< Of a round, 1 to 1024.
    std::uint32_t conversations = 1;  ///< KV caches, 1 to most_conversations.
};

constexpr std::uint32_t most_conversations = 256;

/// The slice is loaded, its KV caches are empty.
struct Loaded {
    std::uint32_t epoch = 0;
    std::uint64_t weight_bytes = 0;
};

// ---- rounds ----

/// How partials get to the coordinator.
enum class Way : std::uint8_t {
    link,  ///< As Partial messages.
    air,   ///< Over radios, once the device has said Computed.
    both   ///< Over radios, once the Partial message is there: the sum's error can be measured.
};

/// The first round of a forward pass: x at layer 0, attention. The way holds for all of its rounds.
struct RoundStart {
    std::uint32_t epoch = 0;
    std::uint64_t round = 0;
    std::int64_t position = 0;
    std::int64_t vectors = 1;
    /// Each vector through the kernel for one, so that a cache built again is the one that was
    /// lost.
    bool one_at_a_time = false;
    gsl::span<const float> x;  ///< [vectors, hidden_size]
    Way way = Way::link;
    std::uint32_t conversation = 0;  ///< Whose KV cache it is, below Assignment::conversations.
};

/// The sum of a round; the device adds it to x and goes on with the next site, which is the next
/// round. One message a round each way.
struct Sum {
    std::uint32_t epoch = 0;
    std::uint64_t round = 0;
    gsl::span<const float> values;  ///< [vectors, hidden_size]; empty where the air brought it.
    bool by_air = false;  ///< The device has it from messages of the server's, one a vector.
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
    /// Where it goes over the air as well, mean square of each vector as that has it; else empty.
    gsl::span<const float> powers = {};
    double foretold = 0;  ///< check_sum() of what the device foretells of the sum; 0: nothing.
};

/// The partial of a round that goes over the air is there, and waits for orders.
struct Computed {
    std::uint32_t epoch = 0;
    std::uint64_t round = 0;
    double compute_s = 0;           ///< Spent on it by the device.
    gsl::span<const float> powers;  ///< Mean square of each vector, at least 0.
    double foretold = 0;            ///< As Partial has it.
};

// ---- radio ----

/// What the coordinator asks of a radio's clock and carrier, as TimedRadio has it.
enum class ClockStep : std::uint8_t { now, last_pulse, set_at_next_pulse, tune };

struct ClockCommand {
    std::uint64_t request = 0;  ///< Comes back in the report.
    ClockStep step = ClockStep::now;
    std::int64_t ticks = 0;  ///< What the next pulse will be, or when to tune.
};

struct ClockReport {
    std::uint64_t request = 0;
    std::vector<std::int64_t> ticks;  ///< Now, or at the last pulse, a board each; at most 64.
    std::string failure;              ///< Empty: done. At most 1024 bytes, printable.
};

/// The device's part of a transceiver.
struct Settings {
    std::uint32_t epoch = 0;
    std::uint64_t from_order = 0;         ///< The first that it holds for.
    SiteKind kind = SiteKind::attention;  ///< Whose rounds they are for.
    double second_moment = 0;
    double preamble_power_w = 0;
    double power_w = 0;
    std::uint32_t streams = 0, antennas = 0, resource_blocks = 0;  ///< 1 to 1024 each.
    /// [resource_blocks, antennas, streams], real and imaginary part in turn.
    gsl::span<const float> precoders;
};

/// Take part in a round over the air: hear the headers, then sound, or send one vector of the
/// partial that is there.
struct Order {
    std::uint32_t epoch = 0;
    std::uint64_t number = 0;  ///< One up with every order of an epoch.
    bool sounding = false;
    bool new_reference = false;         ///< The first header becomes the reference of all phases.
    std::vector<std::int64_t> headers;  ///< Where they begin, ticks, ascending; 1 to 64.
    std::int64_t burst = 0;             ///< Where the device's burst begins, ticks, after them.
    std::uint64_t round = 0;            ///< Whose partial; where it is no sounding.
    std::uint32_t vector = 0;           ///< Which of the partial's vectors.
    double scale = 1;                   ///< That it is divided by, above 0.
};

/// What became of an order.
struct BurstReport {
    std::uint32_t epoch = 0;
    std::uint64_t number = 0;
    WindowState window = WindowState::missing;  ///< Of the headers.
    double window_mean_dbfs = 0, window_peak_dbfs = 0;
    bool header_found = false;
    /// The vector was scaled down to its headroom; said once, of its first order.
    bool limited_vector = false;
    double header_snr_db = 0;
    double offset_hz = 0;  ///< Predicted: the device's oscillator over the server's.
    BurstState burst = BurstState::waiting;  ///< Waiting: nothing was sent.
    double burst_mean_dbfs = 0, burst_peak_dbfs = 0;
    std::uint64_t clipped_samples = 0, clipped_reals = 0;
    double mean_power_w = 0;
    std::string refusal;  ///< Why it was refused; at most 1024 bytes, printable.
};

/// Receive a burst of the server's: one that teaches streams, or the message of one vector of the sum.
struct Listen {
    std::uint32_t epoch = 0;
    std::uint64_t number = 0;  ///< Counts with those of orders.
    std::int64_t begin = 0;    ///< Where the burst begins, ticks, at least 0.
    bool training = false;
    // As phy::Modulation has it:
    std::uint32_t streams = 1;        ///< 1 to 1024
    std::uint32_t bits = 2;           ///< 2, 4, 6 or 8
    std::uint8_t rate = 0;            ///< Which of phy::code_rates, 0 to 3.
    std::uint32_t repetitions = 1;    ///< 1 to 1024
    std::uint32_t message_bytes = 0;  ///< 0 where it teaches; at most 2^24.
    std::uint64_t round = 0;          ///< Whose sum.
    std::uint32_t vector = 0;         ///< Which of the sum's vectors.
};

/// What became of it.
struct Heard {
    std::uint32_t epoch = 0;
    std::uint64_t number = 0;
    WindowState window = WindowState::missing;
    bool header_found = false;  ///< Of a message.
    bool decoded = false;       ///< The message's checksum was right, or the streams were learned.
    double evm = 0;             ///< Of the message's pilots.
    double noise_power_w = 0;   ///< That the device heard it in.
    std::string failure;        ///< Why it did not listen; at most 1024 bytes, printable.
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
using Message = std::variant<Hello, Welcome, Rejection, Calibration, CalibrationRequest,
                             CalibrationPiece, CalibrationReport, Assignment, Loaded, RoundStart,
                             Sum, Repeat, Partial, Computed, ClockCommand, ClockReport, Settings,
                             Order, BurstReport, Listen, Heard, Heartbeat, Telemetry, Shutdown>;

/// As logs call it: "partial", "round start".
const char* name_of(const Message& message);

}  // namespace aircomp::runtime::control
