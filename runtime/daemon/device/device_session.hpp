// SPDX-License-Identifier: GPL-3.0-or-later
// One link of a device to its coordinator, from connecting to its end: says hello, holds the slice
// that it is assigned, answers rounds.
//
//     loop's thread:   sockets, heartbeats, the state machine
//     worker's thread: partials (slice_worker.hpp)
//     fetch's thread:  the calibration's file (calibration_fetch.hpp)
//     radio's thread:  waits for the air, where there is a radio (radio_partial_carrier.hpp)
#pragma once

#include <filesystem>
#include <gsl/span>
#include <memory>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "daemon/device/calibration_fetch.hpp"
#include "daemon/device/slice_worker.hpp"
#include "daemon/link/device_state.hpp"
#include "daemon/link/net.hpp"
#include "daemon/log.hpp"

namespace aircomp::runtime {
class DeviceRadio;
}

namespace aircomp::runtime::testbed {

/// The device's radio, which outlives links to coordinators.
struct RadioEnd {
    Config config;
    std::size_t device = 0;  ///< Its index there.
    std::unique_ptr<DeviceRadio> radio;
};

/// Everything happens in the loop's thread and by its clock.
class DeviceSession : public std::enable_shared_from_this<DeviceSession> {
public:
    /// Silence that a coordinator is granted before its welcome says how long it may be.
    static constexpr double greeting_timeout_s = 5;

    /// `radio` null: none. `calibrations`: the folder where calibration files are kept. Everything
    /// given must outlive the session.
    DeviceSession(control::Loop& loop, const inference::Checkpoint& checkpoint,
                  const control::Hello& hello, int threads, const inference::Compute& compute,
                  RadioEnd* radio, std::filesystem::path calibrations, Log& log);

    void start(const control::Address& address, const control::TlsIdentity* identity);

    /// Gives a silent coordinator up. To be called several times in the silence that it is granted.
    void watch();

    /// Ends the link and the worker; what the worker still has to say is dropped.
    void end(const std::string& reason);

    bool ended() const { return ended_.has_value(); }
    const std::string& reason() const { return *ended_; }
    /// Whether its radio has let go of it, after its end.
    bool is_silent() const { return !carrier_ || carrier_->is_silent(); }
    /// Whether the coordinator has said anything.
    bool was_answered() const { return was_answered_; }
    bool was_admitted() const { return was_admitted_; }
    bool was_shut_down() const { return was_shut_down_; }
    /// Refused, and not to try again.
    bool is_refused() const { return is_refused_; }
    /// That the coordinator wants it to stay away.
    double pause_s() const { return pause_s_; }

private:
    void take(gsl::span<const std::byte> frame);

    void on(const control::Welcome& welcome);
    void on(const control::Calibration& calibration) { calibration_->find(calibration); }
    void on(const control::CalibrationPiece& piece) { calibration_->take(piece); }
    void on(const control::Assignment& assignment) { worker_->load(assignment, coding_); }
    void on(const control::RoundStart& start);
    void on(const control::Sum& sum);
    void on(const control::Repeat&) { worker_->repeat(round()); }
    void on(const control::Heartbeat& heartbeat);
    void on(const control::Rejection& rejection);
    void on(const control::Shutdown& shutdown);
    void on(const control::ClockCommand& command) { carrier_->command(command); }
    void on(const control::Settings& settings) { carrier_->command(settings); }
    void on(const control::Order& order) { carrier_->command(order); }
    void on(const control::Listen& listen) { carrier_->command(listen); }
    /// The machine lets nothing else through.
    template <typename Other>
    void on(const Other&) {}

    auto poster();
    void make_carrier();
    WorkerEvents worker_events();
    CalibrationEvents calibration_events();
    void ask(std::uint64_t offset);
    void hold(const std::shared_ptr<const SharedCoding>& coding, const std::string& file);
    void lack(const std::string& reason);
    void loaded(std::uint32_t epoch, std::uint64_t weight_bytes);
    void answer(const control::Frame& frame, const Round& round, double compute_s);
    Round round() const;

    control::Loop& loop_;
    const inference::Checkpoint& checkpoint_;
    control::Hello hello_;
    int threads_;
    inference::Compute compute_;
    RadioEnd* radio_;
    std::filesystem::path calibrations_;
    Log& log_;
    control::DeviceMachine machine_;
    control::LinkPointer link_;
    std::unique_ptr<PartialCarrier> carrier_;
    std::unique_ptr<CalibrationFetch> calibration_;
    std::shared_ptr<const SharedCoding> coding_;  ///< Null: none.
    std::unique_ptr<SliceWorker> worker_;         // Uses the carrier: ends before it.
    control::Telemetry telemetry_;
    double heard_s_ = 0;  ///< On the loop's clock, as below.
    double watched_s_;
    double answered_s_ = 0;
    double most_silence_s_ = greeting_timeout_s;
    std::optional<std::string> ended_;
    bool was_answered_ = false;
    bool was_admitted_ = false;
    bool was_shut_down_ = false;
    bool is_refused_ = false;
    double pause_s_ = 0;
};

}  // namespace aircomp::runtime::testbed
