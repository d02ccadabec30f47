// SPDX-License-Identifier: GPL-3.0-or-later
// Who is there: admits devices, keeps their links and states, notices who is lost.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "daemon/coordinator/calibration_offer.hpp"
#include "daemon/link/coordinator_state.hpp"
#include "daemon/link/net.hpp"
#include "daemon/link/probation.hpp"
#include "daemon/log.hpp"

namespace aircomp::runtime::testbed {

/// What is known of a device, present or not.
struct DeviceRecord {
    bool present = false;
    control::Hello hello;  ///< Its last.
    double compute_s = 0;  ///< Spent on partials, over all links.
    double wait_s = 0;     ///< Spent by it between partials and sums, over all links.
    std::uint64_t rounds = 0;
    std::uint64_t losses = 0;
    std::uint64_t bytes_sent = 0;      ///< To it, over links that have ended.
    std::uint64_t bytes_received = 0;  ///< From it, over links that have ended.
    double round_trip_s = 0;           ///< Of the last heartbeat.
};

/// What the roster tells its owner. Spans are valid during the call.
struct RosterEvents {
    /// Loaded, Partial, Computed, ClockReport and BurstReport, as the state machine let them
    /// through.
    std::function<void(std::size_t device, const control::Message&)> message;
    std::function<void(std::size_t device, const std::string& reason)> lost;
};

/// Devices are named by their index in the configuration. Everything happens in the loop's thread
/// and by its clock.
class Roster {
public:
    /// Begins to listen. `air`: the fingerprint that a device's radio has to come with; nothing
    /// where devices need none. `calibration` null: devices need none. `identity` null: without TLS.
    /// Everything given must outlive the roster.
    Roster(control::Loop& loop, const Config& config, const control::Hash& model,
           std::optional<std::uint64_t> air, CalibrationOffer* calibration,
           const control::TlsIdentity* identity, Log& log, RosterEvents events);
    ~Roster();

    std::string address() const { return listener_.address(); }

    /// Indices of the devices that are there and hold the calibration, ascending.
    std::vector<std::size_t> present() const;
    const DeviceRecord& record(std::size_t device) const { return records_.at(device); }
    control::PeerState state(std::size_t device) const;
    /// Since anything was heard of it, s.
    double silence_s(std::size_t device) const;
    /// That it has to stay away for, s.
    double pause_s(std::size_t device) const;
    std::uint64_t bytes_sent(std::size_t device) const;
    std::uint64_t bytes_received(std::size_t device) const;

    /// Connections that were refused before they became a device's.
    std::uint64_t refusals() const { return refusals_; }

    void assign(std::size_t device, const control::Assignment& assignment, std::size_t most_values);
    /// `frame` tells the device of a round of so many vectors, `values` reals in all.
    void start_round(std::size_t device, std::uint64_t round, std::size_t values,
                     std::size_t vectors, const control::Frame& frame);
    void send(std::size_t device, const control::Frame& frame);

    /// Takes a device out; it may come back, after a pause where it was lost before.
    void drop(std::size_t device, const std::string& reason);

    /// Tells all that the run is over. The links end when that has arrived.
    std::vector<std::weak_ptr<control::Link>> shut_down(const std::string& reason);

private:
    struct Peer;

    /// Links that belong to no device: those before their hello, and refused ones until they end.
    std::size_t strangers();
    void accept(control::LinkPointer link);
    void take(Peer& peer, gsl::span<const std::byte> frame);
    void greet(Peer& peer, const control::Hello& hello);
    /// The configuration's device of that name, or why the hello is not welcome.
    std::optional<std::size_t> find(const std::string& name) const;
    std::optional<control::Rejection> objection(const Peer& peer,
                                                const control::Hello& hello) const;
    void give(Peer& peer, const control::CalibrationRequest& request);
    void hear(Peer& peer, const control::CalibrationReport& report);
    void ended(Peer& peer, const std::string& reason);
    void forget(Peer& peer);
    void beat();
    void watch();
    void account(const Peer& peer);

    control::Loop& loop_;
    const Config& config_;
    control::Hash model_;
    std::optional<std::uint64_t> air_;
    CalibrationOffer* calibration_;
    bool has_certificates_;
    Log& log_;
    RosterEvents events_;
    std::vector<DeviceRecord> records_;                   ///< By device.
    std::vector<control::Probation> probations_;          ///< By device.
    std::map<const Peer*, std::shared_ptr<Peer>> peers_;  ///< All links, admitted or not.
    std::vector<std::weak_ptr<control::Link>> leaving_;   ///< Refused, being told so.
    std::vector<Peer*> admitted_;  ///< By device; null where it is not there.
    std::uint64_t refusals_ = 0;
    std::uint64_t heartbeat_ = 0;
    double heartbeat_sent_s_ = loop_.now_s();
    double watched_s_ = loop_.now_s();
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    control::Listener listener_;
};

}  // namespace aircomp::runtime::testbed
