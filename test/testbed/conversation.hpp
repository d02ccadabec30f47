// SPDX-License-Identifier: GPL-3.0-or-later
// Both ends of a control link without sockets, models and clocks: each does with what it hears what
// its daemon does, and checks what the daemon relies on.
#pragma once

#include <stdexcept>
#include <vector>

#include "daemon/link/codec.hpp"
#include "daemon/link/coordinator_state.hpp"
#include "daemon/link/device_state.hpp"
#include "testbed/every_message.hpp"

namespace aircomp::test {

namespace control = runtime::control;

inline void must(bool holds, const char* what) {
    if (!holds) throw std::logic_error(what);
}

/// A device that loads and computes at once.
class DeviceEnd {
public:
    std::size_t most_frame_bytes() const { return machine_.most_frame_bytes(); }

    void act(const control::Message& message) {
        if (!machine_.receive(message)) return;
        if (const auto* assignment = std::get_if<control::Assignment>(&message)) {
            must(machine_.loaded(assignment->epoch), "a slice just assigned is awaited");
        } else if (std::holds_alternative<control::Calibration>(message)) {
            machine_.asked(0);
        } else if (std::holds_alternative<control::RoundStart>(message) ||
                   std::holds_alternative<control::Sum>(message) ||
                   std::holds_alternative<control::Repeat>(message)) {
            check_round();
            must(machine_.answered(machine_.epoch(), machine_.round()), "a round is answered");
        }
    }

private:
    void check_round() const {
        must(machine_.site() >= 0 && machine_.site() < message_sites, "a site of the model");
        must(machine_.vectors() >= 1 && machine_.position() >= 0 &&
                 machine_.position() + machine_.vectors() <= machine_.assignment().context,
             "vectors within the context");
    }

    control::DeviceMachine machine_{message_hidden_size, message_sites};
};

/// A coordinator that has one device, which needs a calibration, and cuts the model anew at every telemetry with an odd count.
class CoordinatorEnd {
public:
    std::size_t most_frame_bytes() const { return machine_.most_frame_bytes(); }

    void act(const control::Message& message) {
        if (!machine_.receive(message)) return;
        if (std::holds_alternative<control::Hello>(message)) {
            machine_.admit();
            machine_.announce(message_calibration_bytes);
        } else if (const auto* report = std::get_if<control::CalibrationReport>(&message)) {
            if (report->failure.empty()) assign();
        } else if (std::holds_alternative<control::Loaded>(message) ||
                   std::holds_alternative<control::Partial>(message) ||
                   std::holds_alternative<control::Computed>(message)) {
            must(machine_.state() == control::PeerState::ready, "a device that owes nothing");
            machine_.start_round(++round_, message_hidden_size);
        } else if (const auto* telemetry = std::get_if<control::Telemetry>(&message)) {
            if (telemetry->rounds % 2 == 1 && machine_.is_prepared()) assign();
        }
    }

private:
    void assign() {
        machine_.abandon_round();
        machine_.assign(++epoch_, message_vectors * message_hidden_size);
    }

    control::PeerMachine machine_;
    std::uint32_t epoch_ = 0;
    std::uint64_t round_ = 0;
};

/// Hands frames to one end as a link does: each of no more bytes than the end allows, until there
/// is none or one is refused. `read` makes a message of a frame. Returns how many it was given.
template <typename End, typename Read>
std::size_t converse(gsl::span<const std::byte> bytes, End& end, const Read& read) {
    std::size_t messages = 0;
    while (bytes.size() > control::length_bytes) {
        std::size_t length = 0;
        for (std::size_t i = 0; i < control::length_bytes; ++i)
            length |= std::to_integer<std::size_t>(bytes[i]) << (8 * i);
        const std::size_t size = control::length_bytes + length;
        if (length == 0 || size > end.most_frame_bytes() || size > bytes.size()) break;
        // In memory of its own, where sanitizers see whatever is read beyond it.
        const std::vector<std::byte> frame(bytes.begin(),
                                           bytes.begin() + static_cast<std::ptrdiff_t>(size));
        bytes = bytes.subspan(size);
        ++messages;
        try {
            end.act(read(frame));
        } catch (const control::ProtocolError&) {
            break;
        }
    }
    return messages;
}

}  // namespace aircomp::test
