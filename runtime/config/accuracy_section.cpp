// SPDX-License-Identifier: GPL-3.0-or-later
// Keys of the section accuracy.
#include "config/accuracy_section.hpp"

#include "config/keys.hpp"

namespace aircomp::runtime {

const Keys<AccuracyConfig>& accuracy_keys() {
    using A = AccuracyConfig;
    static const Keys<A> keys = {
        number(
            "max_uplink_loss_nats", &A::max_uplink_loss_nats, "nats", within(0, 1e6),
            "What the way up may cost a token by the model's calibration: a coherence block that "
            "would cost more has fewer streams than radio.streams, then repetitions; 0: no "
            "target, all blocks have radio.streams. Of medium symbol and schemes with a "
            "transceiver design."),
        number("max_loss_nats", &A::max_loss_nats, "nats", within(1e-12, 1e6),
               "What scheme auto and aircomp plan tolerate of a token's loss, way up and down "
               "together."),
        number("max_repetitions", &A::max_repetitions, "", within(1, 64),
               "How often a vector is sent at most where that is the way to the target."),
    };
    return keys;
}

}  // namespace aircomp::runtime
