// SPDX-License-Identifier: GPL-3.0-or-later
// Which packets between a host and its board are lost.
#pragma once

#include <random>

#include "board.hpp"

namespace gr::aircomp::virtual_radio {

/// One direction of one streamer; the same packets in every run that sends as many.
class PacketLoss {
public:
    PacketLoss(const BoardConfig& board, Direction direction)
        : chance_(board.packet_loss), random_(board.loss_seed + static_cast<unsigned>(direction)) {}

    bool possible() const { return chance_ > 0; }
    /// Whether the next packet is lost.
    bool next() { return possible() && std::generate_canonical<double, 53>(random_) < chance_; }

private:
    double chance_;
    std::mt19937_64 random_;
};

}  // namespace gr::aircomp::virtual_radio
