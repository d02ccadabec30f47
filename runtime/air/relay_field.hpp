// SPDX-License-Identifier: GPL-3.0-or-later
// Where the relays of scheme `hierarchical` stand, which device each of them serves, and the
// channels of both hops.
#pragma once

#include <cstdint>
#include <vector>

#include "air/sounded_link.hpp"

namespace aircomp::runtime {

/// Channels of a coherence block.
struct RelayBlock {
    std::vector<SoundedLink> devices;  ///< Of every device to the relay that serves it.
    std::vector<SoundedLink> relays;   ///< Of every relay to the server.
};

/// Devices stand around the server where their path gains have them, at angles drawn from the seed;
/// relays stand at equal angles, all as far from the server as their path gain says.
class RelayField {
public:
    explicit RelayField(const Config& config);

    std::size_t relays() const { return static_cast<std::size_t>(config_.relays.count); }
    /// The relay that hears the device best.
    std::size_t relay_of(std::size_t device) const { return relay_of_[device]; }
    /// Mean power gain of every device to its relay.
    const std::vector<double>& path_gains() const { return path_gains_; }

    /// Depends on the seed and the block's index alone.
    RelayBlock draw(std::int64_t block) const;

private:
    Config config_;
    std::vector<std::size_t> relay_of_;
    std::vector<double> path_gains_;
};

}  // namespace aircomp::runtime
