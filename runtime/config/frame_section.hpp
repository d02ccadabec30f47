// SPDX-License-Identifier: GPL-3.0-or-later
// The section frame: what stands around the values of every burst.
#pragma once

#include <cstdint>

#include "config/section.hpp"

namespace aircomp::runtime {

/// What devices take time and phase from before their burst.
enum class Reference { header, downlink };

/// Equation (17).
struct FrameConfig {
    int sync_periods = 4;         ///< Of 64 samples, in a burst's preamble and in a header.
    double turnaround_s = 20e-6;  ///< T_t, from receiving to sending.
    Reference reference = Reference::header;
    bool burst_preamble = true;    ///< Whether the devices' sums have preambles of their own.
    std::int64_t max_vectors = 1;  ///< In one burst, of a prompt or of several sequences.
};

const Keys<FrameConfig>& frame_keys();

}  // namespace aircomp::runtime
