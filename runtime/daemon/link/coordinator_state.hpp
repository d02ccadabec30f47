// SPDX-License-Identifier: GPL-3.0-or-later
// The coordinator's side of a link as a state machine: what one device may say when, and how much
// of it. A pure value, without sockets or clocks; docs/control.md draws it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "daemon/link/messages.hpp"

namespace aircomp::runtime::control {

enum class PeerState {
    greeting,   ///< Connected; only a hello may come.
    lobby,      ///< Admitted, without a slice of this epoch.
    loading,    ///< Told its slice.
    ready,      ///< Holds its slice; owes nothing.
    computing,  ///< Owes the partial of a round, or word that it waits for orders.
    closed      ///< Rejected, shut down or lost.
};

const char* name_of(PeerState state);

class PeerMachine {
public:
    PeerState state() const { return state_; }

    /// Longest frame that the device may send now.
    std::size_t most_frame_bytes() const;

    /// Takes a message of the device in; true where it is to be acted upon, false where it answers
    /// what nobody waits for any more. Throws ProtocolError where it may not come now or does not
    /// fit.
    bool receive(const Message& message);

    // What the coordinator does; each throws std::logic_error in a state that does not allow it.
    void admit();
    /// The device is told of a calibration file of so many bytes, and holds it once it says so.
    void announce(std::uint64_t calibration_bytes);
    void assign(std::uint32_t epoch, std::size_t most_values);
    void start_round(std::uint64_t round, std::size_t values, std::size_t vectors = 1);
    /// The round needs no answer any more: another device was lost.
    void abandon_round();
    void close() { state_ = PeerState::closed; }

    /// Whether it lacks nothing that it was told of: it can be given a slice.
    bool is_prepared() const { return state_ != PeerState::greeting && calibration_bytes_ == 0; }

    std::uint32_t epoch() const { return epoch_; }
    std::uint64_t round() const { return round_; }

private:
    bool on(const Hello& message);
    bool on(const CalibrationRequest& message);
    bool on(const CalibrationReport& message);
    bool on(const Loaded& message);
    bool on(const Partial& message);
    bool on(const Computed& message);
    bool on(const ClockReport& message);
    bool on(const BurstReport& message);
    bool on(const Heard& message);
    bool on(const Heartbeat& message);
    bool on(const Telemetry& message);
    template <typename Other>
    bool on(const Other& message);

    /// Whether it answers the round that is under way.
    bool is_awaited(std::uint32_t epoch, std::uint64_t round, const char* what) const;
    [[noreturn]] void refuse(const char* what) const;
    void require_admitted(const char* what) const;
    void expect(PeerState state, const char* action) const;

    PeerState state_ = PeerState::greeting;
    bool has_greeted_ = false;
    std::uint64_t calibration_bytes_ = 0;  ///< That it may ask for; 0: it needs none, or holds it.
    std::uint32_t epoch_ = 0;
    std::uint64_t round_ = 0;
    std::size_t vectors_ = 0;      ///< Of the round's partial.
    std::size_t values_ = 0;       ///< The same in reals.
    std::size_t most_values_ = 0;  ///< Of any partial of the epoch.
};

}  // namespace aircomp::runtime::control
