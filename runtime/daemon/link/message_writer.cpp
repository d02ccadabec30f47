// SPDX-License-Identifier: GPL-3.0-or-later
// Messages to FlatBuffers, and their names, in the order of wire.fbs.
#include "daemon/link/message_writer.hpp"

#include <array>

namespace aircomp::runtime::control {
namespace {

using Builder = flatbuffers::FlatBufferBuilder;
template <typename T>
using Offset = flatbuffers::Offset<T>;
using Floats = Offset<flatbuffers::Vector<float>>;

Floats floats(Builder& builder, gsl::span<const float> values) {
    return builder.CreateVector(values.data(), values.size());
}

Offset<void> write(Builder& b, const Hello& m) {
    const auto name = b.CreateString(m.name);
    const auto hash = b.CreateVector(m.model_hash.data(), m.model_hash.size());
    const auto radio = wire::CreateRadio(b, b.CreateString(m.radio.kind), m.radio.antennas,
                                         m.radio.max_power_w, m.radio.sample_rate_hz, m.radio.air);
    return wire::CreateHello(b, name, hash, m.memory_bytes, m.compute_flops_per_s,
                             m.energy_j_per_flop, radio, m.bytes_per_weight)
        .Union();
}

Offset<void> write(Builder& b, const Welcome& m) {
    return wire::CreateWelcome(b, m.heartbeat_s).Union();
}

Offset<void> write(Builder& b, const Rejection& m) {
    return wire::CreateRejection(b, b.CreateString(m.reason), m.retry, m.retry_after_s).Union();
}

Offset<void> write(Builder& b, const Calibration& m) {
    const auto hash = b.CreateVector(m.hash.data(), m.hash.size());
    return wire::CreateCalibration(b, hash, m.bytes, m.use.rank, m.use.prediction,
                                   m.use.first_token, m.use.transform, m.use.carries,
                                   m.use.vector_headroom)
        .Union();
}

Offset<void> write(Builder& b, const CalibrationRequest& m) {
    return wire::CreateCalibrationRequest(b, m.offset).Union();
}

Offset<void> write(Builder& b, const CalibrationPiece& m) {
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(m.bytes.data());
    return wire::CreateCalibrationPiece(b, m.offset, b.CreateVector(bytes, m.bytes.size())).Union();
}

Offset<void> write(Builder& b, const CalibrationReport& m) {
    return wire::CreateCalibrationReport(b, b.CreateString(m.failure)).Union();
}

Offset<void> write(Builder& b, const Assignment& m) {
    return wire::CreateAssignment(b, m.epoch, m.device, m.devices, m.head_begin, m.head_end,
                                  m.ffn_begin, m.ffn_end, m.context, m.most_vectors,
                                  m.conversations)
        .Union();
}

Offset<void> write(Builder& b, const Loaded& m) {
    return wire::CreateLoaded(b, m.epoch, m.weight_bytes).Union();
}

Offset<void> write(Builder& b, const RoundStart& m) {
    return wire::CreateRoundStart(b, m.epoch, m.round, m.conversation, m.position, m.vectors,
                                  m.one_at_a_time, static_cast<wire::Way>(m.way), floats(b, m.x))
        .Union();
}

Offset<void> write(Builder& b, const Sum& m) {
    const auto values = m.by_air ? Floats() : floats(b, m.values);
    return wire::CreateSum(b, m.epoch, m.round, values, m.by_air).Union();
}

Offset<void> write(Builder& b, const Repeat& m) {
    return wire::CreateRepeat(b, m.epoch, m.round).Union();
}

Offset<void> write(Builder& b, const Partial& m) {
    const auto powers = m.powers.empty() ? Floats() : floats(b, m.powers);
    return wire::CreatePartial(b, m.epoch, m.round, m.compute_s, floats(b, m.values), powers,
                               m.foretold)
        .Union();
}

Offset<void> write(Builder& b, const Computed& m) {
    return wire::CreateComputed(b, m.epoch, m.round, m.compute_s, floats(b, m.powers), m.foretold)
        .Union();
}

Offset<void> write(Builder& b, const ClockCommand& m) {
    return wire::CreateClockCommand(b, m.request, static_cast<wire::ClockStep>(m.step), m.ticks)
        .Union();
}

Offset<void> write(Builder& b, const ClockReport& m) {
    const auto ticks = b.CreateVector(m.ticks);
    return wire::CreateClockReport(b, m.request, ticks, b.CreateString(m.failure)).Union();
}

Offset<void> write(Builder& b, const Settings& m) {
    return wire::CreateSettings(b, m.epoch, m.from_order, static_cast<wire::SiteKind>(m.kind),
                                m.second_moment, m.preamble_power_w, m.power_w, m.streams,
                                m.antennas, m.resource_blocks, floats(b, m.precoders))
        .Union();
}

Offset<void> write(Builder& b, const Order& m) {
    return wire::CreateOrder(b, m.epoch, m.number, m.sounding, m.new_reference,
                             b.CreateVector(m.headers), m.burst, m.round, m.vector, m.scale)
        .Union();
}

Offset<void> write(Builder& b, const BurstReport& m) {
    const auto refusal = b.CreateString(m.refusal);
    return wire::CreateBurstReport(
               b, m.epoch, m.number, static_cast<wire::WindowState>(m.window), m.window_mean_dbfs,
               m.window_peak_dbfs, m.header_found, m.header_snr_db, m.offset_hz,
               static_cast<wire::BurstState>(m.burst), m.burst_mean_dbfs, m.burst_peak_dbfs,
               m.clipped_samples, m.clipped_reals, m.mean_power_w, refusal, m.limited_vector)
        .Union();
}

Offset<void> write(Builder& b, const Listen& m) {
    return wire::CreateListen(b, m.epoch, m.number, m.begin, m.training, m.streams, m.bits, m.rate,
                              m.repetitions, m.message_bytes, m.round, m.vector)
        .Union();
}

Offset<void> write(Builder& b, const Heard& m) {
    const auto failure = b.CreateString(m.failure);
    return wire::CreateHeard(b, m.epoch, m.number, static_cast<wire::WindowState>(m.window),
                             m.header_found, m.decoded, m.evm, m.noise_power_w, failure)
        .Union();
}

Offset<void> write(Builder& b, const Heartbeat& m) {
    return wire::CreateHeartbeat(b, m.sequence).Union();
}

Offset<void> write(Builder& b, const Telemetry& m) {
    return wire::CreateTelemetry(b, m.compute_s, m.wait_s, m.rounds).Union();
}

Offset<void> write(Builder& b, const Shutdown& m) {
    return wire::CreateShutdown(b, b.CreateString(m.reason)).Union();
}

}  // namespace

const char* name_of(const Message& message) {
    static constexpr std::array<const char*, std::variant_size_v<Message>> names = {
        "hello",
        "welcome",
        "rejection",
        "calibration",
        "calibration request",
        "calibration piece",
        "calibration report",
        "assignment",
        "loaded",
        "round start",
        "sum",
        "repeat",
        "partial",
        "computed",
        "clock command",
        "clock report",
        "settings",
        "order",
        "burst report",
        "listen",
        "heard",
        "heartbeat",
        "telemetry",
        "shutdown"};
    return names.at(message.index());
}

std::size_t values_of(const Message& message) {
    if (const auto* start = std::get_if<RoundStart>(&message)) return start->x.size();
    if (const auto* sum = std::get_if<Sum>(&message)) return sum->values.size();
    if (const auto* partial = std::get_if<Partial>(&message))
        return partial->values.size() + partial->powers.size();
    if (const auto* settings = std::get_if<Settings>(&message)) return settings->precoders.size();
    if (const auto* computed = std::get_if<Computed>(&message)) return computed->powers.size();
    if (const auto* piece = std::get_if<CalibrationPiece>(&message))
        return piece->bytes.size() / sizeof(float);
    return 0;
}

flatbuffers::Offset<void> write_body(flatbuffers::FlatBufferBuilder& builder,
                                     const Message& message) {
    return std::visit([&](const auto& m) { return write(builder, m); }, message);
}

}  // namespace aircomp::runtime::control
