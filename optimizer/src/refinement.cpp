// SPDX-License-Identifier: GPL-3.0-or-later
// From real shares to whole KV groups and FFN columns, by local search on the objective.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "aircomp/optimizer/apportion.hpp"
#include "aircomp/optimizer/assignment.hpp"
#include "aircomp/optimizer/design.hpp"

namespace aircomp::optimizer {
namespace {

using Units = std::vector<std::int64_t>;

class Refinement {
public:
    Refinement(const AssignmentProblem& problem, const std::vector<double>& shares,
               const LayerUnits& units, int channels, std::uint64_t seed)
        : problem_(problem),
          shares_(shares),
          units_(units),
          designer_(make_designer(problem.scheme)) {
        Random random(seed);
        for (int i = 0; i < channels; ++i)
            channels_.push_back(problem.draw_channels(random));
    }

    // The columns that bring every device as near to its real share as whole groups leave it.
    Units columns_for(const Units& groups) const {
        std::vector<double> wanted;
        for (std::size_t n = 0; n < groups.size(); ++n) {
            const double held = units_.attention_fraction * static_cast<double>(groups[n]) /
                                static_cast<double>(units_.kv_groups);
            wanted.push_back(std::max(0.0, shares_[n] - held));
        }
        const double sum = std::accumulate(wanted.begin(), wanted.end(), 0.0);
        if (!(sum > 0.0)) return apportion(shares_, units_.ffn_columns);
        for (double& share : wanted)
            share /= sum;
        return apportion(wanted, units_.ffn_columns);
    }

    std::vector<double> total(const Units& groups, const Units& columns) const {
        std::vector<double> shares;
        for (std::size_t n = 0; n < groups.size(); ++n) {
            shares.push_back(units_.attention_fraction * fraction(groups[n], units_.kv_groups) +
                             (1.0 - units_.attention_fraction) *
                                 fraction(columns[n], units_.ffn_columns));
        }
        return shares;
    }

    bool within_limits(const std::vector<double>& shares) const {
        const double column =
            (1.0 - units_.attention_fraction) / static_cast<double>(units_.ffn_columns);
        for (std::size_t n = 0; n < shares.size(); ++n) {
            if (shares[n] > problem_.share_limit(n).least() + column) return false;
        }
        return true;
    }

    // Mean NMSE of the attention and the MLP site: the moments follow what a device holds of the
    // site, its power what it holds of the layer.
    double nmse(const Units& groups, const Units& columns) const {
        const std::vector<double> shares = total(groups, columns);
        const double N = static_cast<double>(groups.size());
        double sum = 0.0;
        for (const auto& channels : channels_) {
            TransceiverProblem block = problem_.transceiver_problem(channels, shares);
            for (std::size_t n = 0; n < groups.size(); ++n) {
                block.second_moments[n] = N * fraction(groups[n], units_.kv_groups);
            }
            sum += designer_(block, {}).nmse;
            for (std::size_t n = 0; n < groups.size(); ++n) {
                block.second_moments[n] = N * fraction(columns[n], units_.ffn_columns);
            }
            sum += designer_(block, {}).nmse;
        }
        return sum / static_cast<double>(2 * channels_.size());
    }

private:
    static double fraction(std::int64_t part, std::int64_t whole) {
        return static_cast<double>(part) / static_cast<double>(whole);
    }

    const AssignmentProblem& problem_;
    const std::vector<double>& shares_;
    const LayerUnits& units_;
    Designer designer_;
    std::vector<std::vector<Eigen::MatrixXcd>> channels_;
};

void validate(const AssignmentProblem& problem, const std::vector<double>& shares,
              const LayerUnits& units, int channels) {
    problem.validate();
    validate_shares(shares);
    const auto require = [](bool holds, const std::string& what) {
        if (!holds) throw std::invalid_argument("refine_to_units: " + what);
    };
    require(shares.size() == problem.devices.size(),
            "expected " + std::to_string(problem.devices.size()) + " shares, found " +
                std::to_string(shares.size()));
    require(units.kv_groups >= 1 && units.ffn_columns >= 1, "expected at least 1 unit of each");
    require(units.attention_fraction > 0.0 && units.attention_fraction < 1.0,
            "attention_fraction: expected between 0 and 1, found " +
                std::to_string(units.attention_fraction));
    require(channels >= 1, "channels: expected at least 1, found " + std::to_string(channels));
}

}  // namespace

IntegralAssignment refine_to_units(const AssignmentProblem& problem,
                                   const std::vector<double>& shares, const LayerUnits& units,
                                   int channels, std::uint64_t seed) {
    validate(problem, shares, units, channels);
    const Refinement refinement(problem, shares, units, channels, seed);
    IntegralAssignment best;
    best.kv_groups = apportion(shares, units.kv_groups);
    best.ffn_columns = apportion(shares, units.ffn_columns);
    best.nmse = best.rounded_nmse = refinement.nmse(best.kv_groups, best.ffn_columns);
    bool allowed = refinement.within_limits(refinement.total(best.kv_groups, best.ffn_columns));
    const Units rounded_columns = best.ffn_columns;
    const auto consider_both = [&](const Units& groups, const Units& columns) {
        if (!refinement.within_limits(refinement.total(groups, columns))) return false;
        const double nmse = refinement.nmse(groups, columns);
        if (allowed && !(nmse < best.nmse)) return false;
        best.kv_groups = groups;
        best.ffn_columns = columns;
        best.nmse = nmse;
        allowed = true;
        return true;
    };
    const auto consider = [&](const Units& groups) {
        const bool made_up = consider_both(groups, refinement.columns_for(groups));
        return consider_both(groups, rounded_columns) || made_up;
    };
    consider(best.kv_groups);
    for (bool improved = true; improved;) {
        improved = false;
        const Units from = best.kv_groups;
        for (std::size_t giver = 0; giver < from.size(); ++giver) {
            for (std::size_t taker = 0; taker < from.size(); ++taker) {
                if (giver == taker || from[giver] == 0) continue;
                Units groups = from;
                --groups[giver];
                ++groups[taker];
                improved = consider(groups) || improved;
            }
        }
    }
    best.shares = refinement.total(best.kv_groups, best.ffn_columns);
    return best;
}

}  // namespace aircomp::optimizer
