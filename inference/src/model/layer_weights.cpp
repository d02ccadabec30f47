// SPDX-License-Identifier: GPL-3.0-or-later
// Finds a layer's tensors by the names that its family has for them and says which rows and columns
// a slice has.
#include "model/layer_weights.hpp"

#include <algorithm>
#include <utility>

#include "model/families.hpp"
#include "weights/matrix_cut.hpp"

namespace aircomp::inference {

namespace {

Range times(Range range, std::int64_t factor) {
    return {range.begin * factor, range.end * factor};
}

Range shifted(Range range, std::int64_t by) {
    return {range.begin + by, range.end + by};
}

/// Rows of a tensor that a slice has, in order; usually one range.
using Rows = std::vector<Range>;

/// Loads the tensors of one layer.
class LayerLoader {
public:
    LayerLoader(const Checkpoint& checkpoint, const Slice& slice, std::int64_t layer,
                std::vector<HugeBuffer>& copies)
        : checkpoint_(checkpoint),
          config_(checkpoint.config()),
          names_(family_of(config_.architecture).names),
          slice_(slice),
          layer_(layer),
          prefix_(names_.layers + std::to_string(layer) + "."),
          copies_(copies) {}

    void load_attention(LayerWeights& weights) {
        const LayerDesign& design = config_.design;
        if (design.norm_before)
            weights.attention_norm = norm(attention_norm_name(), config_.hidden_size);
        if (slice_.heads.empty()) return;
        load_queries_keys_values(weights);
        const std::int64_t query_rows = config_.heads * config_.head_dim;
        if (design.qk_norm != QkNorm::none) {
            const bool whole = design.qk_norm == QkNorm::whole;
            const std::int64_t key_rows = config_.kv_heads * config_.head_dim;
            weights.query_norm = norm(names_.query_norm, whole ? query_rows : config_.head_dim);
            weights.key_norm = norm(names_.key_norm, whole ? key_rows : config_.head_dim);
        }
        weights.output = columns(names_.output, query_rows, times(slice_.heads, config_.head_dim),
                                 design.output_bias && slice_.heads.begin == 0);
    }

    void load_mlp(LayerWeights& weights) {
        const LayerDesign& design = config_.design;
        if (design.norm_before) {
            weights.mlp_norm = design.one_norm ? weights.attention_norm
                                               : norm(mlp_norm_name(), config_.hidden_size);
        }
        if (slice_.ffn_columns.empty()) return;
        if (!config_.has_experts(layer_)) {
            const std::int64_t dense = config_.experts.dense_size;
            weights.mlp = load_one("", dense > 0 ? dense : config_.ffn_size);
            return;
        }
        const Experts& experts = config_.experts;
        weights.router = load_matrix(checkpoint_, prefix_ + names_.router + ".weight",
                                     experts.count, config_.hidden_size, copies_);
        for (std::int64_t e = 0; e < experts.count; ++e) {
            const std::string own = names_.experts + std::to_string(e) + ".";
            weights.experts.push_back(load_one(own, config_.ffn_size));
        }
        if (experts.shared_size == 0) return;
        weights.mlp = load_one(names_.shared, experts.shared_size);
        weights.shared_gate = load_matrix(checkpoint_, prefix_ + names_.shared_gate + ".weight", 1,
                                          config_.hidden_size, copies_);
    }

private:
    const char* attention_norm_name() const {
        return has_two_parallel_norms() ? names_.parallel_attention_norm : names_.attention_norm;
    }
    const char* mlp_norm_name() const {
        return has_two_parallel_norms() ? names_.parallel_mlp_norm : names_.mlp_norm;
    }
    bool has_two_parallel_norms() const {
        return config_.design.parallel && !config_.design.one_norm &&
               names_.parallel_attention_norm != nullptr;
    }

    /// An MLP of `all` columns. `expert` is empty, or what stands before an expert's names.
    Mlp load_one(const std::string& expert, std::int64_t all) {
        const LayerDesign& design = config_.design;
        const Range ffn = columns_of_slice(config_, slice_, all);
        Mlp mlp;
        if (expert.empty() && names_.gate_and_up != nullptr) {
            mlp.gate = rows(names_.gate_and_up, 2 * all, {ffn}, design.mlp_bias);
            mlp.up = rows(names_.gate_and_up, 2 * all, {shifted(ffn, all)}, design.mlp_bias);
        } else {
            const auto name = [&](const char* own, const char* of_expert) {
                return expert.empty() ? std::string(own) : expert + of_expert;
            };
            if (design.gated) {
                mlp.gate = rows(name(names_.gate, names_.expert_gate), all, {ffn}, design.mlp_bias);
            }
            mlp.up = rows(name(names_.up, names_.expert_up), all, {ffn}, design.mlp_bias);
        }
        const std::string down = expert.empty() ? names_.down : expert + names_.expert_down;
        mlp.down = columns(down, all, ffn, design.mlp_bias && slice_.ffn_columns.begin == 0);
        return mlp;
    }

    void load_queries_keys_values(LayerWeights& weights) {
        const std::int64_t head_dim = config_.head_dim;
        const std::int64_t query_rows = config_.heads * head_dim;
        const std::int64_t key_rows = config_.kv_heads * head_dim;
        const bool whole = config_.design.qk_norm == QkNorm::whole;
        const Range groups = kv_groups_of(config_, slice_);
        const Range queries = whole ? Range{0, query_rows} : times(slice_.heads, head_dim);
        const Range keys = whole ? Range{0, key_rows} : times(groups, head_dim);
        const Range values = times(groups, head_dim);
        const bool bias = config_.qkv_bias;
        if (names_.joined_rows == JoinedRows::none) {
            weights.query = rows(names_.query, query_rows, {queries}, bias);
            weights.key = rows(names_.key, key_rows, {keys}, bias);
            weights.value = rows(names_.value, key_rows, {values}, bias);
            return;
        }
        const std::int64_t all = query_rows + 2 * key_rows;
        if (names_.joined_rows == JoinedRows::blocks) {
            weights.query = rows(names_.joined, all, {queries}, bias);
            weights.key = rows(names_.joined, all, {shifted(keys, query_rows)}, bias);
            weights.value =
                rows(names_.joined, all, {shifted(values, query_rows + key_rows)}, bias);
            return;
        }
        const std::int64_t heads_per_group = config_.heads_per_group();
        const auto head_of_group = [&](std::int64_t group, std::int64_t head) {
            const std::int64_t place = group * (heads_per_group + 2) + head;
            return times({place, place + 1}, head_dim);
        };
        Rows query_heads, key_heads, value_heads;
        for (std::int64_t head = slice_.heads.begin; head < slice_.heads.end; ++head)
            query_heads.push_back(head_of_group(head / heads_per_group, head % heads_per_group));
        for (std::int64_t group = groups.begin; group < groups.end; ++group) {
            key_heads.push_back(head_of_group(group, heads_per_group));
            value_heads.push_back(head_of_group(group, heads_per_group + 1));
        }
        weights.query = rows(names_.joined, all, query_heads, bias);
        weights.key = rows(names_.joined, all, key_heads, bias);
        weights.value = rows(names_.joined, all, value_heads, bias);
    }

    Norm norm(const char* name, std::int64_t size) const {
        return load_norm(checkpoint_, prefix_ + name, size);
    }

    Projection rows(const std::string& name, std::int64_t all, const Rows& wanted, bool has_bias) {
        Projection projection;
        projection.weight = load_rows(checkpoint_, prefix_ + name + ".weight",
                                      {all, config_.hidden_size}, wanted, copies_);
        if (!has_bias) return projection;
        const auto bias = load_vector(checkpoint_, prefix_ + name + ".bias", all);
        for (const Range& range : wanted) {
            projection.bias.insert(projection.bias.end(), bias.begin() + range.begin,
                                   bias.begin() + range.end);
        }
        return projection;
    }

    Projection columns(const std::string& name, std::int64_t all, Range wanted, bool has_bias) {
        Projection projection{load_columns(checkpoint_, prefix_ + name + ".weight",
                                           {config_.hidden_size, all}, wanted, copies_),
                              {}};
        if (has_bias) {
            projection.bias =
                load_vector(checkpoint_, prefix_ + name + ".bias", config_.hidden_size);
        }
        return projection;
    }

    const Checkpoint& checkpoint_;
    const ModelConfig& config_;
    const TensorNames& names_;
    const Slice& slice_;
    std::int64_t layer_;
    std::string prefix_;
    std::vector<HugeBuffer>& copies_;
};

}  // namespace

WeightMatrix load_matrix(const Checkpoint& checkpoint, const std::string& name, std::int64_t rows,
                         std::int64_t columns, std::vector<HugeBuffer>& copies) {
    return load_rows(checkpoint, name, {rows, columns}, {{0, rows}}, copies);
}

std::vector<float> load_vector(const Checkpoint& checkpoint, const std::string& name,
                               std::int64_t size) {
    const TensorView tensor = checkpoint.tensor(name, {size});
    std::vector<float> values(static_cast<std::size_t>(size));
    widen(tensor.type, tensor.bytes.data(), values);
    return values;
}

LayerWeights load_layer(const Checkpoint& checkpoint, const Slice& slice, std::int64_t layer,
                        std::vector<HugeBuffer>& copies) {
    LayerWeights weights;
    LayerLoader loader(checkpoint, slice, layer, copies);
    loader.load_attention(weights);
    loader.load_mlp(weights);
    return weights;
}

std::vector<WeightMatrix> matrices_of(const LayerWeights& weights) {
    std::vector<WeightMatrix> all = {weights.query.weight, weights.key.weight,
                                     weights.value.weight, weights.output.weight,
                                     weights.router,       weights.shared_gate};
    const auto add = [&all](const Mlp& mlp) {
        all.insert(all.end(), {mlp.gate.weight, mlp.up.weight, mlp.down.weight});
    };
    add(weights.mlp);
    for (const Mlp& expert : weights.experts)
        add(expert);
    return all;
}

}  // namespace aircomp::inference
