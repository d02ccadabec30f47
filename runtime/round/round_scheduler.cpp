// SPDX-License-Identifier: GPL-3.0-or-later
// Soundings, designs and sums, round by round.
#include "round/round_scheduler.hpp"

#include <algorithm>
#include <cmath>
#include <complex>

#include "config/waveform_format.hpp"

namespace aircomp::runtime {
namespace {

/// The pilots' error means something when it is this many times what it was after the design.
constexpr double max_evm_growth = 1.5;

/// A burst that was too loud for a device's limits is sent again 3 dB quieter.
constexpr double quieter = 1.4125375446227544;

void count(const BurstReport& burst, const WindowReport& window, RadioTally& tally) {
    tally.bursts += burst.state == BurstState::waiting ? 0 : 1;
    tally.late += burst.state == BurstState::late ? 1 : 0;
    tally.underflowed += burst.state == BurstState::underflowed ? 1 : 0;
    tally.broken += burst.state == BurstState::broken ? 1 : 0;
    tally.unacknowledged += burst.state == BurstState::unacknowledged ? 1 : 0;
    tally.refused += burst.state == BurstState::refused ? 1 : 0;
    tally.clipped_samples += static_cast<std::int64_t>(burst.clipped);
    if (window.state == WindowState::whole)
        tally.receive_peak_dbfs = std::max(tally.receive_peak_dbfs, window.peak_dbfs);
}

}  // namespace

std::vector<bool> participants(const AnalogCodec& codec, const std::vector<double>& power_w) {
    std::vector<bool> participants;
    for (std::size_t n = 0; n < power_w.size(); ++n) {
        const bool sends =
            std::any_of(codec.kinds().begin(), codec.kinds().end(),
                        [&](SiteKind kind) { return codec.second_moments(kind)[n] > 0; });
        participants.push_back(power_w[n] > 0 && sends);
    }
    return participants;
}

RoundScheduler::RoundScheduler(const Config& config, const AnalogCodec& codec,
                               const std::vector<double>& power_w, const std::string& design,
                               RoundServer& server, RoundDevices& devices, const RoundRules& rules)
    : config_(config),
      kinds_(codec.kinds()),
      takes_part_(participants(codec, power_w)),
      designer_(config_, burst_format(config), design, power_w),
      server_(server),
      ends_(devices),
      rules_(rules),
      clock_(burst_format(config), codec.payload(), config.radio.bandwidth_hz, rules.timing),
      phases_rad_(config.devices.size(), 0),
      tallies_(config.devices.size() + 1) {
    for (const SiteKind kind : kinds_)
        moments_[static_cast<std::size_t>(kind)] = codec.second_moments(kind);
    for (std::size_t n = 0; n < config.devices.size(); ++n)
        sounding_power_w_.push_back(takes_part_[n] ? config.devices[n].max_power_w : 0);
}

// ---- soundings ----

bool RoundScheduler::is_due() const {
    if (!designed_ || failed_sums_ >= rules_.sums_before_sounding) return true;
    return seconds(clock_.end() - sounded_) > rules_.max_sounding_age_s;
}

bool RoundScheduler::has_turned() const {
    // If the pilots were as bad right after the last design, a new one would not be better.
    return design_evm_ && evm_ > std::max(rules_.max_evm, max_evm_growth * *design_evm_);
}

void RoundScheduler::renew() {
    designed_ = false;
    failed_sums_ = 0;
}

void RoundScheduler::prepare() {
    if (!is_due()) {
        if (!has_turned()) return;
        ++evm_soundings_;
    }
    if (designed_ && !rules_.insist_on_sounding) {
        if (sound(/*new_reference=*/true)) design();
        return;
    }
    // Under the old reference first: what was left of the devices' phases.
    if (rules_.look_back && designed_ && failed_sums_ == 0 && sound(/*new_reference=*/false))
        phases_rad_ = phase_turns(designed_for_, server_.sounding());
    sound_until_found();
}

/// Another antenna may be out of the fade that hid the last one from a device.
void RoundScheduler::sound_until_found() {
    for (int attempt = 0; attempt < config_.waveform.attempts; ++attempt) {
        const std::size_t turns = rules_.turn_antenna_after_any_failure
                                      ? faults_.size()
                                      : static_cast<std::size_t>(attempt);
        header_antenna_ = turns % static_cast<std::size_t>(config_.radio.server_antennas);
        if (rules_.sound_after_acquisition && !acquired_ && !sound(/*new_reference=*/true))
            continue;
        if (!sound(/*new_reference=*/true)) continue;
        design();
        return;
    }
    give_up();
}

const phy::SoundingReport& RoundScheduler::sound_again() {
    for (int attempt = 0; attempt < config_.waveform.attempts; ++attempt) {
        if (sound(/*new_reference=*/false)) return server_.sounding();
    }
    give_up();
}

bool RoundScheduler::sound(bool new_reference) {
    const bool acquire = new_reference && !acquired_;
    RoundOrder order = clock_.next(/*sounding=*/true, acquire, server_.now());
    order.new_reference = new_reference;
    order.header_antenna = header_antenna_;
    ServerReport server;
    const auto reports = exchange(order, [&] { server = server_.sound(order, sounding_power_w_); });
    ++soundings_;
    sounding_s_ += seconds(clock_.end() - clock_.begin());
    if (acquire) acquired_ = acquires(order, reports);
    if (!counts(order, reports, server)) return false;
    sounded_ = order.burst;
    return true;
}

/// Whether all devices heard all of its headers.
bool RoundScheduler::acquires(const RoundOrder& order,
                              const std::vector<DeviceReport>& reports) const {
    const auto sends = senders(order);
    for (std::size_t n = 0; n < sends.size(); ++n) {
        if (sends[n] && !reports[n].header_found) return false;
    }
    return true;
}

void RoundScheduler::design() {
    designed_for_ = server_.sounding();
    designed_ = true;
    ++designs_;
    design_evm_.reset();
    const auto first = static_cast<std::size_t>(kinds_.front());
    for (const SiteKind kind : kinds_) {
        const auto i = static_cast<std::size_t>(kind);
        if (i != first && moments_[i] == moments_[first]) {
            settings_[i] = settings_[first];
        } else {
            const ServerSettings before = settings_[i].server;
            settings_[i] = designer_.design(designed_for_, moments_[i], noise_power_w(),
                                            rules_.warm_start ? &before : nullptr);
        }
        ends_.settle(kind, clock_.next_number(), settings_[i].devices);
    }
}

std::vector<double> phase_turns(const phy::SoundingReport& before,
                                const phy::SoundingReport& after) {
    std::vector<std::complex<double>> turns(before.devices.size());
    std::complex<double> common;
    for (std::size_t n = 0; n < turns.size(); ++n) {
        if (!before.devices[n].found || !after.devices[n].found) continue;
        const auto& was = before.devices[n].least_squares;
        const auto& is = after.devices[n].least_squares;
        for (std::size_t i = 0; i < was.size(); ++i)
            turns[n] += std::complex<double>(is[i] * std::conj(was[i]));
        turns[n] /= std::abs(turns[n]);
        common += turns[n];
    }
    std::vector<double> phases;
    phases.reserve(turns.size());
    for (const auto& turn : turns)
        phases.push_back(std::arg(turn * std::conj(common)));
    return phases;
}

// ---- sums ----

WholeRound RoundScheduler::sum(SiteKind kind, double scale, gsl::span<float> sum,
                               const HeaderBefore& before) {
    for (int attempt = 0; attempt < config_.waveform.attempts; ++attempt) {
        const std::int64_t soundings = soundings_;
        // Sums may have failed because the channel has changed.
        prepare();
        const bool is_next = attempt == 0 && soundings == soundings_;
        WholeRound round;
        round.order = clock_.next(/*sounding=*/false, false, server_.now(),
                                  is_next ? before : HeaderBefore());
        round.order.site = kind;
        round.order.header_antenna = header_antenna_;
        round.order.scale = scale;
        round.devices = exchange(round.order, [&] {
            round.server = server_.sum(round.order, settings(kind).server, sum);
        });
        if (!counts(round.order, round.devices, round.server)) {
            const bool refused = faults_.back().refused;
            failed_sums_ = refused ? 0 : failed_sums_ + 1;
            if (refused) scale *= quieter;
            continue;
        }
        failed_sums_ = 0;
        evm_ = round.server.evm;
        if (!design_evm_) design_evm_ = evm_;
        return round;
    }
    give_up();
}

// ---- every round ----

/// Time that waits for radios stands from before the order leaves until all have had their part, and
/// after it until the next order. Only what a device still does after the server's part moves it.
std::vector<DeviceReport> RoundScheduler::exchange(const RoundOrder& order,
                                                   const std::function<void()>& server) {
    if (seen_) seen_(order);
    server_.call(ends_.told(order));
    auto reports = ends_.take_part(order, [&] {
        server();
        server_.rest();
    });
    server_.hold();
    return reports;
}

/// A device that holds nothing of a site has nothing to send there.
std::vector<bool> RoundScheduler::senders(const RoundOrder& order) const {
    std::vector<bool> senders = takes_part_;
    if (order.sounding) return senders;
    const auto& moments = moments_[static_cast<std::size_t>(order.site)];
    for (std::size_t n = 0; n < senders.size(); ++n)
        senders[n] = senders[n] && moments[n] > 0;
    return senders;
}

bool RoundScheduler::counts(const RoundOrder& order, const std::vector<DeviceReport>& reports,
                            const ServerReport& server) {
    std::vector<std::string> names;
    for (std::size_t n = 0; n < devices(); ++n) {
        names.push_back(config_.devices[n].name);
        count(reports[n].burst, reports[n].window, tallies_[n]);
        tallies_[n].clipped_reals += static_cast<std::int64_t>(reports[n].clipped_reals);
        tallies_[n].limited_vectors += reports[n].limited_vector ? 1 : 0;
    }
    count(server.header, server.window, tallies_.back());
    last_reports_ = reports;
    auto fault =
        fault_of(order, names, senders(order), reports, server, config_.waveform.min_confidence);
    // A refused burst says nothing of the channel and the oscillators.
    if (fault && !fault->refused && rules_.acquire_after_failure) acquired_ = false;
    const bool is_counted = !fault;
    if (fault) faults_.push_back(std::move(*fault));
    return is_counted;
}

void RoundScheduler::give_up() const {
    const auto attempts = static_cast<std::size_t>(config_.waveform.attempts);
    std::vector<std::size_t> blame(devices(), 0);
    const auto first =
        faults_.end() - static_cast<std::ptrdiff_t>(std::min(attempts, faults_.size()));
    for (auto fault = first; fault != faults_.end(); ++fault) {
        if (fault->device) ++blame[*fault->device];
    }
    const auto most = std::max_element(blame.begin(), blame.end());
    std::optional<std::size_t> device;
    if (*most > 0) device = static_cast<std::size_t>(most - blame.begin());
    throw NoWholeRound(rules_.medium + ": no whole round in " + std::to_string(attempts) +
                           " attempts: " + (faults_.empty() ? "" : faults_.back().what),
                       device);
}

}  // namespace aircomp::runtime
