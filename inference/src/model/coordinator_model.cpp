// SPDX-License-Identifier: GPL-3.0-or-later
// The transformer as the coordinator computes it: embedding before the layers, norm and output head
// after them.
#include "aircomp/inference/decoder.hpp"

#include <stdexcept>
#include <string>

#include "model/families.hpp"
#include "model/layer_weights.hpp"
#include "model/norm.hpp"
#include "model/steps.hpp"
#include "weights/product.hpp"
#include "weights/thread_pool.hpp"

namespace aircomp::inference {

struct CoordinatorModel::Weights {
    Weights(const Checkpoint& checkpoint, int its_threads)
        : config(checkpoint.config()), threads(its_threads) {
        const TensorNames& names = family_of(config.architecture).names;
        const auto matrix = [&](const char* name) {
            return load_matrix(checkpoint, std::string(name) + ".weight", config.vocabulary_size,
                               config.hidden_size, copies);
        };
        embedding = matrix(names.embedding);
        norm = load_norm(checkpoint, names.final_norm, config.hidden_size);
        head.weight = config.tied_embeddings ? embedding : matrix(names.head);
        if (config.design.head_bias) {
            head.bias =
                load_vector(checkpoint, std::string(names.head) + ".bias", config.vocabulary_size);
        }
    }

    ModelConfig config;
    ThreadPool threads;
    std::vector<HugeBuffer> copies;
    WeightMatrix embedding;  ///< [vocabulary_size, hidden_size]
    Norm norm;               ///< [hidden_size]
    Projection head;         ///< [vocabulary_size, hidden_size]
};

CoordinatorModel::CoordinatorModel(const Checkpoint& checkpoint, int threads)
    : weights_(std::make_unique<Weights>(checkpoint, threads)) {}

CoordinatorModel::~CoordinatorModel() = default;
CoordinatorModel::CoordinatorModel(CoordinatorModel&&) noexcept = default;
CoordinatorModel& CoordinatorModel::operator=(CoordinatorModel&&) noexcept = default;

void CoordinatorModel::embed(gsl::span<const Token> tokens, gsl::span<float> x) const {
    const std::int64_t hidden = weights_->config.hidden_size;
    count_tokens(tokens.size(), 1, x.size(), hidden);
    const auto width = static_cast<std::size_t>(hidden);
    for (std::size_t t = 0; t < tokens.size(); ++t) {
        if (tokens[t] < 0 || tokens[t] >= weights_->embedding.rows) {
            throw std::out_of_range("token " + std::to_string(t) + ": expected an id of 0 to " +
                                    std::to_string(weights_->embedding.rows - 1) + ", found " +
                                    std::to_string(tokens[t]));
        }
        widen(weights_->embedding.type, weights_->embedding.row(tokens[t]),
              x.subspan(t * width, width));
    }
    multiply_by(static_cast<float>(weights_->config.embedding_scale), x);
}

void CoordinatorModel::logits(gsl::span<const float> x, gsl::span<float> logits) const {
    const ModelConfig& config = weights_->config;
    const std::int64_t vocabulary = config.vocabulary_size;
    const std::int64_t tokens =
        count_tokens(x.size(), config.hidden_size, logits.size(), vocabulary);
    Buffer normed(tokens, config.hidden_size);
    apply_norm(config, weights_->norm, x, normed, weights_->threads);
    project(weights_->head, normed, {logits.data(), tokens, vocabulary, vocabulary},
            weights_->threads);
    multiply_by(static_cast<float>(config.logit_scale), logits);
    soft_cap(config.logit_soft_cap, logits);
}

std::size_t CoordinatorModel::weight_bytes() const {
    return weights_->head.weight.bytes();
}

}  // namespace aircomp::inference
