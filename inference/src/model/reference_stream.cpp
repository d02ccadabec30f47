// SPDX-License-Identifier: GPL-3.0-or-later
// The norms that predictions read through, and their sums.
#include "aircomp/inference/reference_stream.hpp"

#include <stdexcept>
#include <string>

#include "model/layer_weights.hpp"
#include "model/prediction.hpp"

namespace aircomp::inference {

std::int64_t input_width(const ModelConfig& config, const Site& site) {
    switch (site.kind) {
        case SiteKind::attention:
            return config.heads * config.head_dim;
        case SiteKind::mlp:
            return config.experts.count > 0 ? 0 : config.ffn_size;
        case SiteKind::block:
            break;
    }
    return 0;
}

namespace {

/// The last `kept` of each row of `columns`.
std::vector<float> last_columns(const std::vector<float>& rows, std::int64_t columns,
                                std::int64_t kept) {
    std::vector<float> values;
    for (std::int64_t end = columns; end <= static_cast<std::int64_t>(rows.size()); end += columns)
        values.insert(values.end(), rows.begin() + (end - kept), rows.begin() + end);
    return values;
}

}  // namespace

SitePrediction with_rank(const SitePrediction& prediction, std::int64_t rank) {
    if (rank >= prediction.rank) return prediction;
    if (rank < 0) throw std::invalid_argument("rank: expected at least 0");
    SitePrediction cut = prediction;
    cut.rank = rank;
    const auto hidden_size = static_cast<std::int64_t>(prediction.right.size()) / prediction.rank;
    cut.right.assign(prediction.right.end() - rank * hidden_size, prediction.right.end());
    cut.left = last_columns(prediction.left, prediction.rank, rank);
    cut.sum_left = last_columns(prediction.sum_left, prediction.rank, rank);
    return cut;
}

void check_predictions(const SitePredictions& predictions, const ModelConfig& config) {
    const auto expect = [](std::size_t found, std::int64_t expected, const std::string& what) {
        if (found == static_cast<std::size_t>(expected)) return;
        throw std::invalid_argument(what + ": expected " + std::to_string(expected) + ", found " +
                                    std::to_string(found));
    };
    expect(predictions.size(), config.sites(), "predictions of so many sites");
    for (std::int64_t index = 0; index < config.sites(); ++index) {
        const SitePrediction& site = predictions[static_cast<std::size_t>(index)];
        const std::int64_t width = input_width(config, config.site(index));
        const std::string name = "prediction of site " + std::to_string(index) + ": ";
        const bool later = !site.right.empty(), first = !site.first.empty();
        if (later || first)
            expect(static_cast<std::size_t>(site.width), width, name + "input elements");
        expect(site.right.size(), later ? site.rank * config.hidden_size : 0,
               name + "right factor");
        expect(site.left.size(), later ? width * site.rank : 0, name + "left factor");
        expect(site.sum_left.size(), later ? config.hidden_size * site.rank : 0,
               name + "left factor of the sum");
        expect(site.first.size(), first ? width : 0, name + "first token");
        expect(site.first_sum.size(), first ? config.hidden_size : 0,
               name + "sum of the first token");
    }
}

struct ReferenceStream::Weights {
    ModelConfig config;
    std::shared_ptr<const SitePredictions> predictions;
    std::vector<Norm> norms;  ///< By Site::index.
    ThreadPool threads{1};    ///< Rank is small: a second thread would cost more than it saves.
};

ReferenceStream::ReferenceStream(const Checkpoint& checkpoint,
                                 std::shared_ptr<const SitePredictions> predictions)
    : weights_(new Weights{checkpoint.config(), std::move(predictions), {}}) {
    check_predictions(*weights_->predictions, weights_->config);
    std::vector<HugeBuffer> copies;
    for (std::int64_t layer = 0; layer < weights_->config.layers; ++layer) {
        // A slice of nothing has the norms alone.
        const LayerWeights weights = load_layer(checkpoint, Slice{}, layer, copies);
        for (const SiteKind kind : weights_->config.sites_of_layer()) {
            weights_->norms.push_back(kind == SiteKind::mlp ? weights.mlp_norm
                                                            : weights.attention_norm);
        }
    }
}

ReferenceStream::~ReferenceStream() = default;
ReferenceStream::ReferenceStream(ReferenceStream&&) noexcept = default;
ReferenceStream& ReferenceStream::operator=(ReferenceStream&&) noexcept = default;

void ReferenceStream::complete(const Site& site, gsl::span<const float> x, std::int64_t position,
                               gsl::span<float> sum) const {
    if (x.size() != sum.size()) {
        throw std::invalid_argument("sum: expected " + std::to_string(x.size()) +
                                    " reals, as the stream has, found " +
                                    std::to_string(sum.size()));
    }
    const SitePrediction& prediction = weights_->predictions->at(site.index);
    const std::int64_t hidden = weights_->config.hidden_size;
    const auto tokens = static_cast<std::int64_t>(x.size()) / hidden;
    std::vector<float> normed(x.size());
    const Activations h{normed.data(), tokens, hidden, hidden};
    apply_norm(weights_->config, weights_->norms[site.index], x, h, weights_->threads);
    add_foretold(prediction, position, h, static_cast<float>(weights_->config.residual_scale),
                 {sum.data(), tokens, hidden, hidden}, weights_->threads);
}

}  // namespace aircomp::inference
