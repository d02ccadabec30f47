// SPDX-License-Identifier: GPL-3.0-or-later
// A session around any other that asks a guard before every burst.
#pragma once

#include <memory>

#include "radio/transmit_guard.hpp"

namespace aircomp::runtime {

class GuardedSession final : public RadioSession {
public:
    /// As TransmitGuard's constructor.
    GuardedSession(
        std::unique_ptr<RadioSession> radio, bool transmit, const TransmitLimits& limits,
        std::optional<double> full_scale_dbm,
        std::function<TransmitGuard::Clock::time_point()> clock = TransmitGuard::Clock::now);

    /// As TransmitGuard::feed().
    void feed() { guard_.feed(); }

    const RadioOptions& options() const override { return radio_->options(); }
    std::vector<Ticks> last_pulse() override { return radio_->last_pulse(); }
    /// Also forgets when it has sent: those times mean nothing any more.
    void set_time_at_next_pulse(Ticks time) override;
    void tune(Ticks time) override { radio_->tune(time); }
    Ticks now() override { return radio_->now(); }
    /// Throws as TransmitGuard::check_burst() does.
    void transmit(Ticks begin, gsl::span<const std::complex<float>> samples) override;
    BurstReport finish_burst() override { return radio_->finish_burst(); }
    WindowReport receive(Ticks begin, gsl::span<std::complex<float>> samples) override {
        return radio_->receive(begin, samples);
    }
    void rest() override { radio_->rest(); }
    void call(gsl::span<const std::string> radios) override { radio_->call(radios); }

private:
    double mean_dbfs(gsl::span<const std::complex<float>> samples) const;

    std::unique_ptr<RadioSession> radio_;
    TransmitGuard guard_;
};

}  // namespace aircomp::runtime
