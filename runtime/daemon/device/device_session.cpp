// SPDX-License-Identifier: GPL-3.0-or-later
// What the coordinator says to the worker and the carrier; what these say back to the coordinator.
#include "daemon/device/device_session.hpp"

#include <utility>

#include "daemon/air_messages.hpp"
#include "daemon/control_carrier.hpp"
#include "daemon/device/radio_partial_carrier.hpp"

namespace aircomp::runtime::testbed {

DeviceSession::DeviceSession(control::Loop& loop, const inference::Checkpoint& checkpoint,
                             const control::Hello& hello, int threads,
                             const inference::Compute& compute, RadioEnd* radio,
                             std::filesystem::path calibrations, Log& log)
    : loop_(loop),
      checkpoint_(checkpoint),
      hello_(hello),
      threads_(threads),
      compute_(compute),
      radio_(radio),
      calibrations_(std::move(calibrations)),
      log_(log),
      machine_(checkpoint.config().hidden_size, checkpoint.config().sites()),
      watched_s_(loop.now_s()) {}

// ---- link ----

void DeviceSession::start(const control::Address& address, const control::TlsIdentity* identity) {
    link_ = control::connect(loop_, address, identity);
    heard_s_ = loop_.now_s();
    const std::weak_ptr<DeviceSession> self = weak_from_this();
    const auto alive = [self](auto&& action) {
        if (const auto session = self.lock()) action(*session);
    };
    link_->start(
        {[alive] { alive([](auto& s) { s.link_->send(control::encode(s.hello_)); }); },
         [this] { return machine_.most_frame_bytes(); },
         [alive](gsl::span<const std::byte> frame) { alive([&](auto& s) { s.take(frame); }); },
         [alive](const std::string& reason) { alive([&](auto& s) { s.end(reason); }); }});
}

void DeviceSession::watch() {
    if (ended()) return;
    const double now_s = loop_.now_s();
    const double silence_s = now_s - heard_s_;
    const double looked_away_s = now_s - std::exchange(watched_s_, now_s);
    // Who was not looking cannot tell: what came meanwhile is still to be read.
    if (looked_away_s > most_silence_s_ / 2) {
        heard_s_ = now_s;
    } else if (silence_s > most_silence_s_) {
        end("the coordinator was silent for " + std::to_string(silence_s) + " s");
    }
}

void DeviceSession::end(const std::string& reason) {
    if (ended_) return;
    ended_ = reason;
    link_->close();
    if (carrier_) carrier_->silence();
    calibration_.reset();
    worker_.reset();
}

// ---- worker and carrier ----

/// Carries out `action(session)` in the loop's thread while the session lasts; from any thread.
auto DeviceSession::poster() {
    const std::weak_ptr<DeviceSession> self = weak_from_this();
    return [self, &loop = loop_](auto action) {
        loop.post([self, action = std::move(action)] {
            const auto session = self.lock();
            if (session && !session->ended()) action(*session);
        });
    };
}

void DeviceSession::make_carrier() {
    const auto post = poster();
    const SendAnswer answer = [post](const control::Frame& frame, const Round& round,
                                     double compute_s) {
        post([=](DeviceSession& s) { s.answer(frame, round, compute_s); });
    };
    if (radio_ == nullptr) {
        carrier_ = std::make_unique<ControlPartialCarrier>(answer);
        return;
    }
    carrier_ = std::make_unique<RadioPartialCarrier>(
        radio_->config, radio_->device, checkpoint_.config().hidden_size, *radio_->radio, answer,
        [post](const control::Frame& frame) {
            post([=](DeviceSession& s) { s.link_->send(frame); });
        });
}

WorkerEvents DeviceSession::worker_events() {
    const auto post = poster();
    return {[post](std::uint32_t epoch, std::uint64_t weight_bytes) {
                post([=](DeviceSession& s) { s.loaded(epoch, weight_bytes); });
            },
            [post](const std::string& reason) {
                post([=](DeviceSession& s) { s.end("cannot compute: " + reason); });
            }};
}

// ---- calibration ----

CalibrationEvents DeviceSession::calibration_events() {
    const auto post = poster();
    return {[post](std::uint64_t offset) { post([=](DeviceSession& s) { s.ask(offset); }); },
            [post](const std::shared_ptr<const SharedCoding>& coding,
                   const std::filesystem::path& file) {
                post([=](DeviceSession& s) { s.hold(coding, file.string()); });
            },
            [post](const std::string& reason) { post([=](DeviceSession& s) { s.lack(reason); }); }};
}

void DeviceSession::ask(std::uint64_t offset) {
    machine_.asked(offset);
    link_->send(control::encode(control::CalibrationRequest{offset}));
}

void DeviceSession::hold(const std::shared_ptr<const SharedCoding>& coding,
                         const std::string& file) {
    coding_ = coding;
    carrier_->shape_by(coding->shape);
    log_.info("calibration", {{"file", file}});
    link_->send(control::encode(control::CalibrationReport{}));
}

/// The coordinator takes the device out for it.
void DeviceSession::lack(const std::string& reason) {
    log_.error("no calibration", {{"reason", reason}});
    link_->send(control::encode(control::CalibrationReport{printable(reason)}));
}

// ---- slices and rounds ----

void DeviceSession::loaded(std::uint32_t epoch, std::uint64_t weight_bytes) {
    if (!machine_.loaded(epoch)) return;
    const control::Assignment& own = machine_.assignment();
    log_.info("slice loaded", {{"epoch", epoch},
                               {"heads", own.head_end - own.head_begin},
                               {"ffn_columns", own.ffn_end - own.ffn_begin},
                               {"weight_bytes", weight_bytes}});
    link_->send(control::encode(control::Loaded{epoch, weight_bytes}));
}

void DeviceSession::answer(const control::Frame& frame, const Round& round, double compute_s) {
    telemetry_.compute_s += compute_s;
    if (!machine_.answered(round.epoch, round.number)) return;
    answered_s_ = loop_.now_s();
    ++telemetry_.rounds;
    link_->send(frame);
}

// ---- what the coordinator says ----

void DeviceSession::take(gsl::span<const std::byte> frame) {
    heard_s_ = loop_.now_s();
    was_answered_ = true;
    const control::Message message = control::decode(frame);
    if (!machine_.receive(message)) return;
    if (carrier_) carrier_->feed();
    std::visit([this](const auto& m) { on(m); }, message);
}

void DeviceSession::on(const control::Welcome& welcome) {
    was_admitted_ = true;
    most_silence_s_ = welcome.heartbeat_s;
    log_.info("admitted", {{"coordinator", link_->peer_address()}});
    make_carrier();
    calibration_ =
        std::make_unique<CalibrationFetch>(checkpoint_, calibrations_, calibration_events());
    worker_ =
        std::make_unique<SliceWorker>(checkpoint_, threads_, compute_, *carrier_, worker_events());
}

void DeviceSession::on(const control::RoundStart& start) {
    worker_->start(round(), {start.conversation, start.one_at_a_time},
                   {start.x.begin(), start.x.end()});
}

void DeviceSession::on(const control::Sum& sum) {
    telemetry_.wait_s += loop_.now_s() - answered_s_;
    const Round next = round();
    if (!sum.by_air) return worker_->add(next, {sum.values.begin(), sum.values.end()}, true);
    Round last = next;
    last.number = sum.round;
    worker_->add(next, carrier_->heard(last), false);
}

/// The round that the machine has just entered.
Round DeviceSession::round() const {
    return {machine_.epoch(),    machine_.round(),   checkpoint_.config().site(machine_.site()),
            machine_.position(), machine_.vectors(), checkpoint_.config().hidden_size,
            machine_.way()};
}

void DeviceSession::on(const control::Heartbeat& heartbeat) {
    link_->send(control::encode(heartbeat));
    link_->send(control::encode(telemetry_));
}

void DeviceSession::on(const control::Rejection& rejection) {
    is_refused_ = !rejection.retry;
    pause_s_ = rejection.retry_after_s;
    end("refused: " + rejection.reason);
}

void DeviceSession::on(const control::Shutdown& shutdown) {
    was_shut_down_ = true;
    end(shutdown.reason);
}

}  // namespace aircomp::runtime::testbed
