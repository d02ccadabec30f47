// SPDX-License-Identifier: GPL-3.0-or-later
// Messages of the server at the medium `waveform`: modulated, through the channel emulator, decoded by
// every device.
#pragma once

#include <functional>
#include <optional>

#include "round/emulated_multicast.hpp"
#include "round/round_scheduler.hpp"
#include "schemes/down/broadcast.hpp"

namespace aircomp::runtime {

/// Streams and modulation are planned, and devices taught the streams, at the first message of a
/// coherence block. A message that a device could not decode is sent again, more slowly, after a new
/// plan.
class WaveformBroadcast final : public Broadcast {
public:
    /// `due` says when the next burst may begin, by the air's clock. All must outlive the object.
    WaveformBroadcast(const Config& config, const phy::BurstFormat& format, WaveformAir& air,
                      EmulatedDevices& devices, const RoundScheduler& scheduler,
                      std::function<Ticks()> due);

    /// The channels are others.
    void begin_block() { plan_.reset(); }

    /// Throws NoWholeRound where a device could not decode the message in waveform.attempts attempts.
    void send(RadioCell& cell, gsl::span<std::uint8_t> message, double bits) override;
    void charge(RadioCell& cell, double bits) override;

    /// Where the header of the last burst began; nothing where that burst was charged alone.
    std::optional<Ticks> header() const { return header_; }

private:
    std::optional<std::size_t> prepare(RadioCell& cell, std::size_t message_bytes);
    double seconds(std::size_t symbols) const;

    phy::BurstFormat format_;
    double sample_rate_hz_;
    int attempts_;
    EmulatedMulticast multicast_;
    const RoundScheduler& scheduler_;
    std::function<Ticks()> due_;
    double margin_db_;
    std::optional<MulticastPlan> plan_;
    std::optional<Ticks> header_;
};

}  // namespace aircomp::runtime
