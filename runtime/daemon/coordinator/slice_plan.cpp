// SPDX-License-Identifier: GPL-3.0-or-later
// Shares to slices within memory.
#include "daemon/coordinator/slice_plan.hpp"

#include <algorithm>
#include <numeric>

#include "aircomp/optimizer/apportion.hpp"
#include "aircomp/optimizer/assignment.hpp"
#include "engine/assignment.hpp"

namespace aircomp::runtime::testbed {
namespace {

std::string count(double bytes) {
    return std::to_string(static_cast<std::int64_t>(bytes));
}

double whole_bytes(const inference::ModelConfig& model, const UnitBytes& bytes) {
    return bytes.kv_group * static_cast<double>(model.kv_heads) +
           bytes.ffn_column * static_cast<double>(model.ffn_size);
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
                                            : ": no division into whole KV groups fits them"));
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

/// Whole units of one kind on their way from who has too many to who has room.
class Units {
public:
    Units(const UnitBytes& bytes, const std::vector<Candidate>& candidates,
          std::vector<std::int64_t> kv_groups, std::vector<std::int64_t> ffn_columns)
        : bytes_(bytes),
          candidates_(candidates),
          kv_groups_(std::move(kv_groups)),
          ffn_columns_(std::move(ffn_columns)) {}

    double room(std::size_t n) const {
        return candidates_[n].memory_bytes - bytes_.kv_group * static_cast<double>(kv_groups_[n]) -
               bytes_.ffn_column * static_cast<double>(ffn_columns_[n]);
    }

    /// Moves units away from whoever has too many; false where nobody can take them.
    bool settle() {
        for (std::size_t n = 0; n < candidates_.size(); ++n) {
            // Columns are small and settle what is little; groups settle the rest.
            while (room(n) < 0 && ffn_columns_[n] > 0 && move(n, ffn_columns_, bytes_.ffn_column)) {
            }
            while (room(n) < 0 && kv_groups_[n] > 0 && move(n, kv_groups_, bytes_.kv_group)) {
            }
            if (room(n) < 0) return false;
        }
        return true;
    }

    const std::vector<std::int64_t>& kv_groups() const { return kv_groups_; }
    const std::vector<std::int64_t>& ffn_columns() const { return ffn_columns_; }

private:
    /// One unit to whoever has most room for it.
    bool move(std::size_t from, std::vector<std::int64_t>& units, double unit_bytes) {
        std::size_t best = from;
        for (std::size_t n = 0; n < candidates_.size(); ++n) {
            if (n != from && room(n) >= unit_bytes && (best == from || room(n) > room(best))) {
                best = n;
            }
        }
        if (best == from) return false;
        --units[from];
        ++units[best];
        return true;
    }

    const UnitBytes& bytes_;
    const std::vector<Candidate>& candidates_;
    std::vector<std::int64_t> kv_groups_;
    std::vector<std::int64_t> ffn_columns_;
};

/// Those units as slices, but for what has to move for memory's sake.
std::vector<inference::Slice> settled(const inference::ModelConfig& model, const UnitBytes& bytes,
                                      const std::vector<Candidate>& candidates,
                                      std::vector<std::int64_t> kv_groups,
                                      std::vector<std::int64_t> ffn_columns) {
    Units units(bytes, candidates, std::move(kv_groups), std::move(ffn_columns));
    if (!units.settle()) does_not_fit(whole_bytes(model, bytes), candidates);
    return inference::make_slices(model, units.kv_groups(), units.ffn_columns());
}

}  // namespace

UnitBytes unit_bytes(const inference::Checkpoint& checkpoint, std::int64_t context) {
    const inference::ModelConfig& model = checkpoint.config();
    const auto element = static_cast<double>(
        inference::element_bytes(checkpoint.tensor("model.layers.0.self_attn.q_proj.weight").type));
    const auto layers = static_cast<double>(model.layers);
    const auto hidden = static_cast<double>(model.hidden_size);
    const auto head = static_cast<double>(model.head_dim);
    const auto queries = static_cast<double>(model.heads_per_group());
    const double cache = 2 * sizeof(float) * static_cast<double>(context) * head;
    return {layers * (2 * element * hidden * head * (queries + 1) + cache),
            layers * 3 * element * hidden};
}

std::vector<inference::Slice> plan_slices(const inference::ModelConfig& model,
                                          const UnitBytes& bytes,
                                          const std::vector<Candidate>& candidates) {
    const double needed = whole_bytes(model, bytes);
    if (candidates.empty()) does_not_fit(needed, candidates);
    const auto shares = shares_within(needed, candidates);
    return settled(model, bytes, candidates, optimizer::apportion(shares, model.kv_heads),
                   optimizer::apportion(shares, model.ffn_size));
}

std::vector<inference::Slice> choose_slices(const Config& config,
                                            const inference::ModelConfig& model,
                                            double weight_bytes, const UnitBytes& bytes,
                                            const std::vector<std::size_t>& devices,
                                            const std::vector<Candidate>& candidates) {
    if (candidates.empty()) does_not_fit(whole_bytes(model, bytes), candidates);
    auto problem = assignment_problem(config, model, weight_bytes);
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
        const auto chosen = assign(config, model, weight_bytes, problem);
        return settled(model, bytes, candidates, chosen.kv_groups, chosen.ffn_columns);
    } catch (const std::runtime_error& error) {
        throw ModelDoesNotFit(error.what());  // Memory, energy or time: others may have it.
    }
}

}  // namespace aircomp::runtime::testbed
