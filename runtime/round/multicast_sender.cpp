// SPDX-License-Identifier: GPL-3.0-or-later
// Plans and attempts.
#include "round/multicast_sender.hpp"

#include <algorithm>
#include <utility>

namespace aircomp::runtime {
namespace {

/// What devices lose by having learned their channels from noise.
constexpr double first_margin_db = 0.5;
/// Upwards where a message was lost, downwards with every one that was not: in balance where one in a
/// thousand is lost.
constexpr double margin_up_db = 1, margin_down_db = margin_up_db / 1000;

}  // namespace

MulticastSender::MulticastSender(const Config& config, const phy::BurstFormat& format,
                                 std::unique_ptr<MulticastLink> link,
                                 const RoundScheduler& scheduler)
    : config_(config),
      format_(format),
      link_(std::move(link)),
      scheduler_(scheduler),
      margin_db_(first_margin_db) {}

double MulticastSender::seconds(std::size_t samples) const {
    return static_cast<double>(samples) / config_.radio.bandwidth_hz;
}

double MulticastSender::payload_s(std::size_t message_bytes) const {
    return seconds(phy::message_symbols(format_, message_bytes, plan_->modulation) *
                   format_.symbol_samples());
}

std::optional<RoundFault> MulticastSender::prepare(std::size_t message_bytes, const Spent& spent) {
    if (plan_ && planned_for_ == scheduler_.designs()) return std::nullopt;
    planned_for_ = scheduler_.designs();
    plan_ = plan_multicast(config_, format_, scheduler_.designed_for(), scheduler_.noise_power_w(),
                           message_bytes, margin_db_);
    auto fault = link_->train(*plan_);
    spent(seconds(phy::training_samples(format_, plan_->modulation.streams) -
                  format_.header_samples()));
    if (fault) plan_.reset();
    return fault;
}

void MulticastSender::send(gsl::span<std::uint8_t> message, const Spent& spent) {
    for (int attempt = 0; attempt < config_.waveform.attempts; ++attempt) {
        auto fault = prepare(message.size(), spent);
        if (!fault) {
            fault = link_->send(*plan_, scheduler_.header_antenna(), message);
            spent(payload_s(message.size()));
        }
        if (!fault) {
            ++sent_;
            margin_db_ = std::max(0.0, margin_db_ - margin_down_db);
            return;
        }
        faults_.push_back(std::move(*fault));
        margin_db_ += margin_up_db;
        plan_.reset();
    }
    throw NoWholeRound(scheduler_.medium() + ": no message of the server reached all devices in " +
                           std::to_string(config_.waveform.attempts) +
                           " attempts: " + faults_.back().what,
                       faults_.back().device);
}

}  // namespace aircomp::runtime
