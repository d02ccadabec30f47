// SPDX-License-Identifier: GPL-3.0-or-later
// Costs of slices: counted by hand, and nothing lost or counted twice by a split.
#include "aircomp/inference/slice_cost.hpp"

#include <random>

#include "aircomp/inference/random_model.hpp"
#include "errors.hpp"
#include "team.hpp"

using namespace aircomp::inference;
using namespace aircomp::test;

namespace {

/// Two layers of 4 query heads in 2 groups, 3 reals a head: few enough to count.
ModelConfig tiny_config() {
    ModelConfig config;
    config.architecture = "LlamaForCausalLM";
    config.vocabulary_size = 11;
    config.hidden_size = 5;
    config.ffn_size = 7;
    config.layers = 2;
    config.heads = 4;
    config.kv_heads = 2;
    config.head_dim = 3;
    config.context = 8;
    return config;
}

/// One KV group and three FFN columns of it.
constexpr Slice part = {{0, 2}, {4, 7}};

}  // namespace

TEST_CASE("a token passes every site of a model once, layer by layer") {
    const ModelConfig config = tiny_config();
    CHECK(config.sites() == config.layers * config.sites_per_layer());
    for (std::int64_t index = 0; index < config.sites(); ++index) {
        const Site site = config.site(index);
        CHECK(site.index == static_cast<std::size_t>(index));
        CHECK(config.site(site.layer, site.kind).index == site.index);
    }
    CHECK(config.site(3).layer == 1);
    CHECK(config.site(2).kind == SiteKind::attention);
    CHECK(name_of(config.site(3).kind) == std::string("mlp"));
    check_error<std::out_of_range>([&] { config.site(4); }, {"0 to 3", "found 4"});
    check_error<std::out_of_range>([&] { config.site(-1); }, {"found -1"});
    check_error<std::out_of_range>([&] { config.site(2, SiteKind::mlp); },
                                   {"2 layers", "layer 2 mlp"});
}

TEST_CASE("operations of a site are those of its matrices and of the attention") {
    const ModelConfig config = tiny_config();
    // Three matrices of 5 by 3, a multiplication and an addition each.
    CHECK(site_flops(config, part, SiteKind::mlp, 0, 1) == 3 * 2 * 5 * 3);
    CHECK(site_flops(config, part, SiteKind::mlp, 6, 4) == 4 * 3 * 2 * 5 * 3);
    // Rows of Wq and columns of Wo for 2 query heads, of Wk and Wv for one: 6 times 5 by 3. A score
    // and its part of the mixture take 3 of both for every query head and position seen.
    const double projections = 6 * 2 * 5 * 3;
    const double a_position = 2 * 2 * 2 * 3;
    CHECK(site_flops(config, part, SiteKind::attention, 0, 1) == projections + a_position);
    CHECK(site_flops(config, part, SiteKind::attention, 6, 1) == projections + 7 * a_position);
    CHECK(site_flops(config, part, SiteKind::attention, 2, 3) ==
          3 * projections + (3 + 4 + 5) * a_position);
    CHECK(token_flops(config, part, 6) == 2 * (projections + 7 * a_position + 90));
    CHECK(head_flops(config, 3) == 3 * 2 * 11 * 5);
}

TEST_CASE("what a site reads sums to the slice's weights and cache") {
    const ModelConfig config = tiny_config();
    CHECK(2 * (site_weights(config, part, SiteKind::attention) +
               site_weights(config, part, SiteKind::mlp)) ==
          weight_bytes(config, part, 1));
    CHECK(site_weights(config, part, SiteKind::block) ==
          site_weights(config, part, SiteKind::attention) +
              site_weights(config, part, SiteKind::mlp));
    CHECK(site_cache_bytes(config, part, SiteKind::mlp, 6) == 0);
    CHECK(2 * site_cache_bytes(config, part, SiteKind::attention, 6) ==
          cache_bytes(config, part, 7));
    CHECK(input_width(config, part, SiteKind::attention) == 2 * 3);
    CHECK(input_width(config, part, SiteKind::block) ==
          2 * 3 + input_width(config, part, SiteKind::mlp));
}

TEST_CASE("bytes of a slice are its weights' and its cache's") {
    const ModelConfig config = tiny_config();
    CHECK(weight_bytes(config, part, 2) == 2 * 2 * (6 * 5 * 3 + 3 * 5 * 3));
    CHECK(weight_bytes(config, part, 0.5) == 0.5 * 2 * (6 * 5 * 3 + 3 * 5 * 3));
    // A key and a value of 3 reals for each position and layer.
    CHECK(cache_bytes(config, part, 8) == 2 * 8 * 2 * 3 * 4);
    CHECK(cache_bytes(config, Slice{{1, 1}, {0, 7}}, 8) == 0);
}

TEST_CASE("devices that share a KV group have its key and value each, and costs say so") {
    const ModelConfig config = tiny_config();
    const Slice first{{0, 1}, {0, 0}}, second{{1, 4}, {0, 7}}, whole = whole_model(config);
    // The second device needs both groups, the first one of them: three of two.
    const double group_cache = 2 * 8 * 2 * 3 * 4;
    CHECK(cache_bytes(config, first, 8) == group_cache);
    CHECK(cache_bytes(config, second, 8) == 2 * group_cache);
    const double group_weights = 2 * 2 * 5 * 3;
    CHECK(weight_bytes(config, first, 1) + weight_bytes(config, second, 1) ==
          weight_bytes(config, whole, 1) + 2 * group_weights / 2);
    CHECK(token_flops(config, first, 3) + token_flops(config, second, 3) ==
          token_flops(config, whole, 3) + 2 * 2 * group_weights / 2);
}

TEST_CASE("a layer whose halves read the same stream has one site, which costs as much as two") {
    ModelConfig config = tiny_config();
    const double two = token_flops(config, part, 3);
    config.design.parallel = true;
    CHECK(config.sites() == config.layers);
    CHECK(name_of(config.site(1).kind) == std::string("block"));
    CHECK(token_flops(config, part, 3) == two);
    CHECK(held_part(config, part, SiteKind::block) == (2.0 / 4 + 3.0 / 7) / 2);
    check_error<std::out_of_range>([&] { config.site(0, SiteKind::mlp); }, {"layer 0 mlp"});
}

TEST_CASE("experts cost the bytes of all and the operations of those that are chosen") {
    ModelConfig config = tiny_config();
    config.experts.count = 4;
    config.experts.chosen = 2;
    config.experts.shared_size = 14;
    config.experts.dense_size = 21;
    config.experts.dense_layers = {true, false};
    // Of 7 columns three: of a dense layer of 21 nine, of a shared expert of 14 six.
    const double dense = 3 * 5 * 9, expert = 3 * 5 * 3, shared = 3 * 5 * 6 + 5, router = 5 * 4;
    const double attention = 2 * 6 * 5 * 3;
    CHECK(weight_bytes(config, part, 1) == attention + dense + 4 * expert + shared + router);
    CHECK(2 * site_flops(config, part, SiteKind::mlp, 0, 1) ==
          2 * (dense + 2 * expert + shared + router));
    CHECK(weight_bytes(config, Slice{{0, 0}, {2, 2}}, 1) == 0);
}

TEST_CASE("operations over a window are counted up to it, in the layers that have one") {
    ModelConfig config = tiny_config();
    const double all = site_flops(config, part, SiteKind::attention, 2, 5);
    config.sliding_window = 4;
    config.local_layers = {true, false};
    // Positions seen are 3, 4, 5, 6, 7; a local layer's 3, 4, 4, 4, 4. 2 heads of 3 reals, 4 FLOP.
    CHECK(site_flops(config, part, SiteKind::attention, 2, 5) == all - 2 * 3 * 4 * 3);
}

TEST_CASE("bytes of weights are those that a device counts in what it loaded") {
    const ModelConfig config = small_config(4, 2);
    for (const DataType type : {DataType::f32, DataType::bf16}) {
        RandomModelOptions options;
        options.type = type;
        const Checkpoint checkpoint = random_model(config, options);
        CHECK(bytes_per_weight(checkpoint) == static_cast<double>(element_bytes(type)));
        for (const Slice& slice : {whole_model(config), Slice{{0, 2}, {0, 57}}}) {
            const DeviceModel device(checkpoint, slice, 1);
            CHECK(weight_bytes(config, slice, bytes_per_weight(checkpoint)) ==
                  static_cast<double>(device.weight_bytes()));
        }
    }
}

TEST_CASE("costs of slices that share no KV group sum to the whole model's") {
    // Whole numbers far below 2^53: sums are exact.
    const ModelConfig config = small_config(8, 8);
    const Slice whole = whole_model(config);
    std::mt19937 generator(5);
    for (std::size_t devices = 1; devices <= 6; ++devices) {
        double flops = 0, attention = 0, weights = 0, cache = 0, mlp_part = 0;
        for (const Slice& slice : random_slices(config, devices, generator)) {
            flops += token_flops(config, slice, 17);
            attention += site_flops(config, slice, SiteKind::attention, 9, 4);
            weights += weight_bytes(config, slice, 2);
            cache += cache_bytes(config, slice, 100);
            mlp_part += held_part(config, slice, SiteKind::mlp);
        }
        CHECK(flops == token_flops(config, whole, 17));
        CHECK(attention == site_flops(config, whole, SiteKind::attention, 9, 4));
        CHECK(weights == weight_bytes(config, whole, 2));
        CHECK(cache == cache_bytes(config, whole, 100));
        CHECK(std::abs(mlp_part - 1) < 1e-12);  // Quotients are rounded.
    }
}

TEST_CASE("a slice holds something where it has units, and costs nothing where it has none") {
    const ModelConfig config = small_config(8, 8);
    CHECK(!holds_any(Slice{{2, 2}, {7, 7}}));
    for (const Unit& unit : units_of(config)) {
        const Slice slice = unit.first(1);
        CHECK(holds_any(slice));
        CHECK((slice.*unit.range).size() == 1);
        for (const SiteKind kind : site_kinds) {
            CHECK(holds_any(slice, kind) == (site_flops(config, slice, kind, 0, 1) > 0));
            CHECK(holds_any(slice, kind) == (held_part(config, slice, kind) > 0));
        }
        // Of as many KV groups as heads, a unit costs as much as any other.
        const Slice all = unit.first(unit.count);
        const double one = weight_bytes(config, slice, 1) + cache_bytes(config, slice, 3);
        CHECK(weight_bytes(config, all, 1) + cache_bytes(config, all, 3) ==
              static_cast<double>(unit.count) * one);
    }
}
