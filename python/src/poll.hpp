// SPDX-License-Identifier: GPL-3.0-or-later
// How Ctrl-C reaches a call that computes without Python's lock.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>

namespace aircomp::python {

/// Lets Python handle its signals, every 50 ms at most, and throws what a handler raises, such as
/// KeyboardInterrupt. To be called by the thread that came from Python, which has given up the lock.
class SignalPoll {
public:
    void operator()() {
        const auto now = std::chrono::steady_clock::now();
        if (now < next_) return;
        next_ = now + between_;
        const pybind11::gil_scoped_acquire lock;
        if (PyErr_CheckSignals() != 0) throw pybind11::error_already_set();
    }

private:
    static constexpr std::chrono::milliseconds between_{50};
    std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + between_;
};

}  // namespace aircomp::python
