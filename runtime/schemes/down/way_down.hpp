// SPDX-License-Identifier: GPL-3.0-or-later
// The second half of an all-reduce: how a sum comes from the server to the devices.
#pragma once

#include <gsl/span>

#include "air/radio_cell.hpp"
#include "coding/sum_request.hpp"

namespace aircomp::runtime {

class WayDown {
public:
    virtual ~WayDown() = default;

    /// Charges the cell with the way's time and energy. `sum`, of one vector, comes with the server's estimate in both places, and is left with what server and devices
    /// add to their copies of the residual stream: both the same where the server goes on from what
    /// the devices got. `lag`: what the server's copy had before and the devices' had not, x - xh.
    virtual void bring(RadioCell& cell, gsl::span<const float> lag, SumCopies sum) = 0;

    /// Charges the way of the devices' settings, `bytes` once a coherence block: over the control link
    /// unless a way says otherwise.
    virtual void bring_settings(RadioCell& cell, double bytes);
};

}  // namespace aircomp::runtime
