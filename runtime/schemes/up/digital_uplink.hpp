// SPDX-License-Identifier: GPL-3.0-or-later
// How devices' bits come to the server, at the rate that their channels carry.
#pragma once

#include <vector>

#include "air/coded_channel.hpp"
#include "air/radio_cell.hpp"

namespace aircomp::runtime {

/// How the devices share the uplink.
enum class DigitalAccess { one_after_another, space_division };

class DigitalUplink {
public:
    explicit DigitalUplink(DigitalAccess access) : access_(access) {}

    /// Looks at the cell's channels as they are now. Call it in each coherence block, and before each
    /// vector where channels move.
    void measure(const RadioCell& cell);

    /// Charges a vector of which device n sends `bits[n]`.
    void charge(RadioCell& cell, const std::vector<double>& bits) const;

private:
    DigitalAccess access_;
    std::vector<CodedChannel> links_;  // by device
    CodedChannel all_links_;           // of all that take part, told apart in space
};

}  // namespace aircomp::runtime
