// SPDX-License-Identifier: GPL-3.0-or-later
// Messages to all devices at once, until all have them: when devices learn streams, how fast messages
// are sent, and what is sent again; the same over an emulated air and over radios.
#pragma once

#include <functional>
#include <gsl/span>
#include <memory>
#include <optional>

#include "round/multicast_link.hpp"
#include "round/round_scheduler.hpp"

namespace aircomp::runtime {

/// Streams and modulation are planned, and devices taught the streams, at the first message after each
/// design of the scheduler's. A message that a device could not decode is sent again, more slowly, after
/// a new plan.
class MulticastSender {
public:
    /// Told of every burst: what goes by in it beside its header, s.
    using Spent = std::function<void(double seconds)>;

    /// The scheduler must outlive the object.
    MulticastSender(const Config& config, const phy::BurstFormat& format,
                    std::unique_ptr<MulticastLink> link, const RoundScheduler& scheduler);

    /// Leaves in `message` what devices decoded. Throws NoWholeRound where a device could not in
    /// waveform.attempts attempts.
    void send(gsl::span<std::uint8_t> message, const Spent& spent);

    /// Plans for messages of so many bytes where nothing is planned; what is wrong where a device did
    /// not learn the streams.
    std::optional<RoundFault> prepare(std::size_t message_bytes, const Spent& spent);

    /// Of a message under the plan at hand, its header left out, s.
    double payload_s(std::size_t message_bytes) const;

    const MulticastLink& link() const { return *link_; }
    std::int64_t sent() const { return sent_; }
    /// Why, one for each message or training that had to be sent again.
    const std::vector<RoundFault>& faults() const { return faults_; }

private:
    double seconds(std::size_t samples) const;

    Config config_;
    phy::BurstFormat format_;
    std::unique_ptr<MulticastLink> link_;
    const RoundScheduler& scheduler_;
    double margin_db_;
    std::optional<MulticastPlan> plan_;
    std::int64_t planned_for_ = 0;  ///< Which of the scheduler's designs.
    std::int64_t sent_ = 0;
    std::vector<RoundFault> faults_;
};

}  // namespace aircomp::runtime
