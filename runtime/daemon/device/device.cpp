// SPDX-License-Identifier: GPL-3.0-or-later
// The device daemon: opens what outlives links, and leads the device from one link to its
// coordinator to the next.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <optional>
#include <stdexcept>

#include "aircomp/inference/machine_speed.hpp"
#include "aircomp/inference/slice_cost.hpp"
#include "aircomp/inference/thread_count.hpp"
#include "coding/analog_codec.hpp"
#include "config/waveform_format.hpp"
#include "daemon/air_fingerprint.hpp"
#include "daemon/device/device_session.hpp"
#include "daemon/device/reconnection.hpp"
#include "daemon/testbed.hpp"
#include "engine/default_calibration.hpp"
#include "engine/model_hash.hpp"
#include "round/device_radio.hpp"
#include "schemes/down/registry.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime::testbed {
namespace {

/// How often the watchdog looks.
constexpr double watch_interval_s = 0.02;
/// Longer than a radio that is well takes for anything.
constexpr double radio_patience_s = 15;

/// Bytes that the system could give to a process.
double available_memory_bytes() {
    std::ifstream file("/proc/meminfo");
    std::string key, unit;
    for (double kilobytes = 0; file >> key >> kilobytes; std::getline(file, unit)) {
        if (key == "MemAvailable:") return 1024 * kilobytes;
    }
    throw std::runtime_error("/proc/meminfo: expected MemAvailable, found none");
}

/// Opens the radio of the device's name. Throws as read_config() and open_device_radio() do, and
/// std::invalid_argument where the configuration has no such device.
std::optional<RadioEnd> open_radio_end(const DeviceOptions& options, std::int64_t length) {
    if (options.radio.empty()) return std::nullopt;
    RadioEnd end;
    end.config = read_config(options.radio, check_scheme);
    const auto& devices = end.config.devices;
    const auto own = std::find_if(devices.begin(), devices.end(), [&](const DeviceConfig& device) {
        return device.name == options.name;
    });
    if (own == devices.end()) {
        throw std::invalid_argument("--radio: " + options.radio.string() + ": expected a device '" +
                                    options.name + "', found none");
    }
    end.device = static_cast<std::size_t>(own - devices.begin());
    if (!end.config.radios.devices.empty())
        downlink_of_daemon(end.config, end.config.radios.devices[end.device]);
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
    hello.bytes_per_weight = inference::bytes_per_weight(checkpoint, options.compute);
    hello.compute_flops_per_s = inference::measure_compute_rate(threads, options.compute);
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

/// The host's free memory says nothing of an accelerator's.
void check_memory(const DeviceOptions& options) {
    if (options.compute.device == "cpu" || options.memory_bytes > 0) return;
    throw std::invalid_argument("--memory-bytes: expected what " + options.compute.device +
                                " has for slice and KV cache, found none");
}

}  // namespace

void run_device(const DeviceOptions& options) {
    check_memory(options);
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
    const int threads = inference::thread_count(options.threads);
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
        session =
            std::make_shared<DeviceSession>(loop, checkpoint, hello, threads, options.compute,
                                            radio ? &*radio : nullptr, calibrations_folder(), log);
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
        if (session->was_admitted()) absence.begin_run();
        if (session->was_answered()) absence.heard(loop.now_s(), session->pause_s());
        if (options.once && absence.seconds(loop.now_s()) > options.patience_s) {
            throw std::runtime_error("the coordinator at " + options.coordinator +
                                     " is gone for longer than --patience-s");
        }
        loop.run_until([&] { return interrupted; },
                       std::max(back_off.next_s(), session->pause_s()));
    }
}

}  // namespace aircomp::runtime::testbed
