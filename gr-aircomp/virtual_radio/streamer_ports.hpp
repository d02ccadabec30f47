// SPDX-License-Identifier: GPL-3.0-or-later
// The channels of a streamer: which antenna of which board each is.
#pragma once

#include <memory>
#include <vector>

#include "board.hpp"

namespace gr::aircomp::virtual_radio {

struct Port {
    std::shared_ptr<Board> board;
    std::size_t antenna;
    std::size_t channel;  ///< Of the board.
};

/// Samples of a packet, and the most that a streamer gives or takes at once.
constexpr std::size_t packet_samples = 2000;

/// The sampling period that all ports share. Throws uhd::value_error where they differ.
Ticks common_period(const std::vector<Port>& ports, Direction direction);

}  // namespace gr::aircomp::virtual_radio
