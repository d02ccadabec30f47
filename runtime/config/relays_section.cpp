// SPDX-License-Identifier: GPL-3.0-or-later
// Keys of the section relays.
#include "config/relays_section.hpp"

#include "config/keys.hpp"
#include "config/physical_ranges.hpp"

namespace aircomp::runtime {

const Keys<RelaysConfig>& relays_keys() {
    using R = RelaysConfig;
    static const Keys<R> keys = {
        number("count", &R::count, "", within(1, 1024), "Relays."),
        number("antennas", &R::antennas, "", within(1, largest_antenna_count),
               "Antennas of a relay, with the scheme hierarchical at least radio.streams."),
        number("power_w", &R::power_w, "W", transmit_power_range,
               "Transmit power, mean over a token."),
        number("path_gain", &R::path_gain, "", path_gain_range,
               "Mean power gain from a relay to the server, linear."),
        number("path_loss_exponent", &R::path_loss_exponent, "", within(1, 10),
               "From path gains to distances and back: relays stand at equal angles around the "
               "server, devices at drawn ones."),
    };
    return keys;
}

}  // namespace aircomp::runtime
