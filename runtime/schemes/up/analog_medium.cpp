// SPDX-License-Identifier: GPL-3.0-or-later
// Rounds of analog media.
#include "schemes/up/analog_medium.hpp"

#include <utility>

#include "schemes/down/registry.hpp"
#include "schemes/up/rounds.hpp"

namespace aircomp::runtime {

AnalogMedium::AnalogMedium(RadioCell cell, AnalogCodec codec)
    : cell_(std::move(cell)), down_(make_way_down(cell_.config())), codec_(std::move(codec)) {}

void AnalogMedium::all_reduce(const SumRequest& request, SumCopies sum) {
    all_reduce_by({settings_bytes(), [this] { enter_block(); },
                   [this](const SumRequest& sent, std::int64_t v, gsl::span<float> out) {
                       transmit(sent, v, out);
                   },
                   &codec_, [this](SiteKind kind) { return expected_loss_nats(kind); }},
                  cell_, *down_, request, sum);
}

}  // namespace aircomp::runtime
