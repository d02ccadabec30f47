// SPDX-License-Identifier: GPL-3.0-or-later
// Plans, attempts and what they cost.
#include "schemes/down/waveform_broadcast.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "schemes/entries.hpp"

namespace aircomp::runtime {
namespace {

/// What devices lose by having learned their channels from noise.
constexpr double first_margin_db = 0.5;
/// Upwards where a message was lost, downwards with every one that was not: in balance where one in a
/// thousand is lost.
constexpr double margin_up_db = 1, margin_down_db = margin_up_db / 1000;

}  // namespace

WaveformBroadcast::WaveformBroadcast(const Config& config, const phy::BurstFormat& format,
                                     WaveformAir& air, EmulatedDevices& devices,
                                     const RoundScheduler& scheduler, std::function<Ticks()> due)
    : format_(format),
      sample_rate_hz_(config.radio.bandwidth_hz),
      attempts_(config.waveform.attempts),
      multicast_(config, format, air, devices),
      scheduler_(scheduler),
      due_(std::move(due)),
      margin_db_(first_margin_db) {}

double WaveformBroadcast::seconds(std::size_t symbols) const {
    return static_cast<double>(symbols * format_.symbol_samples()) / sample_rate_hz_;
}

/// Returns a device that did not hear the burst from which it was to learn the streams.
std::optional<std::size_t> WaveformBroadcast::prepare(RadioCell& cell, std::size_t message_bytes) {
    if (plan_) return {};
    plan_ = plan_multicast(cell.config(), format_, scheduler_.designed_for(), cell.noise_power_w(),
                           message_bytes, margin_db_);
    const auto deaf = multicast_.train(*plan_);
    const std::size_t samples = phy::training_samples(format_, plan_->modulation.streams);
    cell.charge_downlink(static_cast<double>(samples - format_.header_samples()) / sample_rate_hz_);
    if (deaf) plan_.reset();
    return deaf;
}

void WaveformBroadcast::send(RadioCell& cell, gsl::span<std::uint8_t> message, double) {
    std::optional<std::size_t> deaf;
    for (int attempt = 0; attempt < attempts_; ++attempt) {
        deaf = prepare(cell, message.size());
        if (!deaf) {
            deaf = multicast_.send(*plan_, scheduler_.header_antenna(), due_(), message);
            header_ = multicast_.header();
            cell.charge_downlink(seconds(plan_->symbols));
        }
        if (!deaf) {
            margin_db_ = std::max(0.0, margin_db_ - margin_down_db);
            return;
        }
        cell.ledger().add(repeated_messages, 1);
        margin_db_ += margin_up_db;
        plan_.reset();
    }
    throw NoWholeRound("waveform: no message of the server reached all devices in " +
                           std::to_string(attempts_) + " attempts: the last did not reach " +
                           cell.config().devices[*deaf].name,
                       deaf);
}

void WaveformBroadcast::charge(RadioCell& cell, double bits) {
    const auto bytes = static_cast<std::size_t>(std::ceil(bits / 8));
    header_.reset();
    // One that is deaf shows at the next sum.
    if (prepare(cell, bytes)) return;
    cell.charge_downlink(seconds(phy::message_symbols(format_, bytes, plan_->modulation)));
}

}  // namespace aircomp::runtime
