// SPDX-License-Identifier: GPL-3.0-or-later
// The second half of an all-reduce: how a sum comes from the server to the devices.
#pragma once

#include <gsl/span>

#include "air/radio_cell.hpp"

namespace aircomp::runtime {

class WayDown {
public:
    virtual ~WayDown() = default;

    /// Through the simulated cell: charges it with the way's time and energy, and leaves in `sum`
    /// what all devices then know.
    virtual void bring(RadioCell& cell, gsl::span<float> sum) = 0;

    /// Beside real radios, whose devices are in this process and have the sum as it is: charges
    /// `cell` for `length` reals. Nothing unless a way says otherwise.
    virtual void charge_beside_radios(RadioCell& cell, std::size_t length);
};

}  // namespace aircomp::runtime
