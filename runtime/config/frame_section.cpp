// SPDX-License-Identifier: GPL-3.0-or-later
// Keys of the section frame.
#include "config/frame_section.hpp"

#include "config/keys.hpp"

namespace aircomp::runtime {

const Keys<FrameConfig>& frame_keys() {
    using F = FrameConfig;
    static const Keys<F> keys = {
        number("sync_periods", &F::sync_periods, "", within(2, 8),
               "Periods of 64 samples in the preamble of every burst and in the server's header.")
            .formerly("waveform.sync_periods"),
        number("turnaround_s", &F::turnaround_s, "s", within(0, 1),
               "From receiving to sending, at devices and server: from the end of a header to the "
               "devices' burst, and from its end to the way down.")
            .formerly("waveform.turnaround_s"),
    };
    return keys;
}

}  // namespace aircomp::runtime
