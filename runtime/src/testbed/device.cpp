// SPDX-License-Identifier: GPL-3.0-or-later
// The device daemon: connects to its coordinator, holds the slice that it is assigned, answers
// rounds; where the link ends, it connects again.
//
// The loop's thread has the sockets, the slice worker's computes, and the radio's, where there is
// one, waits for the air.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>

#include "aircomp/runtime/testbed.hpp"
#include "analog_codec.hpp"
#include "control/device_state.hpp"
#include "control/net.hpp"
#include "testbed/air_fingerprint.hpp"
#include "testbed/log.hpp"
#include "testbed/model_hash.hpp"
#include "testbed/radio_partial_carrier.hpp"
#include "testbed/slice_worker.hpp"
#include "waveform_format.hpp"

namespace aircomp::runtime::testbed {
namespace {

using Clock = std::chrono::steady_clock;

/// How often the watchdog looks.
constexpr double watch_interval_s = 0.02;
constexpr double first_wait_s = 0.05;
constexpr double longest_wait_s = 1;
/// Silence that a coordinator is granted before its welcome says how long it may be.
constexpr double greeting_timeout_s = 5;
/// Longer than a radio that is well takes for anything.
constexpr double radio_patience_s = 15;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Bytes that the system could give to a process.
double available_memory_bytes() {
    std::ifstream file("/proc/meminfo");
    std::string key, unit;
    for (double kilobytes = 0; file >> key >> kilobytes; std::getline(file, unit)) {
        if (key == "MemAvailable:") return 1024 * kilobytes;
    }
    throw std::runtime_error("/proc/meminfo: expected MemAvailable, found none");
}

/// The device's radio, which outlives links to coordinators.
struct RadioEnd {
    Config config;
    std::size_t device = 0;  ///< Its index there.
    std::unique_ptr<DeviceRadio> radio;
};

/// One link to a coordinator, from connecting to its end.
class DeviceSession : public std::enable_shared_from_this<DeviceSession> {
public:
    DeviceSession(control::Loop& loop, const inference::Checkpoint& checkpoint,
                  const control::Hello& hello, int threads, RadioEnd* radio, Log& log)
        : loop_(loop),
          checkpoint_(checkpoint),
          hello_(hello),
          threads_(threads),
          radio_(radio),
          log_(log),
          machine_(checkpoint.config().hidden_size, 2 * checkpoint.config().layers) {}

    void start(const control::Address& address, const control::TlsIdentity* identity) {
        link_ = control::connect(loop_, address, identity);
        heard_ = Clock::now();
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

    /// Gives a silent coordinator up.
    void watch() {
        if (ended()) return;
        const double silence_s = seconds_since(heard_);
        const double looked_away_s = seconds_since(std::exchange(watched_, Clock::now()));
        // Who was not looking cannot tell: what came meanwhile is still to be read.
        if (looked_away_s > most_silence_s_ / 2) {
            heard_ = Clock::now();
        } else if (silence_s > most_silence_s_) {
            end("the coordinator was silent for " + std::to_string(silence_s) + " s");
        }
    }

    /// Ends the link and the worker; what the worker still has to say is dropped.
    void end(const std::string& reason) {
        if (ended_) return;
        ended_ = reason;
        link_->close();
        if (carrier_) carrier_->silence();
        worker_.reset();
    }

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
    void take(gsl::span<const std::byte> frame) {
        heard_ = Clock::now();
        was_answered_ = true;
        const control::Message message = control::decode(frame);
        if (!machine_.receive(message)) return;
        if (carrier_) carrier_->feed();
        std::visit([this](const auto& m) { on(m); }, message);
    }

    void on(const control::Welcome& welcome) {
        was_admitted_ = true;
        most_silence_s_ = welcome.heartbeat_s;
        log_.info("admitted", {{"coordinator", link_->peer_address()}});
        make_carrier();
        worker_ = std::make_unique<SliceWorker>(checkpoint_, threads_, *carrier_, worker_events());
    }

    /// Carries out `action(session)` in the loop's thread while the session lasts; from any thread.
    auto poster() {
        const std::weak_ptr<DeviceSession> self = weak_from_this();
        return [self, &loop = loop_](auto action) {
            loop.post([self, action = std::move(action)] {
                const auto session = self.lock();
                if (session && !session->ended()) action(*session);
            });
        };
    }

    void make_carrier() {
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
            radio_->config, radio_->device, *radio_->radio, answer,
            [post](const control::Frame& frame) {
                post([=](DeviceSession& s) { s.link_->send(frame); });
            });
    }

    WorkerEvents worker_events() {
        const auto post = poster();
        return {[post](std::uint32_t epoch, std::uint64_t weight_bytes) {
                    post([=](DeviceSession& s) { s.loaded(epoch, weight_bytes); });
                },
                [post](const std::string& reason) {
                    post([=](DeviceSession& s) { s.end("cannot compute: " + reason); });
                }};
    }

    void loaded(std::uint32_t epoch, std::uint64_t weight_bytes) {
        if (!machine_.loaded(epoch)) return;
        const control::Assignment& own = machine_.assignment();
        log_.info("slice loaded", {{"epoch", epoch},
                                   {"kv_groups", own.kv_end - own.kv_begin},
                                   {"ffn_columns", own.ffn_end - own.ffn_begin},
                                   {"weight_bytes", weight_bytes}});
        link_->send(control::encode(control::Loaded{epoch, weight_bytes}));
    }

    void answer(const control::Frame& frame, const Round& round, double compute_s) {
        telemetry_.compute_s += compute_s;
        if (!machine_.answered(round.epoch, round.number)) return;
        answered_ = Clock::now();
        ++telemetry_.rounds;
        link_->send(frame);
    }

    void on(const control::Assignment& assignment) { worker_->load(assignment); }

    void on(const control::RoundStart& start) {
        worker_->start(round(), start.one_at_a_time, {start.x.begin(), start.x.end()});
    }

    void on(const control::Sum& sum) {
        telemetry_.wait_s += seconds_since(answered_);
        worker_->add(round(), {sum.values.begin(), sum.values.end()});
    }

    void on(const control::Repeat&) { worker_->repeat(round()); }

    /// The round that the machine has just entered.
    Round round() const {
        const std::int64_t site = machine_.site();
        return {machine_.epoch(),
                machine_.round(),
                {site / 2, site % 2 == 0 ? SiteKind::attention : SiteKind::mlp},
                machine_.position(),
                machine_.vectors(),
                checkpoint_.config().hidden_size,
                machine_.way()};
    }

    void on(const control::Heartbeat& heartbeat) {
        link_->send(control::encode(heartbeat));
        link_->send(control::encode(telemetry_));
    }

    void on(const control::Rejection& rejection) {
        is_refused_ = !rejection.retry;
        pause_s_ = rejection.retry_after_s;
        end("refused: " + rejection.reason);
    }

    void on(const control::Shutdown& shutdown) {
        was_shut_down_ = true;
        end(shutdown.reason);
    }

    void on(const control::ClockCommand& command) { carrier_->command(command); }
    void on(const control::Settings& settings) { carrier_->command(settings); }
    void on(const control::Order& order) { carrier_->command(order); }

    /// The machine lets nothing else through.
    template <typename Other>
    void on(const Other&) {}

    control::Loop& loop_;
    const inference::Checkpoint& checkpoint_;
    control::Hello hello_;
    int threads_;
    RadioEnd* radio_;  ///< Null: none.
    Log& log_;
    control::DeviceMachine machine_;
    control::LinkPointer link_;
    std::unique_ptr<PartialCarrier> carrier_;
    std::unique_ptr<SliceWorker> worker_;  // Uses the carrier: ends before it.
    control::Telemetry telemetry_;
    Clock::time_point heard_;
    Clock::time_point watched_ = Clock::now();
    Clock::time_point answered_;
    double most_silence_s_ = greeting_timeout_s;
    std::optional<std::string> ended_;
    bool was_answered_ = false;
    bool was_admitted_ = false;
    bool was_shut_down_ = false;
    bool is_refused_ = false;
    double pause_s_ = 0;
};

/// Waiting times between attempts: doubled up to a second, each device's a little different, so
/// that not all come at once.
class BackOff {
public:
    explicit BackOff(const std::string& name) : random_(std::hash<std::string>()(name)) {}

    double next_s() {
        const double factor = 0.75 + 0.5 * static_cast<double>(random_() >> 11) * 0x1p-53;
        const double wait_s = wait_s_ * factor;
        wait_s_ = std::min(2 * wait_s_, longest_wait_s);
        return wait_s;
    }

    void reset() { wait_s_ = first_wait_s; }

private:
    std::mt19937_64 random_;
    double wait_s_ = first_wait_s;
};

/// How long the coordinator of a run is gone, whose end a device that is away does not hear of.
class Absence {
public:
    void note(const DeviceSession& session) {
        is_in_run_ = is_in_run_ || session.was_admitted();
        // A coordinator that wants the device to stay away is there.
        if (session.was_answered())
            since_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                        std::chrono::duration<double>(session.pause_s()));
    }

    double seconds() const { return is_in_run_ ? seconds_since(since_) : 0; }

private:
    bool is_in_run_ = false;
    Clock::time_point since_;
};

/// Opens the radio of the device's name. Throws as read_config() and open_device_radio() do, and
/// std::invalid_argument where the configuration has no such device.
std::optional<RadioEnd> open_radio_end(const DeviceOptions& options, std::int64_t length) {
    if (options.radio.empty()) return std::nullopt;
    RadioEnd end;
    end.config = read_config(options.radio);
    const auto& devices = end.config.devices;
    const auto own = std::find_if(devices.begin(), devices.end(), [&](const DeviceConfig& device) {
        return device.name == options.name;
    });
    if (own == devices.end()) {
        throw std::invalid_argument("--radio: " + options.radio.string() + ": expected a device '" +
                                    options.name + "', found none");
    }
    end.device = static_cast<std::size_t>(own - devices.begin());
    end.radio = open_device_radio(end.config, burst_format(end.config),
                                  payload_of(end.config, length), end.device);
    return end;
}

control::RadioCapabilities capabilities(const RadioEnd& end, std::int64_t length) {
    const DeviceConfig& device = end.config.devices[end.device];
    return {end.radio->timed().options().driver, device.antennas, device.max_power_w,
            end.config.radio.bandwidth_hz, air_fingerprint(end.config, length)};
}

control::Hello hello_of(const DeviceOptions& options, const inference::Checkpoint& checkpoint,
                        int threads) {
    control::Hello hello;
    hello.name = options.name;
    hello.model_hash = model_hash(checkpoint);
    hello.memory_bytes = options.memory_bytes > 0 ? options.memory_bytes : available_memory_bytes();
    hello.compute_flops_per_s = measure_compute_rate(threads);
    hello.energy_j_per_flop = options.energy_j_per_flop;
    return hello;
}

/// Lets the loop run until the session's radio has let go of it. One that hangs cannot be made to:
/// then the device waits for it, or, where it `leaves`, does so without tidying up.
void await_radio(control::Loop& loop, const DeviceSession& session,
                 const std::function<bool()>& leaves, Log& log) {
    if (loop.run_until([&] { return session.is_silent(); }, radio_patience_s)) return;
    log.warning("radio hangs", {{"for_s", radio_patience_s}});
    while (!loop.run_until([&] { return leaves() || session.is_silent(); }, 3600)) {
    }
    if (session.is_silent()) return log.info("radio answers again", {});
    log.error("left a radio that hangs", {});
    // Destructors would wait for it.
    std::_Exit(1);
}

}  // namespace

void run_device(const DeviceOptions& options) {
    const control::Address address = control::parse_address(options.coordinator, "--coordinator");
    if (options.name.empty() || options.name.size() > 64) {
        throw std::invalid_argument("--name: expected 1 to 64 characters");
    }
    // A name that never resolved is most likely a wrong one; where it does not resolve any more,
    // links end with that, and are tried again.
    const bool is_local = control::is_loopback(options.coordinator, "--coordinator");
    std::optional<control::TlsIdentity> identity;
    if (!options.certificates.empty()) {
        identity.emplace(options.certificates, control::Role::device);
    } else if (!is_local) {
        throw std::invalid_argument(
            "--coordinator: expected a loopback address where there are "
            "no --certificates, found " +
            options.coordinator);
    }
    const inference::Checkpoint checkpoint(options.model);
    const int threads = options.threads > 0
                            ? options.threads
                            : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    Log log(options.log);
    const std::int64_t length = checkpoint.config().hidden_size;
    auto radio = open_radio_end(options, length);
    control::Hello hello = hello_of(options, checkpoint, threads);
    if (radio) hello.radio = capabilities(*radio, length);
    log.info("device", {{"name", hello.name},
                        {"model", to_hex(hello.model_hash).substr(0, 16)},
                        {"gflops_per_s", hello.compute_flops_per_s / 1e9},
                        {"radio", hello.radio.kind},
                        {"tls", identity ? "1.3" : "none, loopback only"}});

    control::Loop loop;
    bool interrupted = false;
    loop.on_interrupt([&] { interrupted = true; });
    std::shared_ptr<DeviceSession> session;
    loop.every(watch_interval_s, [&] {
        if (session) session->watch();
    });
    BackOff back_off(options.name);
    Absence absence;
    while (!interrupted) {
        session = std::make_shared<DeviceSession>(loop, checkpoint, hello, threads,
                                                  radio ? &*radio : nullptr, log);
        session->start(address, identity ? &*identity : nullptr);
        while (!loop.run_until([&] { return interrupted || session->ended(); }, 3600)) {
        }
        if (!session->ended()) session->end("interrupted");
        if (session->was_admitted()) back_off.reset();
        log.info("link ended", {{"reason", session->reason()}});
        const auto leaves = [&] {
            return interrupted || session->is_refused() ||
                   (session->was_shut_down() && options.once);
        };
        await_radio(loop, *session, leaves, log);
        if (session->is_refused()) throw std::runtime_error(session->reason());
        if (session->was_shut_down() && options.once) return;
        absence.note(*session);
        if (options.once && absence.seconds() > options.patience_s) {
            throw std::runtime_error("the coordinator at " + options.coordinator +
                                     " is gone for longer than --patience-s");
        }
        loop.run_until([&] { return interrupted; },
                       std::max(back_off.next_s(), session->pause_s()));
    }
}

}  // namespace aircomp::runtime::testbed
