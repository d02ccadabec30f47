// SPDX-License-Identifier: GPL-3.0-or-later
// The devices' answers to a round that they have been told of: partials, or word that these wait
// for orders.
#pragma once

#include <vector>

#include "daemon/carrier.hpp"

namespace aircomp::runtime::testbed {

class RoundAnswers {
public:
    /// What has not come after `timeout_s` is asked for once more.
    RoundAnswers(RoundLinks& links, double timeout_s) : links_(links), timeout_s_(timeout_s) {}

    void begin_epoch(const std::vector<std::size_t>& devices);

    /// Notes a Partial or a Computed of a device; anything else is not its business.
    void take(std::size_t device, const control::Message& message);

    /// Lets the loop run until every device has answered; says who has not, asked twice, or who
    /// foretells another sum than the coordinator by more than processors round. Notes who does by less.
    std::optional<RoundFailure> wait(const Round& round);

    /// In the order of the epoch's devices; empty where a device has said Computed.
    const std::vector<std::vector<float>>& partials() const { return partials_; }
    /// In the same order, the mean square of each vector as it goes over the air.
    std::vector<std::vector<double>> powers() const;

    /// The round is over: answers to the next one may come.
    void clear();

    std::uint64_t repeated_rounds() const { return repeated_rounds_; }

private:
    /// Who foretells another sum by more than processors round.
    std::optional<RoundFailure> disagreement(const Round& round) const;

    RoundLinks& links_;
    double timeout_s_;
    std::uint64_t repeated_rounds_ = 0;
    std::vector<std::size_t> devices_;          ///< Of the epoch.
    std::vector<std::vector<float>> partials_;  ///< In the order of devices_, as all below.
    std::vector<std::vector<float>> powers_;    ///< As Computed has them.
    std::vector<double> foretold_;
    std::vector<bool> has_come_;
    std::size_t missing_ = 0;
};

}  // namespace aircomp::runtime::testbed
