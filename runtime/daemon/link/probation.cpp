// SPDX-License-Identifier: GPL-3.0-or-later
// Losses to pauses.
#include "daemon/link/probation.hpp"

#include <algorithm>

namespace aircomp::runtime::control {

void Probation::worked(double now_s) {
    if (!working_since_s_) working_since_s_ = now_s;
    if (now_s - *working_since_s_ < forgiving_s) return;
    losses_ = 0;
    next_pause_s_ = 0;
}

void Probation::lost(double now_s) {
    working_since_s_.reset();
    ++losses_;
    away_until_s_ = now_s + next_pause_s_;
    next_pause_s_ = std::min(std::max(first_pause_s, 2 * next_pause_s_), longest_pause_s_);
}

double Probation::pause_s(double now_s) const {
    return losses_ == 0 ? 0 : std::max(0.0, away_until_s_ - now_s);
}

}  // namespace aircomp::runtime::control
