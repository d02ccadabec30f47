// SPDX-License-Identifier: GPL-3.0-or-later
// What a device does between two links: how long it waits for the next attempt, and how long its
// coordinator is gone. Pure values; times are seconds on their owner's clock.
#pragma once

#include <random>
#include <string>

namespace aircomp::runtime::testbed {

/// Waiting times between attempts: doubled up to a second, each device's a little different, so
/// that not all come at once.
class BackOff {
public:
    explicit BackOff(const std::string& name) : random_(std::hash<std::string>()(name)) {}

    /// Up to a quarter shorter or longer than its turn in the doubling.
    double next_s();

    /// The next wait is the first again.
    void reset() { wait_s_ = first_wait_s; }

private:
    static constexpr double first_wait_s = 0.05;
    static constexpr double longest_wait_s = 1;

    std::mt19937_64 random_;
    double wait_s_ = first_wait_s;
};

/// How long the coordinator of a run has been gone: a device that is away does not hear of its end.
class Absence {
public:
    /// The coordinator has admitted the device: from now on it can be missed.
    void begin_run() { is_in_run_ = true; }

    /// The coordinator was there, and wants the device to stay away for so long: until then nobody
    /// is gone.
    void heard(double now_s, double pause_s) { since_s_ = now_s + pause_s; }

    /// Less than 0 while the device stays away as it was told to.
    double seconds(double now_s) const { return is_in_run_ ? now_s - since_s_ : 0; }

private:
    bool is_in_run_ = false;
    double since_s_ = 0;
};

}  // namespace aircomp::runtime::testbed
