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
    return bytes_of(model, bytes, inference::whole_model(model));
}

const UnitBytes& needs_of(const Candidate& candidate, const UnitBytes& bytes) {
    return candidate.bytes ? *candidate.bytes : bytes;
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
std::vector<double> shares_within(const inference::ModelConfig& model, const UnitBytes& bytes,
                                  const std::vector<Candidate>& candidates) {
    double sum = 0;
    for (const Candidate& candidate : candidates)
        sum += candidate.weight;
    std::vector<double> linear, limits;
    for (const Candidate& candidate : candidates) {
        const double share =
            sum > 0 ? candidate.weight / sum : 1 / static_cast<double>(candidates.size());
        linear.push_back(-2 * share);  // ||m - share||^2 but for a constant.
        limits.push_back(
            std::min(1.0, candidate.memory_bytes / whole_bytes(model, needs_of(candidate, bytes))));
    }
    if (std::accumulate(limits.begin(), limits.end(), 0.0) < 1) {
        does_not_fit(whole_bytes(model, bytes), candidates);
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
    Units(const inference::ModelConfig& model, const UnitBytes& bytes,
          const std::vector<Candidate>& candidates, inference::UnitCounts counts)
        : model_(model), bytes_(bytes), candidates_(candidates), counts_(std::move(counts)) {}

    double room(std::size_t n) const {
        const auto slice = inference::make_slices(model_, counts_)[n];
        return candidates_[n].memory_bytes -
               bytes_of(model_, needs_of(candidates_[n], bytes_), slice);
    }

    /// Moves units away from whoever has too many; false where nobody can take them. What moves
    /// shifts the slices between, which may come to need another KV group: hence several passes.
    bool settle() {
        for (std::size_t pass = 0; pass < candidates_.size(); ++pass) {
            for (std::size_t n = 0; n < candidates_.size(); ++n) {
                // Small units settle what is little, large ones the rest.
                for (const std::size_t k : smallest_first()) {
                    while (room(n) < 0 && counts_[k][n] > 0 && move(n, k)) {
                    }
                }
                if (room(n) < 0) return false;
            }
            if (all_have_room()) return true;
        }
        return false;
    }

    const inference::UnitCounts& counts() const { return counts_; }

private:
    bool all_have_room() const {
        for (std::size_t n = 0; n < candidates_.size(); ++n)
            if (room(n) < 0) return false;
        return true;
    }

    /// What a unit of the kind takes where it lands, at most.
    double unit(std::size_t kind, std::size_t n) const {
        const UnitBytes& bytes = needs_of(candidates_[n], bytes_);
        return kind == 0 ? bytes.head + bytes.group : bytes.column;
    }

    std::vector<std::size_t> smallest_first() const {
        if (bytes_.column < bytes_.head + bytes_.group) return {1, 0};
        return {0, 1};
    }

    /// One unit of kind `k` to whoever has most room for it.
    bool move(std::size_t from, std::size_t k) {
        std::size_t best = from;
        for (std::size_t n = 0; n < candidates_.size(); ++n) {
            if (n != from && room(n) >= unit(k, n) && (best == from || room(n) > room(best))) {
                best = n;
            }
        }
        if (best == from) return false;
        --counts_[k][from];
        ++counts_[k][best];
        return true;
    }

    const inference::ModelConfig& model_;
    const UnitBytes& bytes_;
    const std::vector<Candidate>& candidates_;
    inference::UnitCounts counts_;
};

/// What takes least memory, whatever the shares: whole KV groups, which nobody shares, each to who
/// has most room left, and the columns in proportion to the room behind them.
inference::UnitCounts packed(const inference::ModelConfig& model, const UnitBytes& bytes,
                             const std::vector<Candidate>& candidates) {
    const std::int64_t heads = model.heads_per_group();
    std::vector<double> room(candidates.size());
    std::transform(candidates.begin(), candidates.end(), room.begin(),
                   [](const Candidate& candidate) { return candidate.memory_bytes; });
    inference::UnitCounts counts(2, std::vector<std::int64_t>(candidates.size(), 0));
    for (std::int64_t i = 0; i < model.kv_heads; ++i) {
        const auto most = std::max_element(room.begin(), room.end());
        const auto n = static_cast<std::size_t>(most - room.begin());
        const UnitBytes& own = needs_of(candidates[n], bytes);
        *most -= own.head * static_cast<double>(heads) + own.group;
        counts[0][n] += heads;
    }
    double sum = 0;
    for (std::size_t n = 0; n < room.size(); ++n)  // from bytes to columns
        sum += room[n] = std::max(0.0, room[n]) / needs_of(candidates[n], bytes).column;
    for (double& share : room)
        share = sum > 0 ? share / sum : 1 / static_cast<double>(room.size());
    counts[1] = optimizer::apportion(room, model.ffn_size);
    return counts;
}

/// Those units as slices, but for what has to move for memory's sake.
std::vector<inference::Slice> settled(const inference::ModelConfig& model, const UnitBytes& bytes,
                                      const std::vector<Candidate>& candidates,
                                      inference::UnitCounts counts) {
    Units units(model, bytes, candidates, std::move(counts));
    if (units.settle()) return inference::make_slices(model, units.counts());
    Units tight(model, bytes, candidates, packed(model, bytes, candidates));
    if (!tight.settle()) does_not_fit(whole_bytes(model, bytes), candidates);
    return inference::make_slices(model, tight.counts());
}

}  // namespace

UnitBytes unit_bytes(const inference::ModelConfig& model, double bytes_per_weight,
                     std::int64_t positions) {
    const auto cost = [&](const inference::Slice& slice) {
        return inference::weight_bytes(model, slice, bytes_per_weight) +
               inference::cache_bytes(model, slice, positions);
    };
    // One head needs its group, the others of the group nothing more.
    const double one = cost({{0, 1}, {0, 0}});
    const auto heads = static_cast<double>(model.heads_per_group());
    UnitBytes bytes;
    bytes.head = heads > 1 ? (cost({{0, model.heads_per_group()}, {0, 0}}) - one) / (heads - 1) : 0;
    bytes.group = one - bytes.head;
    bytes.column = cost({{0, 0}, {0, 1}});
    return bytes;
}

double bytes_of(const inference::ModelConfig& model, const UnitBytes& bytes,
                const inference::Slice& slice) {
    return bytes.head * static_cast<double>(slice.heads.size()) +
           bytes.group * static_cast<double>(inference::kv_groups_of(model, slice).size()) +
           bytes.column * static_cast<double>(slice.ffn_columns.size());
}

std::vector<inference::Slice> plan_slices(const inference::ModelConfig& model,
                                          const UnitBytes& bytes,
                                          const std::vector<Candidate>& candidates) {
    const double needed = whole_bytes(model, bytes);
    if (candidates.empty()) does_not_fit(needed, candidates);
    const auto shares = shares_within(model, bytes, candidates);
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
        // The problem has one size of the model: where a device needs more for it, it has less room.
        device.memory_bytes = candidates[i].memory_bytes * whole_bytes(model, bytes) /
                              whole_bytes(model, needs_of(candidates[i], bytes));
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
