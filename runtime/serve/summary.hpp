// SPDX-License-Identifier: GPL-3.0-or-later
// What a run came to, or has come to so far: the numbers that pages and results show.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::runtime::testbed {

/// What one device did in a run.
struct DeviceSummary {
    std::string name;
    std::int64_t heads = 0;        ///< Query heads held at the end.
    std::int64_t ffn_columns = 0;  ///< Held at the end.
    double share = 0;              ///< m_n of that: of a token's operations.
    std::uint64_t rounds = 0;
    std::uint64_t losses = 0;                          ///< Times that it was lost.
    double compute_s = 0;                              ///< Its own, over all rounds.
    double wait_s = 0;                                 ///< Its own, from partials to sums.
    std::uint64_t bytes_sent = 0, bytes_received = 0;  ///< By the coordinator.
};

/// What one device's radio did, where sums go over the air.
struct DeviceAirSummary {
    double evm = 0;           ///< Of its last sounding: rms error over rms of a channel entry.
    double snr_db = 0;        ///< Of its sounding, at the most power that it may have, an antenna.
    double condition_db = 0;  ///< Of its channel: largest over smallest singular value.
    double phase_rad = 0;     ///< That its channel has turned since its precoder was designed.
    double power_w = 0;       ///< Of its last burst, mean over the burst.
    double power_margin_db = 0;  ///< From that power to what it may spend.
    std::uint64_t bursts = 0;    ///< All, those below included.
    std::uint64_t late = 0, underflows = 0, sequence_errors = 0, unacknowledged = 0;
    std::uint64_t refused = 0;  ///< By the device's own limits.
    double offset_hz = 0;       ///< Its oscillator over the server's, as last predicted.
    double header_snr_db = 0;   ///< Of the last header that it heard.
    std::uint64_t clipped_reals = 0;
    std::uint64_t limited_vectors = 0;  ///< Scaled down to the headroom of their energy.
};

/// What the air did, where sums go over it.
struct AirSummary {
    double nmse_estimate = 0;  ///< Equation (4) for the channels and transceivers of the last sum.
    std::optional<double> nmse;  ///< Measured over all sums, where testbed.measure is on.
    double condition_db = 0;     ///< Of all devices' channels side by side.
    std::uint64_t soundings = 0;
    /// Times that the pilots' error, not the coherence block's end, was why it sounded again.
    std::uint64_t evm_soundings = 0;
    std::uint64_t repeated_rounds = 0;  ///< Soundings and sums that did not count.
    std::uint64_t messages = 0;         ///< Of sums that came down by air.
    std::uint64_t repeated_messages =
        0;  ///< Those, and training bursts, that a device did not get.
    std::vector<DeviceAirSummary> devices;  ///< In the configuration's order.
};

struct CoordinatorSummary {
    std::vector<inference::Token> tokens;  ///< Prompt and continuation.
    std::int64_t new_tokens = 0;           ///< Of this run.
    bool interrupted = false;
    std::uint64_t rounds = 0;
    std::uint64_t repeated_rounds = 0;
    std::uint64_t epochs = 0;  ///< Assignments of slices.
    double generating_s = 0;   ///< Wall time from the first slice to the last token.
    double recovering_s = 0;   ///< Of it, from a loss to the caches' being as before.
    double reduce_s = 0;       ///< Of it, in all-reduces: devices' computing and the way.
    std::vector<DeviceSummary> devices;
    std::optional<AirSummary> air;
};

/// All numbers of a summary as one JSON object, without the tokens themselves.
std::string summary_json(const CoordinatorSummary& summary);

}  // namespace aircomp::runtime::testbed
