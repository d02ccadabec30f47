// SPDX-License-Identifier: GPL-3.0-or-later
// The properties under which UHD knows a board.
#pragma once

#include <memory>
#include <uhd/property_tree.hpp>

#include "board.hpp"

namespace gr::aircomp::virtual_radio {

/// Adds motherboard number `number` to the device's tree.
void add_board(const uhd::property_tree::sptr& tree, std::size_t number,
               const std::shared_ptr<Board>& board);

}  // namespace gr::aircomp::virtual_radio
