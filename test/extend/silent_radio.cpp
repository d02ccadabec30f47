// SPDX-License-Identifier: GPL-3.0-or-later
// A driver outside the program: a radio that hears nothing and whose bursts reach nobody. What a new
// radio begins from (docs/extend/radio.md).
#include <algorithm>

#include "radio/drivers.hpp"

namespace {

using namespace aircomp::runtime;

class SilentRadio final : public RadioSession {
public:
    explicit SilentRadio(const RadioOptions& options) : options_(options) {
        if (options.args != "nowhere") {
            throw std::runtime_error("radio '" + options.name +
                                     "': args: expected nowhere, found '" + options.args + "'");
        }
    }

    const RadioOptions& options() const override { return options_; }
    std::vector<Ticks> last_pulse() override { return {pulse_}; }
    void set_time_at_next_pulse(Ticks time) override { pulse_ = time; }
    void tune(Ticks) override {}
    Ticks now() override { return pulse_; }

    void transmit(Ticks, gsl::span<const std::complex<float>>) override {
        burst_.state = BurstState::acknowledged;
    }
    BurstReport finish_burst() override { return burst_; }
    WindowReport receive(Ticks, gsl::span<std::complex<float>> samples) override {
        std::fill(samples.begin(), samples.end(), std::complex<float>());
        return {WindowState::whole, -200, -200};
    }

private:
    RadioOptions options_;
    Ticks pulse_ = 0;
    BurstReport burst_;
};

}  // namespace

unsigned aircomp_driver_interface() {
    return driver_interface;
}

RadioSession* aircomp_open_radio(const RadioOptions& options) {
    return new SilentRadio(options);
}
