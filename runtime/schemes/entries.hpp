// SPDX-License-Identifier: GPL-3.0-or-later
// What several schemes enter in the ledger besides time, energy and channel uses. An entry of one
// scheme alone stands in its file.
#pragma once

#include "air/ledger.hpp"

namespace aircomp::runtime {

/// Of analog schemes.
inline const LedgerEntry clipped_reals{"clipped_reals", "",
                                       "values beyond the transmitters' range"};

inline const LedgerEntry limited_vectors{
    "limited_vectors", "", "devices' vectors scaled down to the headroom of their energy",
    /*per_token=*/true};

/// Of schemes with a target of the section accuracy.
inline const LedgerEntry missed_targets{
    "vectors_over_target", "",
    "vectors that no allowed streams and repetitions keep to the loss that is tolerated",
    /*per_token=*/true};

/// Of schemes that run sample by sample and over radios.
inline const LedgerEntry repeated_rounds{"repeated_rounds", "",
                                         "rounds whose header, sounding or sum was not found",
                                         /*per_token=*/true};

/// Of the medium waveform.
inline const LedgerEntry repeated_messages{"repeated_messages", "",
                                           "messages of the server that a device could not decode",
                                           /*per_token=*/true};

/// Of ways down on the air.
inline const LedgerEntry downlink_bits{"downlink_bits", "", "bits of the messages with sums",
                                       /*per_token=*/true};

/// Of the way down closed-loop-transform.
inline const LedgerEntry resynchronised_copies{
    "resynchronised_copies", "",
    "times that a device's copy of the stream was found wrong and sent whole", /*per_token=*/true};

/// Of the medium waveform with free-running oscillators, summed over all_reduces: what is left of
/// the devices' phases, and what that costs.
inline const LedgerEntry residual_phase_rad2{
    "residual_phase_rad2", "rad^2", "squares of the phases that are left, mean over the devices"};
inline const LedgerEntry residual_phase_nmse{
    "residual_phase_nmse", "", "their cost by equation (13) over the power of the sum"};

}  // namespace aircomp::runtime
