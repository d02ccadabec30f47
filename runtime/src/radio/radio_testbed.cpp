// SPDX-License-Identifier: GPL-3.0-or-later
// Rounds over all radios of a process.
#include "radio/radio_testbed.hpp"

#include <algorithm>
#include <cmath>
#include <future>
#include <stdexcept>

#include "waveform_format.hpp"

namespace aircomp::runtime {
namespace {

void count(const BurstReport& burst, const WindowReport& window, RadioTally& tally) {
    tally.late += burst.state == BurstState::late ? 1 : 0;
    tally.underflowed += burst.state == BurstState::underflowed ? 1 : 0;
    tally.broken += burst.state == BurstState::broken ? 1 : 0;
    tally.unacknowledged += burst.state == BurstState::unacknowledged ? 1 : 0;
    tally.clipped_samples += static_cast<std::int64_t>(burst.clipped);
    if (window.state == WindowState::whole)
        tally.receive_peak_dbfs = std::max(tally.receive_peak_dbfs, window.peak_dbfs);
}

void check_senders(const Config& config, const std::vector<double>& power_w,
                   const std::vector<double>& second_moments) {
    if (config.radios.devices.empty()) {
        throw std::runtime_error("radios: expected a section that names the radios, found none");
    }
    if (!config.radios.transmit) {
        throw std::runtime_error("radios.transmit: expected true, for a sum is sent, found false");
    }
    for (std::size_t n = 0; n < config.devices.size(); ++n) {
        if (power_w[n] > 0 && second_moments[n] > 0) continue;
        throw std::runtime_error("radios: device '" + config.devices[n].name +
                                 "': expected a share of the model and power to send its partials, "
                                 "found neither or one; leave its radio out");
    }
}

}  // namespace

RadioTestbed::RadioTestbed(const Config& config, const AnalogCodec& codec,
                           const std::vector<double>& power_w, const std::string& design,
                           const RadioOpener& opener)
    : config_(config),
      format_(burst_format(config)),
      moments_{codec.second_moments(SiteKind::attention), codec.second_moments(SiteKind::mlp)},
      power_w_(power_w),
      designer_(config_, format_, design, power_w),
      tallies_(config.devices.size() + 1) {
    for (const auto& moments : moments_)
        check_senders(config_, power_w_, moments);
    open({static_cast<std::size_t>(codec.length()), static_cast<std::size_t>(codec.streams()),
          codec.rotation_seed()},
         opener);
}

void RadioTestbed::open(const phy::Payload& payload, const RadioOpener& opener) {
    for (std::size_t n = 0; n < devices(); ++n)
        radios_.push_back(open_device_radio(config_, format_, payload, n, opener));
    server_ = open_server_radio(config_, format_, payload, opener);
    std::vector<TimedRadio*> all;
    for (const auto& radio : radios_)
        all.push_back(&radio->timed());
    all.push_back(&server_->timed());
    const std::size_t samples =
        format_.burst_samples(format_.data_symbols(payload.length, payload.streams));
    clock_.emplace(config_, format_, samples, bring_up(all));
}

// ---- soundings ----

/// At first and after a round that failed with many headers: what is known of an oscillator may be
/// why. And another antenna may be out of the fade that hid the last one from a device.
void RadioTestbed::sound_until_found() {
    for (int attempt = 0; attempt < config_.waveform.attempts; ++attempt) {
        // The burst after many headers comes late, and shows less of the phase that rounds will
        // have.
        if (!whole_ && !sound(/*new_reference=*/true, /*acquire=*/true)) continue;
        if (!sound(/*new_reference=*/true)) continue;
        design();
        return;
    }
    give_up();
}

const phy::SoundingReport& RadioTestbed::sound_again() {
    for (int attempt = 0; attempt < config_.waveform.attempts; ++attempt) {
        if (sound(/*new_reference=*/false)) return server_->sounding();
    }
    give_up();
}

bool RadioTestbed::sound(bool new_reference, bool acquire) {
    RoundOrder order = clock_->next(/*sounding=*/true, acquire, server_->timed().now());
    order.new_reference = new_reference;
    if (new_reference) {
        header_antenna_ =
            failures_.size() % static_cast<std::size_t>(config_.radio.server_antennas);
    }
    order.header_antenna = header_antenna_;
    std::vector<double> power_w;
    for (const auto& device : config_.devices)
        power_w.push_back(device.max_power_w);
    ServerReport server;
    const auto reports = all_take_part(order, {}, [&] { server = server_->sound(order, power_w); });
    ++soundings_;
    sounding_s_ += seconds(clock_->end() - order.headers.front());
    if (!counts(order, reports, server)) return false;
    sounded_ = order.burst;
    return true;
}

void RadioTestbed::design() {
    designed_for_ = server_->sounding();
    designed_ = true;
    for (const SiteKind kind : {SiteKind::attention, SiteKind::mlp}) {
        const auto i = static_cast<std::size_t>(kind);
        if (i > 0 && moments_[i] == moments_[0]) {
            settings_[i] = settings_[0];
            continue;
        }
        const ServerSettings before = settings_[i].server;
        settings_[i] =
            designer_.design(designed_for_, moments_[i], designed_for_.noise_power_w, &before);
    }
}

// ---- sums ----

WholeRound RadioTestbed::sum(SiteKind kind, double scale, const Partials& partials,
                             gsl::span<float> sum) {
    for (int attempt = 0; attempt < config_.waveform.attempts; ++attempt) {
        // What is known of the channel may be why a round has failed.
        if (!designed_ || !whole_ ||
            seconds(clock_->end() - sounded_) > config_.radio.coherence_block_s)
            sound_until_found();
        WholeRound round;
        round.order = clock_->next(/*sounding=*/false, false, server_->timed().now());
        round.order.site = kind;
        round.order.header_antenna = header_antenna_;
        round.order.scale = scale;
        round.devices = all_take_part(round.order, partials, [&] {
            round.server = server_->sum(round.order, settings(kind).server, sum);
        });
        if (counts(round.order, round.devices, round.server)) return round;
    }
    give_up();
}

// ---- every round ----

/// A thread a device, this one the server's; all end with the round.
std::vector<DeviceReport> RadioTestbed::all_take_part(const RoundOrder& order,
                                                      const Partials& partials,
                                                      const std::function<void()>& server) {
    const DeviceSettings none;
    std::vector<std::future<DeviceReport>> running;
    for (const auto& radio : radios_)
        radio->feed();
    server_->feed();
    for (std::size_t n = 0; n < devices(); ++n) {
        running.push_back(std::async(std::launch::async, [&, n] {
            if (order.sounding) return radios_[n]->take_part(order, none, {});
            return radios_[n]->take_part(order, settings(order.site).devices[n], partials[n]);
        }));
    }
    server();
    std::vector<DeviceReport> reports;
    reports.reserve(running.size());
    for (auto& each : running)
        reports.push_back(each.get());
    return reports;
}

bool RadioTestbed::counts(const RoundOrder& order, const std::vector<DeviceReport>& reports,
                          const ServerReport& server) {
    std::vector<std::string> names;
    for (std::size_t n = 0; n < devices(); ++n) {
        names.push_back(config_.devices[n].name);
        count(reports[n].burst, reports[n].window, tallies_[n]);
    }
    count(server.header, server.window, tallies_.back());
    last_reports_ = reports;
    const std::string failure =
        failure_of(order, names, reports, server, config_.waveform.least_confidence);
    whole_ = failure.empty();
    if (!whole_) failures_.push_back(failure);
    return whole_;
}

void RadioTestbed::give_up() const {
    throw std::runtime_error("radios: no whole round in " +
                             std::to_string(config_.waveform.attempts) +
                             " attempts: " + (failures_.empty() ? "" : failures_.back()));
}

}  // namespace aircomp::runtime
