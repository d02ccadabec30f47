// SPDX-License-Identifier: GPL-3.0-or-later
// Radios of one process that meet in a flat, noisy air without clocks: whoever receives waits for
// whoever has to send. For tests of what stands on RadioSession.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <stdexcept>

#include "aircomp/runtime/radio_session.hpp"
#include "noise.hpp"

namespace aircomp::runtime::fakes {

class FakeAir {
public:
    using Samples = std::vector<std::complex<float>>;

    /// `channels`: from each device to the server, N_r x N_t, by the device's name.
    /// `patience_s`: how long the server waits for devices that may not send.
    FakeAir(std::map<std::string, Eigen::MatrixXcd> channels, double noise_power_w,
            double patience_s = 20)
        : channels_(std::move(channels)), noise_power_w_(noise_power_w), patience_s_(patience_s) {}

    /// The `number`th burst of a radio, from 0, ends in `state` and does not reach anyone.
    void fail_burst(const std::string& radio, int number, BurstState state) {
        failures_[{radio, number}] = state;
    }

    void send(const std::string& from, Ticks begin, Samples samples, bool reaches) {
        const std::lock_guard<std::mutex> lock(mutex_);
        bursts_.push_back({from, begin, reaches ? std::move(samples) : Samples(samples.size())});
        if (from == "server") header_reaches_ = reaches;
        changed_.notify_all();
    }

    BurstState outcome(const std::string& radio, int number) const {
        const auto found = failures_.find({radio, number});
        return found == failures_.end() ? BurstState::acknowledged : found->second;
    }

    /// [channels, window] of what reaches `to`, once all senders that it can hear have sent.
    WindowState receive(const std::string& to, Ticks begin, gsl::span<std::complex<float>> out,
                        std::size_t channels) {
        std::unique_lock<std::mutex> lock(mutex_);
        const auto window = static_cast<Ticks>(out.size() / channels);
        const std::size_t senders = to == "server" ? channels_.size() : 1;
        const auto inside = [&](const Burst& burst) {
            return (burst.from == "server") != (to == "server") && burst.begin >= begin &&
                   burst.begin < begin + window;
        };
        const bool came = changed_.wait_for(lock, std::chrono::duration<double>(patience_s_), [&] {
            // Nobody answers a header that nobody hears.
            if (to == "server" && !header_reaches_) return true;
            return static_cast<std::size_t>(
                       std::count_if(bursts_.begin(), bursts_.end(), inside)) >= senders;
        });
        if (!came) return WindowState::missing;
        std::fill(out.begin(), out.end(), std::complex<float>());
        for (const Burst& burst : bursts_) {
            if (inside(burst)) add(burst, to, begin, out, channels);
        }
        NoiseGenerator(static_cast<std::uint64_t>(begin) * 64 + std::hash<std::string>()(to) % 64)
            .add(out, noise_power_w_);
        return WindowState::whole;
    }

private:
    struct Burst {
        std::string from;
        Ticks begin;
        Samples samples;
    };

    void add(const Burst& burst, const std::string& to, Ticks begin,
             gsl::span<std::complex<float>> out, std::size_t channels) const {
        const bool up = to == "server";
        const Eigen::MatrixXcd& h = channels_.at(up ? burst.from : to);
        const auto senders = static_cast<std::size_t>(up ? h.cols() : h.rows());
        const std::size_t count = burst.samples.size() / senders;
        const std::size_t window = out.size() / channels;
        const auto first = static_cast<std::size_t>(burst.begin - begin);
        for (std::size_t a = 0; a < channels; ++a) {
            for (std::size_t b = 0; b < senders; ++b) {
                const auto row = static_cast<Eigen::Index>(up ? a : b);
                const auto column = static_cast<Eigen::Index>(up ? b : a);
                const std::complex<float> gain(h(row, column));
                for (std::size_t i = 0; i < count && first + i < window; ++i)
                    out[a * window + first + i] += gain * burst.samples[b * count + i];
            }
        }
    }

    std::map<std::string, Eigen::MatrixXcd> channels_;
    double noise_power_w_;
    double patience_s_;
    std::map<std::pair<std::string, int>, BurstState> failures_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Burst> bursts_;
    bool header_reaches_ = true;
};

/// One of the air's radios. Pulses come with the clock on the wall, all else without.
class FakeRadio final : public RadioSession {
public:
    FakeRadio(FakeAir& air, const RadioOptions& options) : air_(air), options_(options) {}

    const RadioOptions& options() const override { return options_; }
    std::vector<Ticks> last_pulse() override {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        const auto pulse = now / std::chrono::milliseconds(200);
        return {static_cast<Ticks>(static_cast<double>(pulse) * options_.sample_rate_hz)};
    }
    void set_time_at_next_pulse(Ticks) override {}
    void tune(Ticks) override {}
    Ticks now() override { return 0; }
    void transmit(Ticks begin, gsl::span<const std::complex<float>> samples) override {
        state_ = air_.outcome(options_.name, number_++);
        air_.send(options_.name, begin, {samples.begin(), samples.end()},
                  state_ == BurstState::acknowledged);
    }
    BurstReport finish_burst() override { return {state_, -12, -3, 0}; }
    WindowReport receive(Ticks begin, gsl::span<std::complex<float>> samples) override {
        return {air_.receive(options_.name, begin, samples, options_.channels), -20, -10};
    }

private:
    FakeAir& air_;
    RadioOptions options_;
    int number_ = 0;
    BurstState state_ = BurstState::waiting;
};

}  // namespace aircomp::runtime::fakes
