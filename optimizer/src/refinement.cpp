// SPDX-License-Identifier: GPL-3.0-or-later
// From real shares to whole KV groups and FFN columns, by local search on the objective.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
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

    // What each device holds of a layer's operations.
    std::vector<double> total(const Units& groups, const Units& columns) const {
        return weighted(groups, columns, units_.attention_fraction);
    }

    // The first device that holds more than it can by more than a column; none: their number.
    std::size_t overloaded(const Units& groups, const Units& columns) const {
        const auto operations = total(groups, columns);
        const auto bytes = weighted(groups, columns, units_.attention_memory_fraction);
        const double column = 1.0 / static_cast<double>(units_.ffn_columns);
        std::size_t n = 0;
        for (; n < groups.size(); ++n) {
            const auto limit = problem_.share_limit(n);
            const double column_operations = (1.0 - units_.attention_fraction) * column;
            const double column_bytes = (1.0 - units_.attention_memory_fraction) * column;
            if (operations[n] > std::min(limit.compute_time, limit.energy) + column_operations ||
                bytes[n] > limit.memory + column_bytes) {
                break;
            }
        }
        return n;
    }

    bool within_limits(const Units& groups, const Units& columns) const {
        return overloaded(groups, columns) == groups.size();
    }

    // NMSE on each of the common channels, mean of the attention and the MLP site: the moments
    // follow what a device holds of the site, its power what it holds of the layer.
    std::vector<double> nmse(const Units& groups, const Units& columns) const {
        std::vector<double> found;
        const std::vector<double> shares = total(groups, columns);
        for (const auto& channels : channels_)
            found.push_back(nmse(channels, shares, groups, columns));
        return found;
    }

    // The same where it is better than `best` on average; nothing as soon as it is clear that it is
    // not: channels are common, so that few of them tell two assignments apart.
    std::optional<std::vector<double>> better_nmse(const Units& groups, const Units& columns,
                                                   const std::vector<double>& best) const {
        constexpr std::size_t least = 5;
        constexpr double clear = 4.0;  // standard errors of the mean difference
        std::vector<double> found;
        const std::vector<double> shares = total(groups, columns);
        double sum = 0.0, squares = 0.0;
        for (std::size_t i = 0; i < channels_.size(); ++i) {
            found.push_back(nmse(channels_[i], shares, groups, columns));
            const double excess = found[i] - best[i];
            sum += excess;
            squares += excess * excess;
            const double count = static_cast<double>(i + 1);
            const double variance = std::max(0.0, squares - sum * sum / count) / (count - 1.0);
            if (i + 1 >= least && sum > clear * std::sqrt(count * variance)) return {};
        }
        // Less than rounding is no gain: the search could go round in it for ever.
        if (!(sum < -1e-12 * std::accumulate(best.begin(), best.end(), 0.0))) return {};
        return found;
    }

private:
    double nmse(const std::vector<Eigen::MatrixXcd>& channels, const std::vector<double>& shares,
                const Units& groups, const Units& columns) const {
        const double N = static_cast<double>(groups.size());
        TransceiverProblem block = problem_.transceiver_problem(channels, shares);
        const auto site = [&](const Units& held, std::int64_t whole) {
            for (std::size_t n = 0; n < held.size(); ++n)
                block.second_moments[n] = N * fraction(held[n], whole);
            return designer_(block, {}).nmse;
        };
        const double attention = site(groups, units_.kv_groups);
        return (attention + site(columns, units_.ffn_columns)) / 2.0;
    }

    std::vector<double> weighted(const Units& groups, const Units& columns,
                                 double attention) const {
        std::vector<double> shares;
        for (std::size_t n = 0; n < groups.size(); ++n) {
            shares.push_back(attention * fraction(groups[n], units_.kv_groups) +
                             (1.0 - attention) * fraction(columns[n], units_.ffn_columns));
        }
        return shares;
    }

    static double fraction(std::int64_t part, std::int64_t whole) {
        return static_cast<double>(part) / static_cast<double>(whole);
    }

    const AssignmentProblem& problem_;
    const std::vector<double>& shares_;
    const LayerUnits& units_;
    Designer designer_;
    std::vector<std::vector<Eigen::MatrixXcd>> channels_;
};

double mean(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

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
    for (const double fraction : {units.attention_fraction, units.attention_memory_fraction}) {
        require(fraction > 0.0 && fraction < 1.0,
                "attention fractions: expected between 0 and 1, found " + std::to_string(fraction));
    }
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
    std::vector<double> least = refinement.nmse(best.kv_groups, best.ffn_columns);
    best.rounded_nmse = mean(least);
    bool allowed = refinement.within_limits(best.kv_groups, best.ffn_columns);
    const Units rounded_columns = best.ffn_columns;
    const auto consider_both = [&](const Units& groups, const Units& columns) {
        if (!refinement.within_limits(groups, columns)) return false;
        auto found = allowed ? refinement.better_nmse(groups, columns, least)
                             : refinement.nmse(groups, columns);
        if (!found) return false;
        best.kv_groups = groups;
        best.ffn_columns = columns;
        least = std::move(*found);
        allowed = true;
        return true;
    };
    const auto consider = [&](const Units& groups) {
        const bool made_up = consider_both(groups, refinement.columns_for(groups));
        return consider_both(groups, rounded_columns) || made_up;
    };
    consider(best.kv_groups);
    // One pair of devices after the other, round and round until no pair has anything to gain.
    const std::size_t N = shares.size(), pairs = N * (N - 1);
    for (std::size_t pair = 0, unchanged = 0; unchanged < pairs; pair = (pair + 1) % pairs) {
        const std::size_t giver = pair / (N - 1);
        const std::size_t taker = (giver + 1 + pair % (N - 1)) % N;
        Units groups = best.kv_groups;
        --groups[giver];
        ++groups[taker];
        unchanged = groups[giver] >= 0 && consider(groups) ? 0 : unchanged + 1;
    }
    if (!allowed) {
        const std::size_t n = refinement.overloaded(best.kv_groups, best.ffn_columns);
        const std::string& name = problem.devices[n].name;
        throw std::runtime_error(
            "no whole KV groups near the shares keep the limits: " +
            (name.empty() ? "device " + std::to_string(n) : name) + " would hold " +
            std::to_string(refinement.total(best.kv_groups, best.ffn_columns)[n]) +
            " of the operations, at most " + std::to_string(problem.share_limit(n).least()) + " (" +
            problem.share_limit(n).name() + ")");
    }
    best.nmse = mean(least);
    best.shares = refinement.total(best.kv_groups, best.ffn_columns);
    return best;
}

}  // namespace aircomp::optimizer
