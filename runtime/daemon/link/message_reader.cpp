// SPDX-License-Identifier: GPL-3.0-or-later
// Messages from FlatBuffers: every number is checked, and only what is small is copied.
#include "daemon/link/message_reader.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "daemon/link/codec.hpp"

namespace aircomp::runtime::control {
namespace {

// Vectors of reals are read where they lie.
static_assert(FLATBUFFERS_LITTLEENDIAN, "the wire is little-endian");

constexpr std::size_t most_name_bytes = 64;
constexpr std::size_t most_reason_bytes = 1024;
constexpr std::int64_t most_positions = std::int64_t{1} << 24;
constexpr double most_number = 1e30;  // Of anything physical.
constexpr std::size_t most_times = 64;
constexpr std::uint8_t most_code_rate = 3;
constexpr std::uint32_t most_message_bytes = std::uint32_t{1} << 24;
// From a round's first header to its burst: no radio's second has more samples.
constexpr std::int64_t most_round_ticks = std::int64_t{1} << 32;

// ---- checks ----

void require(bool holds, const char* field, const char* expected) {
    if (!holds) throw ProtocolError(std::string(field) + ": expected " + expected);
}

double number(double value, const char* field) {
    require(std::isfinite(value) && value >= 0 && value <= most_number, field,
            "a finite number of at least 0");
    return value;
}

double of_any_sign(double value, const char* field) {
    require(std::isfinite(value) && std::abs(value) <= most_number, field, "a finite number");
    return value;
}

double positive(double value, const char* field) {
    require(number(value, field) > 0, field, "a number above 0");
    return value;
}

template <typename T>
T within(T value, T lowest, T highest, const char* field) {
    if (value >= lowest && value <= highest) return value;
    throw ProtocolError(std::string(field) + ": expected " + std::to_string(lowest) + " to " +
                        std::to_string(highest) + ", found " + std::to_string(value));
}

std::string text(const flatbuffers::String* value, std::size_t most, const char* field) {
    require(value != nullptr && value->size() <= most, field, "some text, not too long");
    const auto is_control = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    };
    require(std::none_of(value->begin(), value->end(), is_control), field, "printable characters");
    return value->str();
}

/// Reals as they lie in the frame; their number is the state machines' to judge.
gsl::span<const float> finite(const flatbuffers::Vector<float>* values, const char* field) {
    require(values != nullptr && values->size() > 0, field, "at least one value");
    double sum = 0;  // Not finite where any of them is not: no sum of so few floats overflows.
    for (flatbuffers::uoffset_t i = 0; i < values->size(); ++i)
        sum += std::abs(static_cast<double>(values->Get(i)));
    require(std::isfinite(sum), field, "finite values");
    return {values->data(), values->size()};
}

std::vector<std::int64_t> times(const flatbuffers::Vector<std::int64_t>* values, std::size_t fewest,
                                const char* field) {
    require(values != nullptr && values->size() >= fewest && values->size() <= most_times, field,
            "a few times");
    // The verifier aligns a vector's length alone, which is shorter than a time.
    require(reinterpret_cast<std::uintptr_t>(values->data()) % alignof(std::int64_t) == 0, field,
            "times where they can be read");
    return {values->begin(), values->end()};
}

// ---- messages ----

RadioCapabilities read(const wire::Radio* m) {
    RadioCapabilities radio;
    if (m == nullptr) return radio;
    radio.kind = text(m->kind(), most_name_bytes, "radio.kind");
    radio.antennas = within(m->antennas(), 0, 1024, "radio.antennas");
    radio.max_power_w = number(m->max_power_w(), "radio.max_power_w");
    radio.sample_rate_hz = number(m->sample_rate_hz(), "radio.sample_rate_hz");
    radio.air = m->air();
    return radio;
}

Hash hash_of(const flatbuffers::Vector<std::uint8_t>* bytes, const char* field) {
    Hash hash = {};
    require(bytes != nullptr && bytes->size() == hash.size(), field, "32 bytes");
    std::copy(bytes->begin(), bytes->end(), hash.begin());
    return hash;
}

Hello read(const wire::Hello& m) {
    Hello hello;
    hello.name = text(m.name(), most_name_bytes, "name");
    require(!hello.name.empty(), "name", "a name");
    hello.model_hash = hash_of(m.model_hash(), "model_hash");
    hello.memory_bytes = number(m.memory_bytes(), "memory_bytes");
    require(hello.memory_bytes >= 1, "memory_bytes", "at least 1");
    hello.compute_flops_per_s = positive(m.compute_flops_per_s(), "compute_flops_per_s");
    hello.energy_j_per_flop = number(m.energy_j_per_flop(), "energy_j_per_flop");
    hello.radio = read(m.radio());
    hello.bytes_per_weight = number(m.bytes_per_weight(), "bytes_per_weight");
    return hello;
}

Welcome read(const wire::Welcome& m) {
    require(m.heartbeat_s() >= 0.05 && m.heartbeat_s() <= 60, "heartbeat_s", "0.05 to 60");
    return {m.heartbeat_s()};
}

Rejection read(const wire::Rejection& m) {
    require(m.retry_after_s() >= 0 && m.retry_after_s() <= 3600, "retry_after_s", "0 to 3600");
    return {text(m.reason(), most_reason_bytes, "reason"), m.retry(), m.retry_after_s()};
}

Calibration read(const wire::Calibration& m) {
    Calibration calibration;
    calibration.hash = hash_of(m.hash(), "calibration");
    calibration.bytes = within(m.bytes(), std::uint64_t{1}, most_calibration_bytes, "bytes");
    calibration.use.rank = within(m.rank(), std::int64_t{0}, most_positions, "rank");
    calibration.use.prediction = m.prediction();
    calibration.use.first_token = m.first_token();
    calibration.use.transform = m.transform();
    calibration.use.carries = m.carries();
    calibration.use.vector_headroom = number(m.vector_headroom(), "vector_headroom");
    require(calibration.use.vector_headroom >= 1, "vector_headroom", "at least 1");
    return calibration;
}

CalibrationRequest read(const wire::CalibrationRequest& m) {
    return {m.offset()};
}

CalibrationPiece read(const wire::CalibrationPiece& m) {
    const auto* const bytes = m.bytes();
    require(bytes != nullptr && bytes->size() > 0 && bytes->size() <= most_piece_bytes,
            "calibration piece", "1 to 49152 bytes");
    return {m.offset(), gsl::as_bytes(gsl::span<const std::uint8_t>(bytes->data(), bytes->size()))};
}

CalibrationReport read(const wire::CalibrationReport& m) {
    return {text(m.failure(), most_reason_bytes, "failure")};
}

void check_range(std::int64_t begin, std::int64_t end, const char* field) {
    require(begin >= 0 && begin <= end && end <= most_positions, field, "a range");
}

Assignment read(const wire::Assignment& m) {
    within(m.devices(), 1U, 1024U, "devices");
    require(m.device() < m.devices(), "device", "a number below devices");
    check_range(m.head_begin(), m.head_end(), "query heads");
    check_range(m.ffn_begin(), m.ffn_end(), "FFN columns");
    within(m.context(), std::int64_t{1}, most_positions, "context");
    within(m.most_vectors(), std::int64_t{1}, most_vectors_of_a_round, "most_vectors");
    within(m.conversations(), 1U, most_conversations, "conversations");
    return {m.epoch(),     m.device(),  m.devices(), m.head_begin(),   m.head_end(),
            m.ffn_begin(), m.ffn_end(), m.context(), m.most_vectors(), m.conversations()};
}

Loaded read(const wire::Loaded& m) {
    return {m.epoch(), m.weight_bytes()};
}

RoundStart read(const wire::RoundStart& m) {
    within(m.position(), std::int64_t{0}, most_positions, "position");
    within(m.vectors(), std::int64_t{1}, most_vectors_of_a_round, "vectors");
    const auto x = finite(m.x(), "x");
    require(x.size() % static_cast<std::size_t>(m.vectors()) == 0, "x", "whole vectors");
    require(m.way() <= wire::Way_MAX, "way", "a way of partials");
    return {m.epoch(),
            m.round(),
            m.position(),
            m.vectors(),
            m.one_at_a_time(),
            x,
            static_cast<Way>(m.way()),
            m.conversation()};
}

Sum read(const wire::Sum& m) {
    if (!m.by_air()) return {m.epoch(), m.round(), finite(m.values(), "sum")};
    require(m.values() == nullptr || m.values()->size() == 0, "sum",
            "no values, where the air has brought it");
    return {m.epoch(), m.round(), {}, true};
}

Repeat read(const wire::Repeat& m) {
    return {m.epoch(), m.round()};
}

/// A number of at least 0 a vector.
gsl::span<const float> powers_of(const flatbuffers::Vector<float>* values) {
    const auto powers = finite(values, "powers");
    require(powers.size() <= static_cast<std::size_t>(most_vectors_of_a_round), "powers",
            "one a vector");
    require(std::all_of(powers.begin(), powers.end(), [](float p) { return p >= 0; }), "powers",
            "numbers of at least 0");
    return powers;
}

Partial read(const wire::Partial& m) {
    const bool has_powers = m.powers() != nullptr && m.powers()->size() > 0;
    return {m.epoch(),
            m.round(),
            number(m.compute_s(), "compute_s"),
            finite(m.values(), "partial"),
            has_powers ? powers_of(m.powers()) : gsl::span<const float>(),
            of_any_sign(m.foretold(), "foretold")};
}

Computed read(const wire::Computed& m) {
    return {m.epoch(), m.round(), number(m.compute_s(), "compute_s"), powers_of(m.powers()),
            of_any_sign(m.foretold(), "foretold")};
}

ClockCommand read(const wire::ClockCommand& m) {
    require(m.step() <= wire::ClockStep_MAX, "step", "a step of the clocks");
    return {m.request(), static_cast<ClockStep>(m.step()), m.ticks()};
}

ClockReport read(const wire::ClockReport& m) {
    return {m.request(), times(m.ticks(), 0, "ticks"),
            text(m.failure(), most_reason_bytes, "failure")};
}

Settings read(const wire::Settings& m) {
    require(m.kind() <= wire::SiteKind_MAX, "kind", "a kind of sites");
    within(m.streams(), 1U, 1024U, "streams");
    within(m.antennas(), 1U, 1024U, "antennas");
    within(m.resource_blocks(), 1U, 1024U, "resource_blocks");
    const auto precoders = finite(m.precoders(), "precoders");
    const std::size_t reals =
        std::size_t{2} * m.streams() * m.antennas() * m.resource_blocks();  // At most 2^31.
    require(precoders.size() == reals, "precoders",
            "resource_blocks x antennas x streams complex numbers");
    return {m.epoch(),
            m.from_order(),
            static_cast<SiteKind>(m.kind()),
            number(m.second_moment(), "second_moment"),
            number(m.preamble_power_w(), "preamble_power_w"),
            number(m.power_w(), "power_w"),
            m.streams(),
            m.antennas(),
            m.resource_blocks(),
            precoders};
}

Order read(const wire::Order& m) {
    Order order{m.epoch(),
                m.number(),
                m.sounding(),
                m.new_reference(),
                times(m.headers(), 1, "headers"),
                m.burst(),
                m.round(),
                m.vector(),
                positive(m.scale(), "scale")};
    const auto& headers = order.headers;
    require(std::is_sorted(headers.begin(), headers.end(), std::less_equal<>()), "headers",
            "ascending times");
    require(headers.front() >= 0 && order.burst > headers.back() &&
                order.burst - headers.front() <= most_round_ticks,
            "burst", "a time shortly after the headers");
    return order;
}

BurstReport read(const wire::BurstReport& m) {
    require(m.window() <= wire::WindowState_MAX, "window", "an outcome of a window");
    require(m.burst() <= wire::BurstState_MAX, "burst", "an outcome of a burst");
    BurstReport report;
    report.epoch = m.epoch();
    report.number = m.number();
    report.window = static_cast<WindowState>(m.window());
    report.window_mean_dbfs = of_any_sign(m.window_mean_dbfs(), "window_mean_dbfs");
    report.window_peak_dbfs = of_any_sign(m.window_peak_dbfs(), "window_peak_dbfs");
    report.header_found = m.header_found();
    report.header_snr_db = of_any_sign(m.header_snr_db(), "header_snr_db");
    report.offset_hz = of_any_sign(m.offset_hz(), "offset_hz");
    report.burst = static_cast<BurstState>(m.burst());
    report.burst_mean_dbfs = of_any_sign(m.burst_mean_dbfs(), "burst_mean_dbfs");
    report.burst_peak_dbfs = of_any_sign(m.burst_peak_dbfs(), "burst_peak_dbfs");
    report.clipped_samples = m.clipped_samples();
    report.clipped_reals = m.clipped_reals();
    report.mean_power_w = number(m.mean_power_w(), "mean_power_w");
    report.refusal = text(m.refusal(), most_reason_bytes, "refusal");
    report.limited_vector = m.limited_vector();
    return report;
}

Listen read(const wire::Listen& m) {
    Listen listen;
    listen.epoch = m.epoch();
    listen.number = m.number();
    listen.begin = m.begin();
    require(listen.begin >= 0, "begin", "a time of at least 0");
    listen.training = m.training();
    listen.streams = within(m.streams(), 1U, 1024U, "streams");
    listen.bits = within(m.bits(), 2U, 8U, "bits");
    require(listen.bits % 2 == 0, "bits", "an even number");
    require(m.rate() <= most_code_rate, "rate", "a rate of the code, 0 to 3");
    listen.rate = m.rate();
    listen.repetitions = within(m.repetitions(), 1U, 1024U, "repetitions");
    listen.message_bytes = within(m.message_bytes(), 0U, most_message_bytes, "message_bytes");
    require((listen.message_bytes == 0) == listen.training, "message_bytes",
            "some, where it is no training, and none where it is");
    listen.round = m.round();
    listen.vector = m.vector();
    return listen;
}

Heard read(const wire::Heard& m) {
    require(m.window() <= wire::WindowState_MAX, "window", "an outcome of a window");
    Heard heard;
    heard.epoch = m.epoch();
    heard.number = m.number();
    heard.window = static_cast<WindowState>(m.window());
    heard.header_found = m.header_found();
    heard.decoded = m.decoded();
    heard.evm = number(m.evm(), "evm");
    heard.noise_power_w = number(m.noise_power_w(), "noise_power_w");
    heard.failure = text(m.failure(), most_reason_bytes, "failure");
    return heard;
}

Heartbeat read(const wire::Heartbeat& m) {
    return {m.sequence()};
}

Telemetry read(const wire::Telemetry& m) {
    return {number(m.compute_s(), "compute_s"), number(m.wait_s(), "wait_s"), m.rounds()};
}

Shutdown read(const wire::Shutdown& m) {
    return {text(m.reason(), most_reason_bytes, "reason")};
}

}  // namespace

Message read_body(const wire::Envelope& envelope) {
    switch (envelope.body_type()) {
        case wire::Body_Hello:
            return read(*envelope.body_as_Hello());
        case wire::Body_Welcome:
            return read(*envelope.body_as_Welcome());
        case wire::Body_Rejection:
            return read(*envelope.body_as_Rejection());
        case wire::Body_Calibration:
            return read(*envelope.body_as_Calibration());
        case wire::Body_CalibrationRequest:
            return read(*envelope.body_as_CalibrationRequest());
        case wire::Body_CalibrationPiece:
            return read(*envelope.body_as_CalibrationPiece());
        case wire::Body_CalibrationReport:
            return read(*envelope.body_as_CalibrationReport());
        case wire::Body_Assignment:
            return read(*envelope.body_as_Assignment());
        case wire::Body_Loaded:
            return read(*envelope.body_as_Loaded());
        case wire::Body_RoundStart:
            return read(*envelope.body_as_RoundStart());
        case wire::Body_Sum:
            return read(*envelope.body_as_Sum());
        case wire::Body_Repeat:
            return read(*envelope.body_as_Repeat());
        case wire::Body_Partial:
            return read(*envelope.body_as_Partial());
        case wire::Body_Computed:
            return read(*envelope.body_as_Computed());
        case wire::Body_ClockCommand:
            return read(*envelope.body_as_ClockCommand());
        case wire::Body_ClockReport:
            return read(*envelope.body_as_ClockReport());
        case wire::Body_Settings:
            return read(*envelope.body_as_Settings());
        case wire::Body_Order:
            return read(*envelope.body_as_Order());
        case wire::Body_BurstReport:
            return read(*envelope.body_as_BurstReport());
        case wire::Body_Listen:
            return read(*envelope.body_as_Listen());
        case wire::Body_Heard:
            return read(*envelope.body_as_Heard());
        case wire::Body_Heartbeat:
            return read(*envelope.body_as_Heartbeat());
        case wire::Body_Telemetry:
            return read(*envelope.body_as_Telemetry());
        case wire::Body_Shutdown:
            return read(*envelope.body_as_Shutdown());
        case wire::Body_NONE:
            break;
    }
    throw ProtocolError("message of a kind that is not known");
}

}  // namespace aircomp::runtime::control
