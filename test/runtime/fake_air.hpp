// SPDX-License-Identifier: GPL-3.0-or-later
// Radios of one process that meet in a flat, noisy air without clocks: whoever receives waits for
// whoever may still send. For tests of what stands on RadioSession.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>

#include "air/noise.hpp"
#include "radio/radio_session.hpp"

namespace aircomp::runtime::fakes {

class FakeAir {
public:
    using Samples = std::vector<std::complex<float>>;

    /// `channels`: from each device to the server, N_r x N_t, by the device's name.
    FakeAir(std::map<std::string, Eigen::MatrixXcd> channels, double noise_power_w)
        : channels_(std::move(channels)), noise_power_w_(noise_power_w) {}

    /// The `number`th burst of a radio, from 0, ends in `state` and does not reach anyone.
    void fail_burst(const std::string& radio, int number, BurstState state) {
        failures_[{radio, number}] = state;
    }

    /// Nobody hears what the server sends in its `number`th burst, though it is acknowledged.
    void lose_burst(int number) { lost_.insert(number); }
    bool loses(const std::string& radio, int number) const {
        return radio == "server" && lost_.count(number) > 0;
    }

    void send(const std::string& from, Ticks begin, Samples samples, bool reaches) {
        const std::lock_guard<std::mutex> lock(mutex_);
        bursts_.push_back({from, begin, reaches ? std::move(samples) : Samples(samples.size())});
        if (from == "server") left_.clear();
        changed_.notify_all();
    }

    /// A device sends nothing more until the server has sent again.
    void leave(const std::string& device) {
        const std::lock_guard<std::mutex> lock(mutex_);
        left_.insert(device);
        changed_.notify_all();
    }

    BurstState outcome(const std::string& radio, int number) const {
        const auto found = failures_.find({radio, number});
        return found == failures_.end() ? BurstState::acknowledged : found->second;
    }

    /// [channels, window] of what reaches `to`, once all senders that it can hear have sent or
    /// left.
    void receive(const std::string& to, Ticks begin, gsl::span<std::complex<float>> out,
                 std::size_t channels) {
        std::unique_lock<std::mutex> lock(mutex_);
        const auto window = static_cast<Ticks>(out.size() / channels);
        const auto inside = [&](const Burst& burst) {
            return (burst.from == "server") != (to == "server") && burst.begin >= begin &&
                   burst.begin < begin + window;
        };
        const auto is_settled = [&](const std::string& sender) {
            return left_.count(sender) > 0 ||
                   std::any_of(bursts_.begin(), bursts_.end(), [&](const Burst& burst) {
                       return burst.from == sender && inside(burst);
                   });
        };
        const bool came = changed_.wait_for(lock, deadlock, [&] {
            if (to != "server") return is_settled("server");
            return std::all_of(channels_.begin(), channels_.end(),
                               [&](const auto& channel) { return is_settled(channel.first); });
        });
        if (!came) throw std::logic_error("'" + to + "' waits for a burst that nobody sends");
        std::fill(out.begin(), out.end(), std::complex<float>());
        for (const Burst& burst : bursts_) {
            if (inside(burst)) add(burst, to, begin, out, channels);
        }
        NoiseGenerator(static_cast<std::uint64_t>(begin) * 64 + std::hash<std::string>()(to) % 64)
            .add(out, noise_power_w_);
    }

private:
    /// Only a test that is wrong takes so long.
    static constexpr std::chrono::seconds deadlock{60};

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
    std::map<std::pair<std::string, int>, BurstState> failures_;
    std::set<int> lost_;  ///< Of the server's.
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Burst> bursts_;
    std::set<std::string> left_;  ///< Devices, since the server last sent.
};

/// A device's radio has a thread in every round: once that ends, it has sent all that it will.
class RoundThread {
public:
    ~RoundThread() {
        if (air_ != nullptr) air_->leave(device_);
    }
    void is_of(FakeAir& air, const std::string& device) {
        air_ = &air;
        device_ = device;
    }

private:
    FakeAir* air_ = nullptr;
    std::string device_;
};

/// One of the air's radios. A pulse comes whenever somebody looks for one, until one of them has
/// set the clock.
class FakeRadio final : public RadioSession {
public:
    FakeRadio(FakeAir& air, const RadioOptions& options) : air_(air), options_(options) {}

    const RadioOptions& options() const override { return options_; }
    std::vector<Ticks> last_pulse() override {
        if (!is_set_) last_pulse_ += static_cast<Ticks>(options_.sample_rate_hz);
        return {last_pulse_};
    }
    void set_time_at_next_pulse(Ticks time) override {
        last_pulse_ = time;
        is_set_ = true;
    }
    void tune(Ticks) override {}
    Ticks now() override { return 0; }
    void transmit(Ticks begin, gsl::span<const std::complex<float>> samples) override {
        state_ = air_.outcome(options_.name, number_);
        const bool reaches =
            state_ == BurstState::acknowledged && !air_.loses(options_.name, number_);
        ++number_;
        air_.send(options_.name, begin, {samples.begin(), samples.end()}, reaches);
    }
    BurstReport finish_burst() override { return {state_, -12, -3, 0}; }
    WindowReport receive(Ticks begin, gsl::span<std::complex<float>> samples) override {
        thread_local RoundThread thread;
        if (options_.name != "server") thread.is_of(air_, options_.name);
        air_.receive(options_.name, begin, samples, options_.channels);
        return {WindowState::whole, -20, -10};
    }

private:
    FakeAir& air_;
    RadioOptions options_;
    Ticks last_pulse_ = 0;
    bool is_set_ = false;
    int number_ = 0;
    BurstState state_ = BurstState::waiting;
};

}  // namespace aircomp::runtime::fakes
