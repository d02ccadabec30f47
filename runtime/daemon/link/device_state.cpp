// SPDX-License-Identifier: GPL-3.0-or-later
// Transitions of the device's side.
#include "daemon/link/device_state.hpp"

#include <string>

#include "daemon/link/codec.hpp"

namespace aircomp::runtime::control {

const char* name_of(DeviceState state) {
    switch (state) {
        case DeviceState::greeting:
            return "greeting";
        case DeviceState::lobby:
            return "lobby";
        case DeviceState::loading:
            return "loading";
        case DeviceState::ready:
            return "ready";
        case DeviceState::computing:
            return "computing";
        case DeviceState::waiting:
            return "waiting";
        case DeviceState::ended:
            return "ended";
    }
    return "unknown";
}

std::size_t DeviceMachine::most_frame_bytes() const {
    if (!has_epoch_ || !is_admitted()) return most_plain_bytes;
    const std::size_t vectors =
        frame_bytes(static_cast<std::size_t>(assignment_.most_vectors * hidden_size_));
    return vectors > most_plain_bytes ? vectors : most_plain_bytes;
}

bool DeviceMachine::receive(const Message& message) {
    return std::visit([this](const auto& m) { return on(m); }, message);
}

void DeviceMachine::refuse(const char* what) const {
    throw ProtocolError(std::string(what) + " may not come in state " + name_of(state_));
}

bool DeviceMachine::is_admitted() const {
    return state_ != DeviceState::greeting && state_ != DeviceState::ended;
}

void DeviceMachine::require_admitted(const char* what) const {
    if (!is_admitted()) refuse(what);
}

bool DeviceMachine::on(const Welcome&) {
    if (state_ != DeviceState::greeting) refuse("welcome");
    state_ = DeviceState::lobby;
    return true;
}

bool DeviceMachine::on(const Rejection&) {
    if (state_ == DeviceState::ended) refuse("rejection");
    state_ = DeviceState::ended;
    return true;
}

bool DeviceMachine::on(const Shutdown&) {
    require_admitted("shutdown");
    state_ = DeviceState::ended;
    return true;
}

bool DeviceMachine::on(const Calibration& message) {
    if (state_ != DeviceState::lobby || has_epoch_ || calibration_bytes_ > 0) refuse("calibration");
    calibration_bytes_ = message.bytes;
    return true;
}

bool DeviceMachine::on(const CalibrationPiece& message) {
    require_admitted("calibration piece");
    if (!awaited_ || message.offset != *awaited_) {
        throw ProtocolError("calibration piece: expected none from byte " +
                            std::to_string(message.offset));
    }
    if (message.bytes.size() > calibration_bytes_ - message.offset) {
        throw ProtocolError("calibration piece: expected no more than " +
                            std::to_string(calibration_bytes_) + " bytes in all");
    }
    awaited_.reset();
    return true;
}

bool DeviceMachine::on(const Assignment& message) {
    require_admitted("assignment");
    if (has_epoch_ && message.epoch <= assignment_.epoch) {
        throw ProtocolError("assignment: expected an epoch after " +
                            std::to_string(assignment_.epoch) + ", found " +
                            std::to_string(message.epoch));
    }
    assignment_ = message;
    has_epoch_ = true;
    state_ = DeviceState::loading;
    return true;
}

bool DeviceMachine::loaded(std::uint32_t epoch) {
    if (state_ != DeviceState::loading || epoch != assignment_.epoch) return false;
    state_ = DeviceState::ready;
    return true;
}

bool DeviceMachine::on(const RoundStart& message) {
    // The last sum of a forward pass is the coordinator's alone: a start may follow a partial.
    if (state_ != DeviceState::ready && state_ != DeviceState::waiting) refuse("round start");
    if (message.epoch != assignment_.epoch) throw ProtocolError("round start: of another epoch");
    if (state_ == DeviceState::waiting && message.round <= round_) {
        throw ProtocolError("round start: expected a round after " + std::to_string(round_) +
                            ", found " + std::to_string(message.round));
    }
    if (message.vectors > assignment_.most_vectors ||
        message.position > assignment_.context - message.vectors) {
        throw ProtocolError("round start: " + std::to_string(message.vectors) +
                            " vectors at position " + std::to_string(message.position) +
                            " are more than were agreed");
    }
    if (message.conversation >= assignment_.conversations) {
        throw ProtocolError("round start: expected a conversation below " +
                            std::to_string(assignment_.conversations) + ", found " +
                            std::to_string(message.conversation));
    }
    if (static_cast<std::int64_t>(message.x.size()) != message.vectors * hidden_size_) {
        throw ProtocolError("round start: expected vectors of " + std::to_string(hidden_size_) +
                            " values");
    }
    round_ = message.round;
    site_ = 0;
    position_ = message.position;
    vectors_ = message.vectors;
    one_at_a_time_ = message.one_at_a_time;
    way_ = message.way;
    state_ = DeviceState::computing;
    return true;
}

bool DeviceMachine::on(const Sum& message) {
    if (state_ != DeviceState::waiting) refuse("sum");
    if (message.epoch != assignment_.epoch || message.round != round_) {
        throw ProtocolError("sum: expected that of round " + std::to_string(round_) + ", found " +
                            std::to_string(message.round));
    }
    if (message.by_air && way_ == Way::link)
        throw ProtocolError("sum: by air, of a round whose partials go over the link");
    const std::int64_t values = message.by_air ? 0 : vectors_ * hidden_size_;
    if (static_cast<std::int64_t>(message.values.size()) != values) {
        throw ProtocolError("sum: expected " + std::to_string(values) + " values, found " +
                            std::to_string(message.values.size()));
    }
    if (site_ + 1 >= sites_) throw ProtocolError("sum: of the last site, which nothing follows");
    ++round_;
    ++site_;
    state_ = DeviceState::computing;
    return true;
}

bool DeviceMachine::on(const Repeat& message) {
    if (state_ != DeviceState::computing && state_ != DeviceState::waiting) refuse("repeat");
    if (message.epoch != assignment_.epoch || message.round != round_) {
        throw ProtocolError("repeat: of another round than the last");
    }
    // Where the partial is still being computed, it will be sent anyway.
    return state_ == DeviceState::waiting;
}

bool DeviceMachine::answered(std::uint32_t epoch, std::uint64_t round) {
    const bool waited_for = (state_ == DeviceState::computing || state_ == DeviceState::waiting) &&
                            epoch == assignment_.epoch && round == round_;
    if (waited_for) state_ = DeviceState::waiting;
    return waited_for;
}

bool DeviceMachine::on(const Heartbeat&) {
    require_admitted("heartbeat");
    return true;
}

bool DeviceMachine::on(const ClockCommand&) {
    require_admitted("clock command");
    return true;
}

bool DeviceMachine::on(const Settings& message) {
    require_admitted("settings");
    return message.epoch == assignment_.epoch;
}

bool DeviceMachine::on(const Order& message) {
    require_admitted("order");
    if (message.epoch != assignment_.epoch) return false;
    if (!message.sounding && message.round > round_) {
        throw ProtocolError("order: a round that is still to come");
    }
    return true;
}

bool DeviceMachine::on(const Listen& message) {
    require_admitted("listen");
    if (message.epoch != assignment_.epoch) return false;
    if (!message.training && message.round > round_) {
        throw ProtocolError("listen: a round that is still to come");
    }
    return true;
}

// What only devices say.
bool DeviceMachine::on(const Hello&) {
    refuse("hello");
}
bool DeviceMachine::on(const CalibrationRequest&) {
    refuse("calibration request");
}
bool DeviceMachine::on(const CalibrationReport&) {
    refuse("calibration report");
}
bool DeviceMachine::on(const Loaded&) {
    refuse("loaded");
}
bool DeviceMachine::on(const Partial&) {
    refuse("partial");
}
bool DeviceMachine::on(const Computed&) {
    refuse("computed");
}
bool DeviceMachine::on(const ClockReport&) {
    refuse("clock report");
}
bool DeviceMachine::on(const BurstReport&) {
    refuse("burst report");
}
bool DeviceMachine::on(const Heard&) {
    refuse("heard");
}
bool DeviceMachine::on(const Telemetry&) {
    refuse("telemetry");
}

}  // namespace aircomp::runtime::control
