// SPDX-License-Identifier: GPL-3.0-or-later
// Admission, heartbeats and loss of devices.
#include "daemon/coordinator/roster.hpp"

#include <algorithm>
#include <stdexcept>

#include "engine/model_hash.hpp"

namespace aircomp::runtime::testbed {
namespace {

/// Connections that may wait to say who they are; with most_hello_bytes each, what strangers can
/// make the coordinator hold.
constexpr std::size_t most_strangers = 64;

/// Heartbeats in the time after which silence counts as loss.
constexpr double heartbeats_a_timeout = 4;
constexpr double watch_interval_s = 0.02;

/// The longest pause of a device that was lost again and again: well within the time for which a
/// run waits that cannot go on without it.
double longest_pause_s(const Config& config) {
    return std::min(30.0, config.testbed.join_timeout_s / 2);
}

std::string seconds_text(double seconds) {
    std::string text = std::to_string(seconds);
    return text.substr(0, text.find('.') + 4) + " s";
}

}  // namespace

struct Roster::Peer {
    control::LinkPointer link;
    control::PeerMachine machine;
    std::optional<std::size_t> device;
    double connected_s = 0;  ///< On the loop's clock, as below.
    double heard_s = 0;
    control::Telemetry telemetry;
};

Roster::Roster(control::Loop& loop, const Config& config, const control::Hash& model,
               std::optional<std::uint64_t> air, CalibrationOffer* calibration,
               const control::TlsIdentity* identity, Log& log, RosterEvents events)
    : loop_(loop),
      config_(config),
      model_(model),
      air_(air),
      calibration_(calibration),
      has_certificates_(identity != nullptr),
      log_(log),
      events_(std::move(events)),
      records_(config.devices.size()),
      probations_(config.devices.size(), control::Probation(longest_pause_s(config))),
      admitted_(config.devices.size(), nullptr),
      listener_(loop, control::parse_address(config.testbed.listen, "testbed.listen"), identity,
                [this](control::LinkPointer link) { accept(std::move(link)); }) {
    const std::weak_ptr<bool> alive = alive_;
    loop_.every(config.testbed.heartbeat_s / heartbeats_a_timeout, [this, alive] {
        if (!alive.expired()) beat();
    });
    loop_.every(watch_interval_s, [this, alive] {
        if (!alive.expired()) watch();
    });
}

Roster::~Roster() {
    for (const auto& [key, peer] : peers_)
        peer->link->close();
}

// ---- admission ----

std::size_t Roster::strangers() {
    leaving_.erase(std::remove_if(leaving_.begin(), leaving_.end(),
                                  [](const auto& link) { return link.expired(); }),
                   leaving_.end());
    const auto silent = std::count_if(peers_.begin(), peers_.end(),
                                      [](const auto& entry) { return !entry.second->device; });
    return leaving_.size() + static_cast<std::size_t>(silent);
}

void Roster::accept(control::LinkPointer link) {
    if (strangers() >= most_strangers) {
        ++refusals_;
        log_.warning("refused", {{"reason", "too many connections that have not said hello"}});
        return link->close();
    }
    auto peer = std::make_shared<Peer>();
    peer->link = std::move(link);
    peer->connected_s = peer->heard_s = loop_.now_s();
    peers_.emplace(peer.get(), peer);
    Peer* const self = peer.get();  // Links are closed, and so silent, before peers are forgotten.
    peer->link->start({[] {}, [self] { return self->machine.most_frame_bytes(); },
                       [this, self](gsl::span<const std::byte> frame) { take(*self, frame); },
                       [this, self](const std::string& reason) { ended(*self, reason); }});
}

std::optional<std::size_t> Roster::find(const std::string& name) const {
    for (std::size_t n = 0; n < config_.devices.size(); ++n) {
        if (config_.devices[n].name == name) return n;
    }
    return std::nullopt;
}

std::optional<control::Rejection> Roster::objection(const Peer& peer,
                                                    const control::Hello& hello) const {
    const auto device = find(hello.name);
    if (!device) {
        return control::Rejection{"the configuration has no device '" + hello.name + "'", false};
    }
    if (has_certificates_ && peer.link->peer_name() != hello.name) {
        return control::Rejection{
            "'" + hello.name + "' came with the certificate of '" + peer.link->peer_name() + "'",
            false};
    }
    if (hello.model_hash != model_) {
        return control::Rejection{"model hash: expected " + to_hex(model_).substr(0, 16) +
                                      "..., found " + to_hex(hello.model_hash).substr(0, 16) +
                                      "...: another checkpoint",
                                  false};
    }
    if (air_ && hello.radio.kind == "none") {
        return control::Rejection{
            "radio: expected one, for sums go over the air (aircomp device --radio CONFIG), found "
            "none",
            false};
    }
    if (air_ && hello.radio.air != *air_) {
        return control::Rejection{
            "radio: expected a configuration with the coordinator's devices, waveform, streams, "
            "rotation, seed, carrier, bandwidth and unit power, found another",
            false};
    }
    // The other may be dead without anybody having noticed yet.
    if (admitted_[*device] != nullptr) {
        return control::Rejection{"'" + hello.name + "' is already there", true};
    }
    if (const double left_s = pause_s(*device); left_s > 0) {
        return control::Rejection{
            "'" + hello.name + "' was lost " + std::to_string(probations_[*device].losses()) +
                " times with less than " + seconds_text(control::Probation::forgiving_s) +
                " of work in between, and may come back in " + seconds_text(left_s),
            true, left_s};
    }
    return std::nullopt;
}

void Roster::greet(Peer& peer, const control::Hello& hello) {
    if (const auto rejection = objection(peer, hello)) {
        ++refusals_;
        log_.warning("refused",
                     {{"peer", peer.link->peer_address()}, {"reason", rejection->reason}});
        peer.machine.close();
        peer.link->send(control::encode(*rejection));
        peer.link->finish();
        leaving_.push_back(peer.link);
        return forget(peer);
    }
    const std::size_t device = *find(hello.name);
    peer.device = device;
    peer.machine.admit();
    admitted_[device] = &peer;
    records_[device].present = true;
    records_[device].hello = hello;
    peer.link->send(control::encode(control::Welcome{config_.testbed.heartbeat_s}));
    if (calibration_ != nullptr) {
        peer.machine.announce(calibration_->message().bytes);
        peer.link->send(control::encode(calibration_->message()));
    }
    log_.info("device joined", {{"device", hello.name},
                                {"peer", peer.link->peer_address()},
                                {"gflops_per_s", hello.compute_flops_per_s / 1e9},
                                {"radio", hello.radio.kind}});
}

// ---- what devices say ----

void Roster::take(Peer& peer, gsl::span<const std::byte> frame) {
    peer.heard_s = loop_.now_s();
    const control::Message message = control::decode(frame);
    if (!peer.machine.receive(message)) return;
    if (const auto* hello = std::get_if<control::Hello>(&message)) return greet(peer, *hello);
    if (const auto* request = std::get_if<control::CalibrationRequest>(&message))
        return give(peer, *request);
    if (const auto* report = std::get_if<control::CalibrationReport>(&message))
        return hear(peer, *report);
    DeviceRecord& record = records_[*peer.device];
    if (const auto* beat = std::get_if<control::Heartbeat>(&message)) {
        if (beat->sequence == heartbeat_) record.round_trip_s = peer.heard_s - heartbeat_sent_s_;
    } else if (const auto* telemetry = std::get_if<control::Telemetry>(&message)) {
        record.wait_s += telemetry->wait_s - peer.telemetry.wait_s;
        peer.telemetry = *telemetry;
    } else {
        const auto* partial = std::get_if<control::Partial>(&message);
        const auto* computed = std::get_if<control::Computed>(&message);
        if (partial != nullptr || computed != nullptr) {
            record.compute_s += partial != nullptr ? partial->compute_s : computed->compute_s;
            ++record.rounds;
            probations_[*peer.device].worked(peer.heard_s);
        }
        events_.message(*peer.device, message);
    }
}

void Roster::give(Peer& peer, const control::CalibrationRequest& request) {
    try {
        peer.link->send(calibration_->piece(request.offset));
    } catch (const std::runtime_error& error) {
        drop(*peer.device, error.what());
    }
}

void Roster::hear(Peer& peer, const control::CalibrationReport& report) {
    if (!report.failure.empty()) return drop(*peer.device, "no calibration: " + report.failure);
    log_.info("device has the calibration",
              {{"device", config_.devices[*peer.device].name},
               {"sha256", to_hex(calibration_->message().hash).substr(0, 16)}});
}

// ---- loss ----

void Roster::ended(Peer& peer, const std::string& reason) {
    if (peer.device) return drop(*peer.device, reason);
    ++refusals_;
    log_.warning("refused", {{"peer", peer.link->peer_address()}, {"reason", reason}});
    forget(peer);
}

void Roster::drop(std::size_t device, const std::string& reason) {
    Peer* const peer = admitted_.at(device);
    if (peer == nullptr) return;
    probations_[device].lost(loop_.now_s());
    log_.warning("device lost", {{"device", config_.devices[device].name},
                                 {"reason", reason},
                                 {"pause_s", pause_s(device)}});
    peer->link->close();
    peer->machine.close();
    account(*peer);
    admitted_[device] = nullptr;
    records_[device].present = false;
    ++records_[device].losses;
    forget(*peer);
    events_.lost(device, reason);
}

void Roster::account(const Peer& peer) {
    records_[*peer.device].bytes_sent += peer.link->bytes_sent();
    records_[*peer.device].bytes_received += peer.link->bytes_received();
}

void Roster::forget(Peer& peer) {
    // A handler of the peer's link may be on the stack: it goes with the loop's next event.
    const auto entry = peers_.find(&peer);
    loop_.post([last = entry->second] {});
    peers_.erase(entry);
}

void Roster::beat() {
    const auto frame = control::encode(control::Heartbeat{++heartbeat_});
    heartbeat_sent_s_ = loop_.now_s();
    for (Peer* const peer : admitted_) {
        if (peer != nullptr) peer->link->send(frame);
    }
}

void Roster::watch() {
    const double now_s = loop_.now_s();
    const double limit_s = config_.testbed.heartbeat_s;
    // Who was not looking cannot tell: what came meanwhile is still to be read.
    const bool looked_away = now_s - std::exchange(watched_s_, now_s) > limit_s / 2;
    for (std::size_t n = 0; n < admitted_.size(); ++n) {
        if (admitted_[n] == nullptr) continue;
        if (looked_away) admitted_[n]->heard_s = now_s;
        const double silence_s = now_s - admitted_[n]->heard_s;
        if (silence_s > limit_s) drop(n, "silent for " + seconds_text(silence_s));
    }
    std::vector<std::shared_ptr<Peer>> slow;
    for (const auto& [key, peer] : peers_) {
        if (!peer->device && now_s - peer->connected_s > config_.testbed.hello_timeout_s) {
            slow.push_back(peer);
        }
    }
    for (const auto& peer : slow) {
        peer->link->close();
        ended(*peer, "no hello within " + seconds_text(config_.testbed.hello_timeout_s));
    }
}

// ---- what devices are told ----

std::vector<std::size_t> Roster::present() const {
    std::vector<std::size_t> devices;
    for (std::size_t n = 0; n < admitted_.size(); ++n) {
        if (admitted_[n] != nullptr && admitted_[n]->machine.is_prepared()) devices.push_back(n);
    }
    return devices;
}

control::PeerState Roster::state(std::size_t device) const {
    const Peer* const peer = admitted_.at(device);
    return peer == nullptr ? control::PeerState::closed : peer->machine.state();
}

double Roster::silence_s(std::size_t device) const {
    const Peer* const peer = admitted_.at(device);
    return peer == nullptr ? 0 : loop_.now_s() - peer->heard_s;
}

double Roster::pause_s(std::size_t device) const {
    return probations_.at(device).pause_s(loop_.now_s());
}

std::uint64_t Roster::bytes_sent(std::size_t device) const {
    const Peer* const peer = admitted_.at(device);
    return records_[device].bytes_sent + (peer == nullptr ? 0 : peer->link->bytes_sent());
}

std::uint64_t Roster::bytes_received(std::size_t device) const {
    const Peer* const peer = admitted_.at(device);
    return records_[device].bytes_received + (peer == nullptr ? 0 : peer->link->bytes_received());
}

void Roster::assign(std::size_t device, const control::Assignment& assignment,
                    std::size_t most_values) {
    Peer* const peer = admitted_.at(device);
    if (peer == nullptr) return;
    peer->machine.assign(assignment.epoch, most_values);
    peer->link->send(control::encode(assignment));
}

void Roster::start_round(std::size_t device, std::uint64_t round, std::size_t values,
                         std::size_t vectors, const control::Frame& frame) {
    Peer* const peer = admitted_.at(device);
    if (peer == nullptr) return;
    peer->machine.start_round(round, values, vectors);
    peer->link->send(frame);
}

void Roster::send(std::size_t device, const control::Frame& frame) {
    Peer* const peer = admitted_.at(device);
    if (peer != nullptr) peer->link->send(frame);
}

std::vector<std::weak_ptr<control::Link>> Roster::shut_down(const std::string& reason) {
    std::vector<std::weak_ptr<control::Link>> ending;
    const auto frame = control::encode(control::Shutdown{reason});
    for (std::size_t n = 0; n < admitted_.size(); ++n) {
        Peer* const peer = admitted_[n];
        if (peer == nullptr) continue;
        peer->machine.close();
        peer->link->send(frame);
        if (admitted_[n] == nullptr) continue;  // It read nothing: this frame was one too many.
        peer->link->finish();
        ending.push_back(peer->link);
        account(*peer);
        records_[n].present = false;
        admitted_[n] = nullptr;
        forget(*peer);
    }
    return ending;
}

}  // namespace aircomp::runtime::testbed
