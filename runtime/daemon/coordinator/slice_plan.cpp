// SPDX-License-Identifier: GPL-3.0-or-later
// Shares to slices within memory.
#include "daemon/coordinator/slice_plan.hpp"

#include <algorithm>
#include <numeric>

#include "aircomp/inference/slice_cost.hpp"
#include "aircomp/optimizer/apportion.hpp"
#include "aircomp/optimizer/assignment.hpp"
#include "engine/assignment.hpp"

namespace aircomp::runtime::testbed {
namespace {

std::string count(double bytes) {
    return std::to_string(static_cast<std::int64_t>(bytes));
}

double whole_bytes(const inference::ModelConfig& model, const UnitBytes& bytes) {
    const auto units = inference::units_of(model);
    double whole = 0;
    for (std::size_t k = 0; k < units.size(); ++k)
        whole += bytes[k] * static_cast<double>(units[k].count);
    return whole;
}

[[noreturn]] void does_not_fit(double needed, const std::vector<Candidate>& candidates) {
    double offered = 0;
    std::string list;
    for (const Candidate& candidate : candidates) {
        offered += candidate.memory_bytes;
        list += (list.empty() ? "" : ", ") + candidate.name + " " + count(candidate.memory_bytes);
    }
    throw ModelDoesNotFit("the model's slices and KV caches need " + count(needed) +
                          " bytes, the devices that are " + "there offer " + count(offered) + " (" +
                          (list.empty() ? "none" : list) + ")" +
                          (offered < needed ? ": short by " + count(needed - offered)
                                            : ": no division into whole units fits them"));
}

/// Shares of sum 1 nearest to the weights' that memory allows.
std::vector<double> shares_within(double model_bytes, const std::vector<Candidate>& candidates) {
    double sum = 0;
    for (const Candidate& candidate : candidates)
        sum += candidate.weight;
    std::vector<double> linear, limits;
    for (const Candidate& candidate : candidates) {
        const double share =
            sum > 0 ? candidate.weight / sum : 1 / static_cast<double>(candidates.size());
        linear.push_back(-2 * share);  // ||m - share||^2 but for a constant.
        limits.push_back(std::min(1.0, candidate.memory_bytes / model_bytes));
    }
    if (std::accumulate(limits.begin(), limits.end(), 0.0) < 1) {
        does_not_fit(model_bytes, candidates);
    }
    auto shares = optimizer::minimize_over_shares(linear, 1, limits);
    const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
    for (double& share : shares)
        share /= total;
    return shares;
}

/// Whole units on their way from who has too many to who has room.
class Units {
public:
    Units(const UnitBytes& bytes, const std::vector<Candidate>& candidates,
          inference::UnitCounts counts)
        : bytes_(bytes), candidates_(candidates), counts_(std::move(counts)) {}

    double room(std::size_t n) const {
        double room = candidates_[n].memory_bytes;
        for (std::size_t k = 0; k < counts_.size(); ++k)
            room -= bytes_[k] * static_cast<double>(counts_[k][n]);
        return room;
    }

    /// Moves units away from whoever has too many; false where nobody can take them.
    bool settle() {
        for (std::size_t n = 0; n < candidates_.size(); ++n) {
            // Small units settle what is little, large ones the rest.
            for (const std::size_t k : smallest_first()) {
                while (room(n) < 0 && counts_[k][n] > 0 && move(n, k)) {
                }
            }
            if (room(n) < 0) return false;
        }
        return true;
    }

    const inference::UnitCounts& counts() const { return counts_; }

private:
    std::vector<std::size_t> smallest_first() const {
        std::vector<std::size_t> kinds(counts_.size());
        std::iota(kinds.begin(), kinds.end(), std::size_t{0});
        std::sort(kinds.begin(), kinds.end(),
                  [this](std::size_t a, std::size_t b) { return bytes_[a] < bytes_[b]; });
        return kinds;
    }

    /// One unit of kind `k` to whoever has most room for it.
    bool move(std::size_t from, std::size_t k) {
        std::size_t best = from;
        for (std::size_t n = 0; n < candidates_.size(); ++n) {
            if (n != from && room(n) >= bytes_[k] && (best == from || room(n) > room(best))) {
                best = n;
            }
        }
        if (best == from) return false;
        --counts_[k][from];
        ++counts_[k][best];
        return true;
    }

    const UnitBytes& bytes_;
    const std::vector<Candidate>& candidates_;
    inference::UnitCounts counts_;
};

/// Those units as slices, but for what has to move for memory's sake.
std::vector<inference::Slice> settled(const inference::ModelConfig& model, const UnitBytes& bytes,
                                      const std::vector<Candidate>& candidates,
                                      inference::UnitCounts counts) {
    Units units(bytes, candidates, std::move(counts));
    if (!units.settle()) does_not_fit(whole_bytes(model, bytes), candidates);
    return inference::make_slices(model, units.counts());
}

}  // namespace

UnitBytes unit_bytes(const inference::Checkpoint& checkpoint, std::int64_t context) {
    const inference::ModelConfig& model = checkpoint.config();
    const double bytes_per_weight = inference::bytes_per_weight(checkpoint);
    UnitBytes bytes;
    for (const inference::Unit& unit : inference::units_of(model)) {
        const inference::Slice one = unit.first(1);
        bytes.push_back(inference::weight_bytes(model, one, bytes_per_weight) +
                        inference::cache_bytes(model, one, context));
    }
    return bytes;
}

std::vector<inference::Slice> plan_slices(const inference::ModelConfig& model,
                                          const UnitBytes& bytes,
                                          const std::vector<Candidate>& candidates) {
    const double needed = whole_bytes(model, bytes);
    if (candidates.empty()) does_not_fit(needed, candidates);
    const auto shares = shares_within(needed, candidates);
    inference::UnitCounts counts;
    for (const inference::Unit& unit : inference::units_of(model))
        counts.push_back(optimizer::apportion(shares, unit.count));
    return settled(model, bytes, candidates, std::move(counts));
}

std::vector<inference::Slice> choose_slices(const Config& config,
                                            const inference::ModelConfig& model,
                                            double bytes_per_weight, const UnitBytes& bytes,
                                            const std::vector<std::size_t>& devices,
                                            const std::vector<Candidate>& candidates) {
    if (candidates.empty()) does_not_fit(whole_bytes(model, bytes), candidates);
    auto problem = assignment_problem(config, model, bytes_per_weight);
    std::vector<optimizer::AssignmentDevice> there;
    for (std::size_t i = 0; i < devices.size(); ++i) {
        auto device = problem.devices.at(devices[i]);
        device.memory_bytes = candidates[i].memory_bytes;
        if (config.testbed.shares == ShareSource::measured) {
            device.flops_per_s = candidates[i].weight;
        }
        there.push_back(device);
    }
    problem.devices = std::move(there);
    try {
        const auto chosen = assign(config, model, bytes_per_weight, problem);
        return settled(model, bytes, candidates, {chosen.kv_groups, chosen.ffn_columns});
    } catch (const std::runtime_error& error) {
        throw ModelDoesNotFit(error.what());  // Memory, energy or time: others may have it.
    }
}

}  // namespace aircomp::runtime::testbed
