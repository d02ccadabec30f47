// SPDX-License-Identifier: GPL-3.0-or-later
// How devices that send bits share the uplink, and how long it takes them.
#pragma once

#include <memory>
#include <vector>

#include "air/radio_cell.hpp"

namespace aircomp::runtime {

/// What the bits of all devices take.
struct UplinkTime {
    double uses = 0;                  ///< Channel uses until the last device is done.
    double bursts = 1;                ///< One after the other, each with a frame of its own.
    std::vector<double> device_uses;  ///< During which each device transmits.
};

class UplinkAccess {
public:
    virtual ~UplinkAccess() = default;

    /// The cell's channels are now what the block says. Devices transmit with the cell's powers.
    virtual void measure(const RadioCell& cell) = 0;

    /// `bits[n]` of device n over the channels measured last; 0 for one that has none.
    virtual UplinkTime time(const std::vector<double>& bits) const = 0;
};

/// One device after the other, with equal power from its antennas.
std::unique_ptr<UplinkAccess> one_after_another();

/// All at once, at the sum rate of the multiple-access channel: what no receiver exceeds.
std::unique_ptr<UplinkAccess> space_division();

/// Groups of devices one after the other. The devices of a group send at once, each 1 to N_t streams
/// along its strongest right singular vectors, and a linear MMSE receiver tells the streams apart.
/// Streams and size of groups are those that take the least time; devices of similar gain share a
/// group.
std::unique_ptr<UplinkAccess> linear_groups();

}  // namespace aircomp::runtime
