// SPDX-License-Identifier: GPL-3.0-or-later
// Transitions of the coordinator's side.
#include "daemon/link/coordinator_state.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "daemon/link/codec.hpp"

namespace aircomp::runtime::control {

const char* name_of(PeerState state) {
    switch (state) {
        case PeerState::greeting:
            return "greeting";
        case PeerState::lobby:
            return "lobby";
        case PeerState::loading:
            return "loading";
        case PeerState::ready:
            return "ready";
        case PeerState::computing:
            return "computing";
        case PeerState::closed:
            return "closed";
    }
    return "unknown";
}

std::size_t PeerMachine::most_frame_bytes() const {
    if (state_ == PeerState::greeting) return most_hello_bytes;
    // A partial of an earlier epoch may still be on its way.
    return std::max(most_plain_bytes, frame_bytes(most_values_));
}

bool PeerMachine::receive(const Message& message) {
    return std::visit([this](const auto& m) { return on(m); }, message);
}

void PeerMachine::refuse(const char* what) const {
    throw ProtocolError(std::string(what) + " may not come in state " + name_of(state_));
}

void PeerMachine::require_admitted(const char* what) const {
    if (state_ == PeerState::greeting || state_ == PeerState::closed) refuse(what);
}

void PeerMachine::expect(PeerState state, const char* action) const {
    if (state_ != state) {
        throw std::logic_error(std::string(action) + " in state " + name_of(state_));
    }
}

void PeerMachine::admit() {
    expect(PeerState::greeting, "admit");
    state_ = PeerState::lobby;
}

void PeerMachine::announce(std::uint64_t calibration_bytes) {
    expect(PeerState::lobby, "announce a calibration");
    calibration_bytes_ = calibration_bytes;
}

void PeerMachine::assign(std::uint32_t epoch, std::size_t most_values) {
    if (state_ == PeerState::closed || !is_prepared() || epoch <= epoch_) {
        throw std::logic_error(std::string("assign in state ") + name_of(state_));
    }
    epoch_ = epoch;
    most_values_ = std::max(most_values_, most_values);
    state_ = PeerState::loading;
}

void PeerMachine::start_round(std::uint64_t round, std::size_t values, std::size_t vectors) {
    expect(PeerState::ready, "start a round");
    round_ = round;
    vectors_ = vectors;
    values_ = values;
    state_ = PeerState::computing;
}

void PeerMachine::abandon_round() {
    if (state_ == PeerState::computing) state_ = PeerState::ready;
}

bool PeerMachine::on(const Hello&) {
    if (state_ != PeerState::greeting || has_greeted_) refuse("hello");
    has_greeted_ = true;
    return true;
}

bool PeerMachine::on(const CalibrationRequest& message) {
    if (calibration_bytes_ == 0) refuse("calibration request");
    if (message.offset < calibration_bytes_) return true;
    throw ProtocolError("calibration request: expected a byte before " +
                        std::to_string(calibration_bytes_) + ", found " +
                        std::to_string(message.offset));
}

bool PeerMachine::on(const CalibrationReport& message) {
    if (calibration_bytes_ == 0) refuse("calibration report");
    if (message.failure.empty()) calibration_bytes_ = 0;
    return true;
}

bool PeerMachine::on(const Loaded& message) {
    require_admitted("loaded");
    if (message.epoch > epoch_) throw ProtocolError("loaded: an epoch that is still to come");
    if (message.epoch < epoch_) return false;
    if (state_ != PeerState::loading) refuse("loaded");
    state_ = PeerState::ready;
    return true;
}

bool PeerMachine::is_awaited(std::uint32_t epoch, std::uint64_t round, const char* what) const {
    require_admitted(what);
    if (epoch > epoch_) throw ProtocolError(std::string(what) + ": an epoch that is still to come");
    if (epoch < epoch_) return false;
    if (round > round_) throw ProtocolError(std::string(what) + ": a round that is still to come");
    // Repeated, or of a round that was abandoned.
    return round == round_ && state_ == PeerState::computing;
}

bool PeerMachine::on(const Partial& message) {
    if (!is_awaited(message.epoch, message.round, "partial")) return false;
    if (message.values.size() != values_) {
        throw ProtocolError("partial: expected " + std::to_string(values_) + " values, found " +
                            std::to_string(message.values.size()));
    }
    if (!message.powers.empty() && message.powers.size() != vectors_) {
        throw ProtocolError("partial: expected " + std::to_string(vectors_) + " powers, found " +
                            std::to_string(message.powers.size()));
    }
    state_ = PeerState::ready;
    return true;
}

bool PeerMachine::on(const Computed& message) {
    if (!is_awaited(message.epoch, message.round, "computed")) return false;
    if (message.powers.size() != vectors_) {
        throw ProtocolError("computed: expected " + std::to_string(vectors_) + " powers, found " +
                            std::to_string(message.powers.size()));
    }
    state_ = PeerState::ready;
    return true;
}

bool PeerMachine::on(const ClockReport&) {
    require_admitted("clock report");
    return true;
}

bool PeerMachine::on(const BurstReport& message) {
    require_admitted("burst report");
    return message.epoch == epoch_;
}

bool PeerMachine::on(const Heard& message) {
    require_admitted("heard");
    return message.epoch == epoch_;
}

bool PeerMachine::on(const Heartbeat&) {
    require_admitted("heartbeat");
    return true;
}

bool PeerMachine::on(const Telemetry&) {
    require_admitted("telemetry");
    return true;
}

/// What only the coordinator says.
template <typename Other>
bool PeerMachine::on(const Other& message) {
    refuse(name_of(Message(message)));
}

}  // namespace aircomp::runtime::control
