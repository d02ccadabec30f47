// SPDX-License-Identifier: GPL-3.0-or-later
// Who has answered a round, and with what.
#include "daemon/coordinator/round_answers.hpp"

#include <algorithm>
#include <cmath>

namespace aircomp::runtime::testbed {

void RoundAnswers::begin_epoch(const std::vector<std::size_t>& devices) {
    devices_ = devices;
    clear();
}

void RoundAnswers::clear() {
    partials_.resize(devices_.size());
    powers_.resize(devices_.size());
    foretold_.assign(devices_.size(), 0);
    has_come_.assign(devices_.size(), false);
    missing_ = devices_.size();
}

void RoundAnswers::take(std::size_t device, const control::Message& message) {
    const auto* partial = std::get_if<control::Partial>(&message);
    const auto* computed = std::get_if<control::Computed>(&message);
    if (partial == nullptr && computed == nullptr) return;
    const auto found = std::find(devices_.begin(), devices_.end(), device);
    if (found == devices_.end()) return;
    const auto n = static_cast<std::size_t>(found - devices_.begin());
    if (has_come_[n]) return;
    partials_[n].clear();
    powers_[n].clear();
    if (partial != nullptr) partials_[n].assign(partial->values.begin(), partial->values.end());
    const auto powers = partial != nullptr ? partial->powers : computed->powers;
    powers_[n].assign(powers.begin(), powers.end());
    foretold_[n] = partial != nullptr ? partial->foretold : computed->foretold;
    has_come_[n] = true;
    --missing_;
}

std::optional<RoundFailure> RoundAnswers::wait(const Round& round) {
    const auto complete = [this] { return missing_ == 0; };
    if (!links_.wait(complete, timeout_s_) && !links_.lost()) {
        const auto again = control::encode(control::Repeat{round.epoch, round.number});
        ++repeated_rounds_;
        for (std::size_t n = 0; n < devices_.size(); ++n) {
            if (!has_come_[n]) links_.send(devices_[n], again);
        }
        links_.wait(complete, timeout_s_);
    }
    if (auto lost = links_.lost()) return lost;
    if (complete()) return disagreement(round);
    const auto late = std::find(has_come_.begin(), has_come_.end(), false) - has_come_.begin();
    return RoundFailure{
        devices_[static_cast<std::size_t>(late)],
        "it did not answer round " + std::to_string(round.number) + ", asked twice"};
}

std::optional<RoundFailure> RoundAnswers::disagreement(const Round& round) const {
    // Kernels for other processors add up in another order: some 1e-6 of the vectors' size.
    constexpr double rounding = 1e-4;
    for (std::size_t n = 0; n < devices_.size(); ++n) {
        const double difference = std::abs(foretold_[n] - round.foretold);
        if (difference == 0) continue;
        const std::string place = " foretells of the sum of site " +
                                  std::to_string(round.site.index) + " at position " +
                                  std::to_string(round.position);
        if (difference > rounding * round.foretold_size)
            return RoundFailure{devices_[n],
                                "what it" + place + " is not what the coordinator does"};
        links_.note(devices_[n],
                    "what it" + place +
                        " is not bit for bit what the coordinator does, but as close as "
                        "another processor rounds");
    }
    return std::nullopt;
}

std::vector<std::vector<double>> RoundAnswers::powers() const {
    std::vector<std::vector<double>> powers;
    for (const auto& own : powers_)
        powers.emplace_back(own.begin(), own.end());
    return powers;
}

}  // namespace aircomp::runtime::testbed
