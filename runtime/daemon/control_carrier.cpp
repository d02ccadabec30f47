// SPDX-License-Identifier: GPL-3.0-or-later
// Partials to frames on a device; frames to the medium on the coordinator.
#include "daemon/control_carrier.hpp"

namespace aircomp::runtime::testbed {

void ControlPartialCarrier::carry(const Round& round, gsl::span<const float> partial,
                                  double compute_s) {
    send_(control::encode(
              control::Partial{round.epoch, round.number, compute_s, partial, {}, round.foretold}),
          round, compute_s);
}

void ControlSumCarrier::begin_epoch(std::uint32_t, const std::vector<std::size_t>& devices) {
    answers_.begin_epoch(devices);
}

void ControlSumCarrier::report(std::size_t device, const control::Message& message) {
    answers_.take(device, message);
}

std::optional<RoundFailure> ControlSumCarrier::collect(const Round& round,
                                                       const RoundStream& stream,
                                                       gsl::span<float> sum) {
    if (auto failure = answers_.wait(round)) return failure;
    SumRequest request{round.site,   round.position,      round.vectors,
                       round.length, answers_.partials(), stream.residual};
    request.features = stream.features;
    medium_.all_reduce(request, sum);
    answers_.clear();
    return std::nullopt;
}

}  // namespace aircomp::runtime::testbed
