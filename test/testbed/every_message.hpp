// SPDX-License-Identifier: GPL-3.0-or-later
// One valid message of every kind, and what each side hears in a run, for tests that go through all
// of them.
#pragma once

#include <vector>

#include "daemon/link/messages.hpp"

namespace aircomp::test {

/// Dimensions that the messages agree on.
constexpr std::int64_t message_hidden_size = 8, message_sites = 4, message_vectors = 2;
constexpr std::uint64_t message_calibration_bytes = 4096;

/// In the order of runtime::control::Message. Vectors lie in memory that lives as long as the
/// program.
inline std::vector<runtime::control::Message> every_message() {
    using namespace runtime::control;
    static const std::vector<float> values = {1,     -2,   3.5F, 0,    1e-20F, 6,     7,  -8e3F,
                                              0.25F, 1e9F, -1,   -0.0, 12,     1e-3F, 15, 16};
    const auto vectors = gsl::span<const float>(values);
    const auto one = vectors.first(message_hidden_size);
    Hello hello;
    hello.name = "device-1";
    hello.model_hash.fill(7);
    hello.memory_bytes = 1e9;
    hello.compute_flops_per_s = 5e9;
    hello.energy_j_per_flop = 1e-10;
    hello.radio = {"uhd", 2, 0.1, 10e6};
    hello.bytes_per_weight = 4;
    Calibration calibration;
    calibration.hash.fill(9);
    calibration.bytes = message_calibration_bytes;
    calibration.use = {8, true, true, true, true, 16};
    BurstReport report;
    report.epoch = 1;
    report.number = 9;
    report.header_found = true;
    report.window_mean_dbfs = -30;
    report.burst = runtime::BurstState::refused;
    report.refusal = "over the duty cycle";
    report.limited_vector = true;
    Listen listen;
    listen.epoch = 1;
    listen.number = 20;
    listen.begin = 5000;
    listen.streams = 2;
    listen.bits = 6;
    listen.rate = 3;
    listen.repetitions = 2;
    listen.message_bytes = 300;
    listen.round = 1;
    listen.vector = 1;
    return {hello,
            Welcome{0.5},
            Rejection{"lost too often", true, 2.5},
            calibration,
            CalibrationRequest{0},
            CalibrationPiece{0, gsl::as_bytes(vectors)},
            CalibrationReport{},
            Assignment{1, 1, 4, 0, 2, 5, 90, 256, message_vectors},
            Loaded{1, 12345},
            RoundStart{1, 1, 3, message_vectors, true, vectors},
            Sum{1, 1, vectors},
            Repeat{1, 1},
            Partial{1, 1, 0.5, one, vectors.first(1), 5},
            Computed{1, 1, 0.5, vectors.first(1), 5},
            ClockCommand{3, ClockStep::set_at_next_pulse, 5},
            ClockReport{3, {100, 100}, "no reference"},
            Settings{1, 9, runtime::SiteKind::mlp, 0.25, 0.1, 0.1, 2, 2, 2, vectors},
            Order{1, 9, true, true, {1000, 2000}, 3000, 1, 1, 0.5},
            report,
            listen,
            Heard{1, 20, runtime::WindowState::whole, true, true, 0.1, 1e-3, "no window"},
            Heartbeat{1},
            Telemetry{1.5, 2.5, 3},
            Shutdown{"the run is over"}};
}

/// What a device hears from its admission to the end, in an order that it accepts.
inline std::vector<runtime::control::Message> run_of_device() {
    std::vector<runtime::control::Message> run;
    for (const std::size_t kind : {1U, 3U, 5U, 7U, 14U, 16U, 17U, 9U, 19U, 11U, 10U, 21U, 23U})
        run.push_back(every_message().at(kind));
    return run;
}

/// What a coordinator hears from a device, in an order that it accepts.
inline std::vector<runtime::control::Message> run_of_coordinator() {
    std::vector<runtime::control::Message> run;
    for (const std::size_t kind : {0U, 4U, 6U, 21U, 8U, 15U, 18U, 20U, 12U, 13U, 22U, 8U})
        run.push_back(every_message().at(kind));
    return run;
}

}  // namespace aircomp::test
