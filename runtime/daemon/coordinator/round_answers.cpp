// SPDX-License-Identifier: GPL-3.0-or-later
// Who has answered a round, and with what.
#include "daemon/coordinator/round_answers.hpp"

#include <algorithm>

#include "coding/exact_sum.hpp"

namespace aircomp::runtime::testbed {

void RoundAnswers::begin_epoch(const std::vector<std::size_t>& devices) {
    devices_ = devices;
    clear();
}

void RoundAnswers::clear() {
    partials_.resize(devices_.size());
    powers_.resize(devices_.size());
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
    if (computed != nullptr) powers_[n].assign(computed->powers.begin(), computed->powers.end());
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
    if (complete()) return std::nullopt;
    const auto late = std::find(has_come_.begin(), has_come_.end(), false) - has_come_.begin();
    return RoundFailure{
        devices_[static_cast<std::size_t>(late)],
        "it did not answer round " + std::to_string(round.number) + ", asked twice"};
}

std::vector<std::vector<double>> RoundAnswers::powers(std::size_t vectors) const {
    std::vector<std::vector<double>> powers(devices_.size());
    for (std::size_t n = 0; n < devices_.size(); ++n) {
        powers[n].assign(powers_[n].begin(), powers_[n].end());
        if (partials_[n].empty()) continue;
        const std::size_t length = partials_[n].size() / vectors;
        for (std::size_t v = 0; v < vectors; ++v) {
            powers[n].push_back(
                mean_square(gsl::span<const float>(partials_[n]).subspan(v * length, length)));
        }
    }
    return powers;
}

}  // namespace aircomp::runtime::testbed
