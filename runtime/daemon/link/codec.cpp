// SPDX-License-Identifier: GPL-3.0-or-later
// The codec of the control protocol on FlatBuffers: verify, then read; and frames around messages.
#include "daemon/link/codec.hpp"

#include <flatbuffers/flatbuffers.h>

#include <string>

#include "daemon/link/message_reader.hpp"
#include "daemon/link/message_writer.hpp"
#include "wire_generated.h"

namespace aircomp::runtime::control {
namespace {

/// Whether a value of an enumeration from below has its wire's number.
template <typename Value, typename Wire>
constexpr bool same(Value value, Wire wire) {
    return static_cast<int>(value) == static_cast<int>(wire);
}

// Cast both ways: who adds or moves one has to do so in wire.fbs as well.
static_assert(same(SiteKind::attention, wire::SiteKind_attention) &&
              same(SiteKind::mlp, wire::SiteKind_mlp) && same(SiteKind::block, wire::SiteKind_MAX));
static_assert(same(WindowState::whole, wire::WindowState_whole) &&
              same(WindowState::late, wire::WindowState_late) &&
              same(WindowState::overflowed, wire::WindowState_overflowed) &&
              same(WindowState::missing, wire::WindowState_MAX));
static_assert(same(BurstState::waiting, wire::BurstState_waiting) &&
              same(BurstState::acknowledged, wire::BurstState_acknowledged) &&
              same(BurstState::late, wire::BurstState_late) &&
              same(BurstState::underflowed, wire::BurstState_underflowed) &&
              same(BurstState::broken, wire::BurstState_broken) &&
              same(BurstState::unacknowledged, wire::BurstState_unacknowledged) &&
              same(BurstState::refused, wire::BurstState_MAX));

}  // namespace

Frame encode(const Message& message) {
    flatbuffers::FlatBufferBuilder builder(256 + values_of(message) * sizeof(float));
    const auto body = write_body(builder, message);
    // The variant is in the union's order, whose first is "none".
    const auto type = static_cast<wire::Body>(message.index() + 1);
    const auto envelope = wire::CreateEnvelope(builder, protocol_version, type, body);
    wire::FinishSizePrefixedEnvelopeBuffer(builder, envelope);
    const auto* bytes = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
    return std::make_shared<const std::vector<std::byte>>(bytes, bytes + builder.GetSize());
}

Message decode(gsl::span<const std::byte> frame) {
    constexpr int most_depth = 4, most_tables = 4;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(frame.data());
    flatbuffers::Verifier verifier(bytes, frame.size(), most_depth, most_tables);
    if (frame.size() < length_bytes + 8 || !wire::VerifySizePrefixedEnvelopeBuffer(verifier)) {
        throw ProtocolError("not a message of this protocol");
    }
    const wire::Envelope& envelope = *wire::GetSizePrefixedEnvelope(bytes);
    if (envelope.version() != protocol_version) {
        throw ProtocolError("protocol version: expected " + std::to_string(protocol_version) +
                            ", found " + std::to_string(envelope.version()));
    }
    if (envelope.body() == nullptr) throw ProtocolError("a message without content");
    return read_body(envelope);
}

}  // namespace aircomp::runtime::control
