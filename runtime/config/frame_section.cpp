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
        choice("reference", &F::reference,
               {{"header", Reference::header}, {"downlink", Reference::downlink}},
               "What devices take time and phase from before their burst, and what tells them to "
               "send: a header just before it, or the preamble of the way down before it, so that "
               "they change direction while they compute. Where no way down on the air came "
               "before, a header does; radios always send headers."),
        flag("burst_preamble", &F::burst_preamble,
             "Whether the devices' bursts begin with a preamble. Without one the server takes "
             "their time from the last sounding, and pilots alone show that they are there."),
        number(
            "max_vectors", &F::max_vectors, "", within(1, 4096),
            "How many vectors share a frame at most, of a prompt or of several conversations that "
            "are answered at a time: their payloads go up in one burst, one after the other, and "
            "their sums come down in one message. Tokens of one text come one at a time, each with "
            "frames of its own, and so do those that perplexity scores. Only at the medium symbol; "
            "1 elsewhere."),
    };
    return keys;
}

}  // namespace aircomp::runtime
