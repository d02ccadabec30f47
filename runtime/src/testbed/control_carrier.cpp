// SPDX-License-Identifier: GPL-3.0-or-later
// Partials to frames on a device; frames to the exact sum on the coordinator.
#include "testbed/control_carrier.hpp"

#include <algorithm>

#include "exact_sum.hpp"

namespace aircomp::runtime::testbed {

void ControlPartialCarrier::carry(const Round& round, gsl::span<const float> partial,
                                  double compute_s) {
    compute_s_ = compute_s_ + compute_s;
    send_(control::encode(control::Partial{round.epoch, round.number, compute_s, partial}), round);
}

void ControlSumCarrier::begin_epoch(std::uint32_t, const std::vector<std::size_t>& devices) {
    devices_ = devices;
    partials_.assign(devices.size(), {});
    has_come_.assign(devices.size(), false);
    missing_ = devices.size();
}

void ControlSumCarrier::report(std::size_t device, const control::Message& message) {
    const auto* partial = std::get_if<control::Partial>(&message);
    if (partial == nullptr) return;  // There are no radios.
    const auto found = std::find(devices_.begin(), devices_.end(), device);
    if (found == devices_.end()) return;
    const auto n = static_cast<std::size_t>(found - devices_.begin());
    if (has_come_[n]) return;
    partials_[n].assign(partial->values.begin(), partial->values.end());
    has_come_[n] = true;
    --missing_;
}

std::optional<RoundFailure> ControlSumCarrier::collect(const Round& round,
                                                       gsl::span<const float> residual,
                                                       gsl::span<float> sum) {
    const auto complete = [this] { return is_complete(); };
    if (!links_.wait(complete, round_timeout_s_) && !links_.lost()) {
        const auto again = control::encode(control::Repeat{round.epoch, round.number});
        ++repeated_rounds_;
        for (std::size_t n = 0; n < devices_.size(); ++n) {
            if (!has_come_[n]) links_.send(devices_[n], again);
        }
        links_.wait(complete, round_timeout_s_);
    }
    if (auto lost = links_.lost()) return lost;
    if (!is_complete()) {
        const auto late = std::find(has_come_.begin(), has_come_.end(), false) - has_come_.begin();
        return RoundFailure{
            devices_[static_cast<std::size_t>(late)],
            "it did not answer round " + std::to_string(round.number) + ", asked twice"};
    }
    SumRequest request{round.site,   round.position, round.vectors,
                       round.length, partials_,      residual};
    check_request(request, sum);
    exact_sum(request, sum);
    has_come_.assign(devices_.size(), false);
    missing_ = devices_.size();
    return std::nullopt;
}

}  // namespace aircomp::runtime::testbed
