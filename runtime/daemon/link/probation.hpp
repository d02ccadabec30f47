// SPDX-License-Identifier: GPL-3.0-or-later
// How long a device that was lost has to stay away, over all of its links: every loss costs all
// others new slices and new caches. A pure value; times are seconds on its owner's clock.
#pragma once

#include <optional>

namespace aircomp::runtime::control {

class Probation {
public:
    static constexpr double first_pause_s = 1;  ///< After the second loss; the first is free.
    static constexpr double forgiving_s = 60;   ///< Work after which all losses are forgotten.

    /// Pauses double up to `longest_pause_s`.
    explicit Probation(double longest_pause_s) : longest_pause_s_(longest_pause_s) {}

    /// It has answered a round.
    void worked(double now_s);

    /// The coordinator gave it up, or it left.
    void lost(double now_s);

    /// Until it may come back, s; 0: now.
    double pause_s(double now_s) const;

    /// Losses that are not forgotten.
    int losses() const { return losses_; }

private:
    double longest_pause_s_;
    int losses_ = 0;
    double next_pause_s_ = 0;
    double away_until_s_ = 0;
    std::optional<double> working_since_s_;  ///< Its first round since it was last lost.
};

}  // namespace aircomp::runtime::control
