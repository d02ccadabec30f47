// SPDX-License-Identifier: GPL-3.0-or-later
// First light of a testbed: seeded vectors, summed over its radios without any model, beside their
// true sums.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "radio/radio_session.hpp"
#include "round/round_order.hpp"

namespace aircomp::runtime {

struct FirstLightOptions {
    std::int64_t rounds = 10;
    std::int64_t length = 1024;  ///< D, reals of a vector.
    /// Devices that take part, by index; empty: all. The others' radios are not opened.
    std::vector<std::size_t> devices;
    RadioOpener open = open_radio;
    /// Called before every round, where there is one: soundings and repeated rounds included.
    std::function<void(const RoundOrder&)> before_round;
};

/// The configuration with those devices alone that take part, by index; all where none is named.
Config with_devices(Config config, const std::vector<std::size_t>& devices);

/// One sum that counted.
struct FirstLightRound {
    std::int64_t number = 0;  ///< Of the round, repeated ones included.
    double time_s = 0;        ///< Radio time of the devices' burst.
    double nmse = 0;
    double expected_nmse = 0;               ///< Equation (4) for the estimated channels.
    double evm = 0;                         ///< Of the sum's pilots.
    double phase_deg = 0;                   ///< Common phase that the pilots had to take out.
    double noise_power_w = 0;               ///< Per server antenna.
    double confidence = 0;                  ///< That no device was missing.
    std::vector<double> device_power_dbfs;  ///< Mean of each device's loudest antenna.
    std::string sum_sha256;                 ///< Of the sum's bytes.
};

/// What the soundings and rounds say of one device.
struct FirstLightDevice {
    std::string name;
    double path_gain_db = 0;   ///< Mean squared entry of H_n.
    double evm = 0;            ///< Of the sounding: rms error over rms of an estimated entry.
    double delay_samples = 0;  ///< Of its sounding, mean over the paths.
    double offset_hz = 0;      ///< Of its oscillator over the server's, last predicted.
    double header_snr_db = 0;  ///< Of the last header.
    /// How its channel's phase has turned, relative to the mean of all devices, from the sounding
    /// that the last transceivers were designed for to a sounding at the end.
    double phase_deg = 0;
    double power_dbfs = 0;            ///< Mean over the rounds.
    std::optional<double> power_dbm;  ///< The same at the connector, where it is calibrated.
    double receive_peak_dbfs = -200;  ///< Largest of its windows.
    std::int64_t late = 0, underflowed = 0, broken = 0, unacknowledged = 0;  ///< Bursts.
    std::int64_t clipped_samples = 0;  ///< Beyond full scale of the DAC.
};

struct FirstLightReport {
    std::vector<FirstLightRound> rounds;
    std::vector<FirstLightDevice> devices;
    FirstLightDevice server;  ///< Its headers; no channel, offset or phase.
    double nmse = 0;          ///< Total error over total power of the sums.
    std::int64_t soundings = 0;
    std::int64_t repeated_rounds = 0;   ///< Discarded: anything late, missing or not found.
    std::vector<std::string> failures;  ///< Why, one a repeated round.
};

/// Opens all radios of the configuration in this process, a thread a radio in every round, and runs
/// `options.rounds` sums; `progress`, where there is one, sees each that counted. Throws
/// std::runtime_error where a radio does not open or lock, transmission is off, a limit would be
/// broken, or no whole round comes of waveform.attempts attempts.
FirstLightReport first_light(const Config& config, const FirstLightOptions& options,
                             const std::function<void(const FirstLightRound&)>& progress = nullptr);

}  // namespace aircomp::runtime
