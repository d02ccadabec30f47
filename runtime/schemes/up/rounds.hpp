// SPDX-License-Identifier: GPL-3.0-or-later
// What all-reduces of all media with a link have in common: a round per vector, its sum's way up
// and then down.
#pragma once

#include <functional>
#include <optional>

#include "coding/analog_codec.hpp"
#include "coding/sum_request.hpp"
#include "schemes/down/way_down.hpp"

namespace aircomp::runtime {

/// What a medium does in a round and before it.
struct Rounds {
    /// To the devices, once a coherence block of the simulated cell; nothing where real radios
    /// sound for themselves.
    std::optional<double> settings_bytes;
    std::function<void()> enter_block;  ///< In a new one, after it has been drawn and sounded.
    /// Sends vector `v` of the request; the estimate of the sum goes to `out`, [length].
    std::function<void(const SumRequest& request, std::int64_t v, gsl::span<float> out)> transmit;
    /// Of analog schemes: shapes partials before they are sent and their sum after it, and has a
    /// common scale, which costs the control link of a simulated cell where it is exchanged. Null:
    /// none of this.
    AnalogCodec* codec = nullptr;
    /// What vectors of such a site are expected to cost a token in this coherence block, nats, were all
    /// sites as they are; null where nobody knows.
    std::function<double(SiteKind kind)> expected_loss_nats = nullptr;

    bool shapes() const { return codec != nullptr && codec->shapes(); }
};

/// Brings `sum` vector by vector; of vectors that go through the model at once, frame.max_vectors
/// share the frames of their ways up and down. Charges the cell for the scales' exchange, where the configuration has it, and
/// for the way down. Throws as check_request() does.
void all_reduce_by(const Rounds& rounds, RadioCell& cell, WayDown& down, const SumRequest& request,
                   SumCopies sum);

}  // namespace aircomp::runtime
