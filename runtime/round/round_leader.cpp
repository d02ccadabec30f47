// SPDX-License-Identifier: GPL-3.0-or-later
// Soundings, designs and sums, round by round.
#include "round/round_leader.hpp"

#include <algorithm>
#include <cmath>
#include <complex>

#include "config/waveform_format.hpp"

namespace aircomp::runtime {
namespace {

/// The pilots' error means something when it is this many times what it was after the design.
constexpr double most_evm_growth = 1.5;

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

std::size_t burst_samples(const phy::BurstFormat& format, const AnalogCodec& codec) {
    return format.burst_samples(format.data_symbols(static_cast<std::size_t>(codec.length()),
                                                    static_cast<std::size_t>(codec.streams())));
}

}  // namespace

RoundLeader::RoundLeader(const Config& config, const AnalogCodec& codec,
                         const std::vector<double>& power_w, const std::string& design,
                         ServerRadio& server, RoundDevices& devices, Ticks start)
    : config_(config),
      format_(burst_format(config)),
      moments_{codec.second_moments(SiteKind::attention), codec.second_moments(SiteKind::mlp)},
      designer_(config_, format_, design, power_w),
      server_(server),
      ends_(devices),
      clock_(config_, format_, burst_samples(format_, codec), start),
      phases_rad_(config.devices.size(), 0),
      tallies_(config.devices.size() + 1) {
    if (!config.radios.transmit) {
        throw std::runtime_error("radios.transmit: expected true, for a sum is sent, found false");
    }
    for (std::size_t n = 0; n < config.devices.size(); ++n) {
        takes_part_.push_back(power_w[n] > 0);
        sounding_power_w_.push_back(takes_part_[n] ? config.devices[n].max_power_w : 0);
    }
}

// ---- soundings ----

bool RoundLeader::is_due() const {
    if (!designed_ || !whole_) return true;
    return seconds(clock_.end() - sounded_) > config_.radio.coherence_block_s;
}

bool RoundLeader::has_turned() const {
    // If the pilots were as bad right after the last design, a new one would not be better.
    return design_evm_ && evm_ > std::max(config_.radios.most_evm, most_evm_growth * *design_evm_);
}

void RoundLeader::prepare() {
    if (!is_due()) {
        if (!has_turned()) return;
        ++evm_soundings_;
    }
    // Under the old reference first: what was left of the devices' phases.
    if (designed_ && whole_ && sound(/*new_reference=*/false))
        phases_rad_ = phase_turns(designed_for_, server_.sounding());
    sound_until_found();
}

/// The first sounding, and one after a round that failed, comes after many headers: the estimate of
/// an oscillator may have been why. Each attempt takes another antenna: the last one may be hidden
/// from a device by a fade.
void RoundLeader::sound_until_found() {
    for (int attempt = 0; attempt < config_.waveform.attempts; ++attempt) {
        // The burst after many headers comes late: its phase is not the one that rounds will have.
        if (!whole_ && !sound(/*new_reference=*/true, /*acquire=*/true)) continue;
        if (!sound(/*new_reference=*/true)) continue;
        design();
        return;
    }
    give_up();
}

const phy::SoundingReport& RoundLeader::sound_again() {
    for (int attempt = 0; attempt < config_.waveform.attempts; ++attempt) {
        if (sound(/*new_reference=*/false)) return server_.sounding();
    }
    give_up();
}

bool RoundLeader::sound(bool new_reference, bool acquire) {
    server_.feed();
    RoundOrder order = clock_.next(/*sounding=*/true, acquire, server_.timed().now());
    order.new_reference = new_reference;
    if (new_reference) {
        header_antenna_ = faults_.size() % static_cast<std::size_t>(config_.radio.server_antennas);
    }
    order.header_antenna = header_antenna_;
    ServerReport server;
    const auto reports =
        ends_.take_part(order, [&] { server = server_.sound(order, sounding_power_w_); });
    ++soundings_;
    sounding_s_ += seconds(clock_.end() - order.headers.front());
    if (!counts(order, reports, server)) return false;
    sounded_ = order.burst;
    return true;
}

void RoundLeader::design() {
    designed_for_ = server_.sounding();
    designed_ = true;
    design_evm_.reset();
    for (const SiteKind kind : inference::site_kinds) {
        const auto i = static_cast<std::size_t>(kind);
        if (i > 0 && moments_[i] == moments_[0]) {
            settings_[i] = settings_[0];
        } else {
            const ServerSettings before = settings_[i].server;
            settings_[i] =
                designer_.design(designed_for_, moments_[i], designed_for_.noise_power_w, &before);
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

WholeRound RoundLeader::sum(SiteKind kind, double scale, gsl::span<float> sum) {
    for (int attempt = 0; attempt < config_.waveform.attempts; ++attempt) {
        // A round may fail because the channel has changed.
        prepare();
        server_.feed();
        WholeRound round;
        round.order = clock_.next(/*sounding=*/false, false, server_.timed().now());
        round.order.site = kind;
        round.order.header_antenna = header_antenna_;
        round.order.scale = scale;
        round.devices = ends_.take_part(round.order, [&] {
            round.server = server_.sum(round.order, settings(kind).server, sum);
        });
        if (!counts(round.order, round.devices, round.server)) {
            if (faults_.back().refused) scale *= quieter;
            continue;
        }
        evm_ = round.server.evm;
        if (!design_evm_) design_evm_ = evm_;
        return round;
    }
    give_up();
}

// ---- every round ----

/// A device that holds nothing of a site has nothing to send there.
std::vector<bool> RoundLeader::senders(const RoundOrder& order) const {
    std::vector<bool> senders = takes_part_;
    if (order.sounding) return senders;
    const auto& moments = moments_[static_cast<std::size_t>(order.site)];
    for (std::size_t n = 0; n < senders.size(); ++n)
        senders[n] = senders[n] && moments[n] > 0;
    return senders;
}

bool RoundLeader::counts(const RoundOrder& order, const std::vector<DeviceReport>& reports,
                         const ServerReport& server) {
    std::vector<std::string> names;
    for (std::size_t n = 0; n < devices(); ++n) {
        names.push_back(config_.devices[n].name);
        count(reports[n].burst, reports[n].window, tallies_[n]);
        tallies_[n].clipped_reals += static_cast<std::int64_t>(reports[n].clipped_reals);
    }
    count(server.header, server.window, tallies_.back());
    last_reports_ = reports;
    auto fault =
        fault_of(order, names, senders(order), reports, server, config_.waveform.least_confidence);
    whole_ = !fault || fault->refused;
    const bool is_counted = !fault;
    if (fault) faults_.push_back(std::move(*fault));
    return is_counted;
}

void RoundLeader::give_up() const {
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
    throw NoWholeRound("radios: no whole round in " + std::to_string(attempts) +
                           " attempts: " + (faults_.empty() ? "" : faults_.back().what),
                       device);
}

}  // namespace aircomp::runtime
