// SPDX-License-Identifier: GPL-3.0-or-later
// Devices that share a model, driven as the runtime drives them, over an exact all-reduce.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "aircomp/inference/decoder.hpp"
#include "aircomp/inference/residual.hpp"

namespace aircomp::test {

/// A small model: Llama 2 style with `heads` query heads in `kv_heads` groups.
inline inference::ModelConfig small_config(std::int64_t heads, std::int64_t kv_heads) {
    inference::ModelConfig config;
    config.architecture = "LlamaForCausalLM";
    config.vocabulary_size = 97;
    config.hidden_size = 64;
    config.ffn_size = 171;
    config.layers = 3;
    config.heads = heads;
    config.kv_heads = kv_heads;
    config.head_dim = 16;
    config.context = 128;
    config.rms_norm_epsilon = 1e-5;
    config.rope_theta = 10000;
    config.bos_token = 1;
    return config;
}

/// `count` tokens, BOS first.
inline std::vector<inference::Token> some_tokens(const inference::ModelConfig& config,
                                                 std::size_t count) {
    std::vector<inference::Token> tokens(count);
    for (std::size_t i = 0; i < count; ++i) {
        tokens[i] = static_cast<inference::Token>(
            i == 0 ? 1 : (7 * i * i + 3) % static_cast<std::size_t>(config.vocabulary_size));
    }
    return tokens;
}

/// `total` things over `devices` devices at random; often some hold none.
inline std::vector<std::int64_t> random_counts(std::int64_t total, std::size_t devices,
                                               std::mt19937& generator) {
    std::vector<std::int64_t> counts(devices, 0);
    std::uniform_int_distribution<std::size_t> device(0, devices - 1);
    std::uniform_int_distribution<std::int64_t> amount(0, total);
    while (total > 0) {
        const std::int64_t some = std::min(total, amount(generator));
        counts[device(generator)] += some;
        total -= some;
    }
    return counts;
}

inline std::vector<inference::Slice> random_slices(const inference::ModelConfig& config,
                                                   std::size_t devices, std::mt19937& generator) {
    inference::UnitCounts counts;
    for (const inference::Unit& unit : inference::units_of(config))
        counts.push_back(random_counts(unit.count, devices, generator));
    return inference::make_slices(config, counts);
}

class Team {
public:
    /// `context`: positions that caches may hold, the model's where it is 0.
    Team(const inference::Checkpoint& checkpoint, const std::vector<inference::Slice>& slices,
         int threads = 1, std::int64_t context = 0, const inference::Compute& compute = {})
        : config_(checkpoint.config()), coordinator_(checkpoint, threads), residual_(checkpoint) {
        for (const inference::Slice& slice : slices) {
            devices_.emplace_back(checkpoint, slice, threads, compute);
            caches_.emplace_back(config_, slice, context > 0 ? context : config_.context);
        }
    }

    void leave_out(const std::shared_ptr<const inference::SitePredictions>& predictions) {
        for (inference::DeviceModel& device : devices_)
            device.leave_out(predictions);
    }

    std::vector<inference::DeviceModel>& devices() { return devices_; }

    /// Partials of one device's attention or MLP; each appended to those before.
    using Partials = std::vector<std::vector<float>>;

    Partials attention_partials(std::int64_t layer, const std::vector<float>& x,
                                std::int64_t position) {
        Partials partials(devices_.size(), std::vector<float>(x.size()));
        for (std::size_t n = 0; n < devices_.size(); ++n) {
            devices_[n].attention_partial(layer, x, position, caches_[n], partials[n]);
        }
        return partials;
    }

    Partials mlp_partials(std::int64_t layer, const std::vector<float>& x) {
        Partials partials(devices_.size(), std::vector<float>(x.size()));
        for (std::size_t n = 0; n < devices_.size(); ++n) {
            devices_[n].mlp_partial(layer, x, 0, partials[n]);
        }
        return partials;
    }

    Partials partials(const inference::Site& site, const std::vector<float>& x,
                      std::int64_t position) {
        Partials partials(devices_.size(), std::vector<float>(x.size()));
        for (std::size_t n = 0; n < devices_.size(); ++n)
            devices_[n].partial(site, x, position, caches_[n], partials[n]);
        return partials;
    }

    static std::vector<float> sum(const Partials& partials) {
        std::vector<double> exact(partials.front().size(), 0.0);
        for (const auto& partial : partials) {
            for (std::size_t i = 0; i < exact.size(); ++i)
                exact[i] += double{partial[i]};
        }
        return {exact.begin(), exact.end()};
    }

    std::vector<float> embed(gsl::span<const inference::Token> tokens) const {
        std::vector<float> x(tokens.size() * static_cast<std::size_t>(config_.hidden_size));
        coordinator_.embed(tokens, x);
        return x;
    }

    /// Logits [tokens, vocabulary_size] of a sequence, computed `chunk` tokens at a time. The first
    /// token stands at `position`.
    std::vector<float> logits(const std::vector<inference::Token>& tokens, std::size_t chunk,
                              std::size_t position = 0) {
        const auto vocabulary = static_cast<std::size_t>(config_.vocabulary_size);
        std::vector<float> all(tokens.size() * vocabulary);
        for (std::size_t begin = 0; begin < tokens.size(); begin += chunk) {
            const std::size_t count = std::min(chunk, tokens.size() - begin);
            std::vector<float> x = embed({tokens.data() + begin, count});
            for (std::int64_t index = 0; index < config_.sites(); ++index) {
                const auto site = config_.site(index);
                auto z = sum(partials(site, x, static_cast<std::int64_t>(position + begin)));
                residual_.add(site, z, x);
            }
            coordinator_.logits(x, {all.data() + begin * vocabulary, count * vocabulary});
        }
        return all;
    }

private:
    inference::ModelConfig config_;
    inference::CoordinatorModel coordinator_;
    inference::Residual residual_;
    std::vector<inference::DeviceModel> devices_;
    std::vector<inference::KvCache> caches_;
};

/// Largest absolute difference over the largest absolute value of `expected`.
template <class Values>
double relative_difference(const Values& expected, const std::vector<float>& found) {
    double difference = 0;
    double largest = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        difference = std::max(difference, std::abs(double{expected[i]} - double{found[i]}));
        largest = std::max(largest, std::abs(double{expected[i]}));
    }
    return difference / largest;
}

}  // namespace aircomp::test
