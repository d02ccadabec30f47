// SPDX-License-Identifier: GPL-3.0-or-later
// The clock of a radio that nobody brings up, for tests of what stands on a radio of their own.
#pragma once

#include <atomic>
#include <stdexcept>

#include "radio/radio_session.hpp"

namespace aircomp::test {

/// It can rest, and no more.
class RestingClock final : public runtime::TimedRadio {
public:
    const runtime::RadioOptions& options() const override { return options_; }
    std::vector<runtime::Ticks> last_pulse() override { throw std::logic_error("no pulses here"); }
    void set_time_at_next_pulse(runtime::Ticks) override {
        throw std::logic_error("no pulses here");
    }
    void tune(runtime::Ticks) override { throw std::logic_error("no carrier here"); }
    runtime::Ticks now() override { throw std::logic_error("no time here"); }
    void rest() override { ++rests; }

    std::atomic<int> rests = 0;

private:
    runtime::RadioOptions options_;
};

}  // namespace aircomp::test
