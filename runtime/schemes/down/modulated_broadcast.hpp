// SPDX-License-Identifier: GPL-3.0-or-later
// Messages of the server at the media `waveform` and `radio`: modulated, over the air, decoded by every
// device.
#pragma once

#include <memory>
#include <optional>

#include "round/multicast_sender.hpp"
#include "schemes/down/broadcast.hpp"

namespace aircomp::runtime {

class ModulatedBroadcast final : public Broadcast {
public:
    /// Every burst comes with an order of `order_bytes` over the control link, 0: with none. The
    /// scheduler must outlive the object.
    ModulatedBroadcast(const Config& config, const phy::BurstFormat& format,
                       std::unique_ptr<MulticastLink> link, const RoundScheduler& scheduler,
                       double order_bytes = 0);

    /// Throws as MulticastSender::send() does.
    void send(RadioCell& cell, gsl::span<std::uint8_t> message, double bits) override;
    void charge(RadioCell& cell, double bits) override;

    /// Where the header of the last burst began; nothing where that burst was charged alone.
    std::optional<Ticks> header() const { return header_; }

private:
    MulticastSender::Spent charges(RadioCell& cell) const;

    MulticastSender sender_;
    double order_bytes_;
    std::optional<Ticks> header_;
};

}  // namespace aircomp::runtime
