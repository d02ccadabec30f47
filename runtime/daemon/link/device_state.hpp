// SPDX-License-Identifier: GPL-3.0-or-later
// The device's side of a link as a state machine: what the coordinator may say when, and how much
// of it. A pure value, without sockets or clocks; docs/control.md draws it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "daemon/link/messages.hpp"

namespace aircomp::runtime::control {

enum class DeviceState {
    greeting,   ///< Hello is sent; the coordinator answers.
    lobby,      ///< Admitted, without a slice of this epoch.
    loading,    ///< Told its slice, loads it.
    ready,      ///< Holds its slice; no forward pass is under way.
    computing,  ///< Works on a round's partial.
    waiting,    ///< The partial is on its way, or waits for orders; the sum comes next.
    ended       ///< Rejected or shut down: nothing may come any more.
};

const char* name_of(DeviceState state);

class DeviceMachine {
public:
    /// Dimensions of the device's own model; what the coordinator says has to fit them. `sites` is
    /// the number of all-reduces of a token.
    DeviceMachine(std::int64_t hidden_size, std::int64_t sites)
        : hidden_size_(hidden_size), sites_(sites) {}

    DeviceState state() const { return state_; }

    /// Longest frame that the coordinator may send now.
    std::size_t most_frame_bytes() const;

    /// Takes a message in; true where it is to be acted upon, false where it belongs to an epoch
    /// that is over. Throws ProtocolError where it may not come now or does not fit.
    bool receive(const Message& message);

    /// A piece of the calibration is wanted, from this byte on.
    void asked(std::uint64_t offset) { awaited_ = offset; }

    /// The slice of `epoch` is loaded; false where another has been assigned meanwhile.
    bool loaded(std::uint32_t epoch);

    /// The partial of `round` of `epoch` is there, for the first time or again; false where nobody
    /// waits for it any more.
    bool answered(std::uint32_t epoch, std::uint64_t round);

    std::uint32_t epoch() const { return assignment_.epoch; }
    const Assignment& assignment() const { return assignment_; }
    std::uint64_t round() const { return round_; }
    std::int64_t position() const { return position_; }
    std::int64_t vectors() const { return vectors_; }
    bool one_at_a_time() const { return one_at_a_time_; }
    Way way() const { return way_; }
    /// Of the round at hand: its place in a token's order of all-reduces.
    std::int64_t site() const { return site_; }

private:
    bool on(const Hello& message);
    bool on(const Welcome& message);
    bool on(const Rejection& message);
    bool on(const Calibration& message);
    bool on(const CalibrationRequest& message);
    bool on(const CalibrationPiece& message);
    bool on(const CalibrationReport& message);
    bool on(const Assignment& message);
    bool on(const Loaded& message);
    bool on(const RoundStart& message);
    bool on(const Sum& message);
    bool on(const Repeat& message);
    bool on(const Partial& message);
    bool on(const Computed& message);
    bool on(const ClockCommand& message);
    bool on(const ClockReport& message);
    bool on(const Settings& message);
    bool on(const Order& message);
    bool on(const BurstReport& message);
    bool on(const Listen& message);
    bool on(const Heard& message);
    bool on(const Heartbeat& message);
    bool on(const Telemetry& message);
    bool on(const Shutdown& message);

    [[noreturn]] void refuse(const char* what) const;
    bool is_admitted() const;
    void require_admitted(const char* what) const;

    std::int64_t hidden_size_;
    std::int64_t sites_;
    DeviceState state_ = DeviceState::greeting;
    std::uint64_t calibration_bytes_ = 0;   ///< 0: none was announced.
    std::optional<std::uint64_t> awaited_;  ///< Where the piece begins that was asked for.
    Assignment assignment_;
    bool has_epoch_ = false;
    std::uint64_t round_ = 0;
    std::int64_t site_ = 0;
    std::int64_t position_ = 0;
    std::int64_t vectors_ = 0;
    bool one_at_a_time_ = false;
    Way way_ = Way::link;
};

}  // namespace aircomp::runtime::control
