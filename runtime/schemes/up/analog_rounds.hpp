// SPDX-License-Identifier: GPL-3.0-or-later
// What all-reduces of analog media have in common: a round per vector, in a cell whose channels
// change from coherence block to block.
#pragma once

#include <functional>

#include "air/radio_cell.hpp"
#include "coding/sum_request.hpp"

namespace aircomp::runtime {

/// What a medium does in a round and before it.
struct AnalogRounds {
    double settings_bytes = 0;          ///< To the devices, once a coherence block.
    std::function<void()> enter_block;  ///< In a new one, after it has been drawn and sounded.
    /// Sends vector `v` of the request; the estimate of the sum goes to `out`, [length].
    std::function<void(std::int64_t v, gsl::span<float> out)> transmit;
};

/// Brings `sum`, [vectors, length], vector by vector, and charges the cell for the scales'
/// exchange, where the configuration has it, and for the way back. Throws as check_request() does.
void all_reduce_by(const AnalogRounds& rounds, RadioCell& cell, const SumRequest& request,
                   gsl::span<float> sum);

}  // namespace aircomp::runtime
