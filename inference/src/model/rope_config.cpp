// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of rope parameters: `rope_scaling` comes before `rope_parameters`, and values in the
// chosen one before those beside it.
#include "model/rope_config.hpp"

#include <cmath>
#include <cstddef>

namespace aircomp::inference {

namespace {

constexpr std::int64_t largest_context = INT32_MAX;
constexpr std::size_t most_factors = 4096;

/// What stands beside a table and counts where the table does not say.
struct Defaults {
    double theta = 10000;
    double rotated_part = 1;
    std::int64_t context = 0;           ///< The model's.
    std::int64_t original_context = 0;  ///< 0: not given.
    bool yarn_means_longrope = false;   ///< Early Phi-3 files.
};

std::vector<double> read_factors(const JsonNode& list, std::int64_t pairs) {
    if (list.array_size() > most_factors || static_cast<std::int64_t>(list.array_size()) != pairs) {
        list.fail("an array of " + std::to_string(pairs) + " numbers, one for each pair");
    }
    std::vector<double> factors;
    for (std::size_t i = 0; i < list.array_size(); ++i)
        factors.push_back(list.element(i).number_above(0));
    return factors;
}

double magnitude_scale(double factor, double magnitude) {
    return factor <= 1 ? 1 : 0.1 * magnitude * std::log(factor) + 1;
}

void read_original_context(ConfigKeys& table, const Defaults& defaults, RopeScaling& scaling) {
    scaling.original_context = defaults.original_context;
    const auto given = table.find("original_max_position_embeddings");
    if (given && scaling.original_context == 0)
        scaling.original_context = given->integer(1, largest_context);
    if (scaling.original_context == 0) scaling.original_context = defaults.context;
}

/// The factor, or the ratio of the contexts where it is not given.
void read_factor_or_ratio(ConfigKeys& table, const Defaults& defaults, RopeScaling& scaling) {
    const double ratio =
        static_cast<double>(defaults.context) / static_cast<double>(scaling.original_context);
    scaling.factor = table.positive("factor", ratio);
}

RopeScaling read_llama3(ConfigKeys& table, const Defaults& defaults) {
    RopeScaling scaling;
    scaling.factor = table.at("factor").number_above(0);
    if (scaling.factor < 1) table.at("factor").fail("a number of at least 1");
    scaling.low_frequency_factor = table.at("low_freq_factor").number_above(0);
    scaling.high_frequency_factor =
        table.at("high_freq_factor").number_above(scaling.low_frequency_factor);
    read_original_context(table, defaults, scaling);
    return scaling;
}

RopeScaling read_yarn(ConfigKeys& table, const Defaults& defaults) {
    RopeScaling scaling;
    scaling.type = RopeType::yarn;
    read_original_context(table, defaults, scaling);
    read_factor_or_ratio(table, defaults, scaling);
    scaling.beta_fast = table.positive("beta_fast", 32);
    scaling.beta_slow = table.positive("beta_slow", 1);
    scaling.truncate = table.flag("truncate", true);
    const auto magnitude = table.find("mscale");
    const auto all = table.find("mscale_all_dim");
    const bool both = magnitude && all && magnitude->number() != 0 && all->number() != 0;
    scaling.attention_factor = table.positive(
        "attention_factor", both ? magnitude_scale(scaling.factor, magnitude->number()) /
                                       magnitude_scale(scaling.factor, all->number())
                                 : magnitude_scale(scaling.factor, 1));
    return scaling;
}

RopeScaling read_longrope(ConfigKeys& table, const Defaults& defaults, std::int64_t pairs) {
    RopeScaling scaling;
    scaling.type = RopeType::longrope;
    read_original_context(table, defaults, scaling);
    read_factor_or_ratio(table, defaults, scaling);
    scaling.short_factors = read_factors(table.at("short_factor"), pairs);
    scaling.long_factors = read_factors(table.at("long_factor"), pairs);
    const double from_factor =
        scaling.factor <= 1
            ? 1
            : std::sqrt(1 + std::log(scaling.factor) /
                                std::log(static_cast<double>(scaling.original_context)));
    scaling.attention_factor = table.positive("attention_factor", from_factor);
    return scaling;
}

std::optional<RopeScaling> read_scaling(ConfigKeys& table, const Defaults& defaults,
                                        std::int64_t pairs) {
    const auto new_name = table.find("rope_type");
    const auto old_name = table.find("type");
    if (!new_name && !old_name) return std::nullopt;  // no other key is known then
    const JsonNode type = new_name ? *new_name : *old_name;
    const std::string& name = type.text();
    table.ignore({"original_max_position_embeddings"});
    if (name == "llama3") return read_llama3(table, defaults);
    if (name == "longrope" || name == "su" || (name == "yarn" && defaults.yarn_means_longrope))
        return read_longrope(table, defaults, pairs);
    if (name == "yarn") return read_yarn(table, defaults);
    if (name == "linear") {
        RopeScaling scaling;
        scaling.type = RopeType::linear;
        scaling.factor = table.at("factor").number_above(0);
        return scaling;
    }
    if (name == "dynamic") {
        // Frequencies change beyond max_position_embeddings only, and no sequence gets there.
        table.at("factor").number_above(0);
        return std::nullopt;
    }
    if (name != "default")
        type.fail("\"default\", \"linear\", \"dynamic\", \"yarn\", \"llama3\" or \"longrope\"");
    return std::nullopt;
}

std::int64_t rotated_elements(const ModelConfig& model, double part) {
    return static_cast<std::int64_t>(static_cast<double>(model.head_dim) * part);
}

/// A part of a head that is turned: an even number of elements.
void check_part(const JsonNode& node, const Family& family, const ModelConfig& model) {
    const double part = node.number_above(0);
    if (part != 1 && !family.rotates_in_part) node.fail("1: " + family.architecture + " turns all");
    const std::int64_t elements = part <= 1 ? rotated_elements(model, part) : 0;
    if (elements < 2 || elements % 2 != 0) {
        node.fail("a part of the " + std::to_string(model.head_dim) +
                  " elements of a head that is an even number of them");
    }
}

/// One table, or none.
Rope read_table(const std::optional<JsonNode>& object, const Defaults& defaults,
                const Family& family, ModelConfig& model) {
    Rope rope;
    rope.theta = defaults.theta;
    model.rotated_elements = rotated_elements(model, defaults.rotated_part);
    if (!object) return rope;
    ConfigKeys table(*object);
    rope.theta = table.positive("rope_theta", defaults.theta);
    if (const auto part = table.find("partial_rotary_factor")) {
        check_part(*part, family, model);
        model.rotated_elements = rotated_elements(model, part->number());
    }
    rope.scaling = read_scaling(table, defaults, model.rotated_elements / 2);
    table.refuse_others("rotary embeddings");
    return rope;
}

/// Global layers have one table and local layers another (Gemma 3).
void read_by_layer_type(ConfigKeys& config, Defaults defaults, const Family& family,
                        ModelConfig& model) {
    std::optional<JsonNode> global, local;
    if (const auto tables = config.find("rope_parameters")) {
        ConfigKeys both(*tables);
        global = both.find("full_attention");
        local = both.find("sliding_attention");
        both.refuse_others("layers of two kinds");
    }
    // Beside the tables, the old key speaks of global layers.
    if (const auto scaling = config.find("rope_scaling")) global = scaling;
    const Rope rope = read_table(global, defaults, family, model);
    model.rope_theta = rope.theta;
    model.rope_scaling = rope.scaling;
    defaults.theta = config.positive("rope_local_base_freq", family.local_rope_theta);
    model.local_rope = read_table(local, defaults, family, model);
}

}  // namespace

void read_rope(ConfigKeys& config, const Family& family, ModelConfig& model) {
    Defaults defaults;
    defaults.context = model.context;
    defaults.yarn_means_longrope = family.model_type == "phi3";
    defaults.theta = config.positive(family.theta_key, family.rope_theta);
    defaults.rotated_part = family.rotated_part;
    if (const auto part = config.find(family.rotated_part_key)) {
        defaults.rotated_part = part->number_above(0);
        check_part(*part, family, model);
    }
    if (const auto original = config.find("original_max_position_embeddings"))
        defaults.original_context = original->integer(1, largest_context);
    if (family.local_rope_theta > 0) return read_by_layer_type(config, defaults, family, model);

    const auto parameters = config.find("rope_parameters");
    const auto scaling = config.find("rope_scaling");
    const bool old_name_speaks = scaling && !scaling->value().empty();
    const Rope rope = read_table(old_name_speaks ? scaling : parameters, defaults, family, model);
    model.rope_theta = rope.theta;
    model.rope_scaling = rope.scaling;
}

}  // namespace aircomp::inference
