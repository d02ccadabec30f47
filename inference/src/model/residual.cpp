// SPDX-License-Identifier: GPL-3.0-or-later
// Residual.
#include "aircomp/inference/residual.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include "aircomp/inference/add.hpp"
#include "model/families.hpp"
#include "model/norm.hpp"

namespace aircomp::inference {

struct Residual::Weights {
    ModelConfig config;
    std::vector<Norm> norms;  ///< By Site::index; none where sums are added as they are.
};

Residual::Residual(const Checkpoint& checkpoint)
    : weights_(std::make_unique<Weights>(Weights{checkpoint.config(), {}})) {
    const ModelConfig& config = weights_->config;
    if (!config.design.norm_after) return;
    const TensorNames& names = family_of(config.architecture).names;
    for (std::int64_t index = 0; index < config.sites(); ++index) {
        const Site site = config.site(index);
        const char* name =
            site.kind == SiteKind::attention ? names.attention_sum_norm : names.mlp_sum_norm;
        weights_->norms.push_back(load_norm(checkpoint,
                                            names.layers + std::to_string(site.layer) + "." + name,
                                            config.hidden_size));
    }
}

Residual::~Residual() = default;
Residual::Residual(Residual&&) noexcept = default;
Residual& Residual::operator=(Residual&&) noexcept = default;

void Residual::norm(const Site& site, gsl::span<float> sum) const {
    if (weights_->norms.empty()) return;
    const std::int64_t hidden = weights_->config.hidden_size;
    const auto tokens = static_cast<std::int64_t>(sum.size()) / hidden;
    if (static_cast<std::int64_t>(sum.size()) != tokens * hidden) {
        throw std::invalid_argument("sum: expected tokens of " + std::to_string(hidden) +
                                    " reals, found " + std::to_string(sum.size()));
    }
    norm_parts(weights_->config, weights_->norms.at(site.index),
               {sum.data(), tokens, hidden, hidden});
}

gsl::span<const float> Residual::weights(const Site& site) const {
    if (weights_->norms.empty()) return {};
    return weights_->norms.at(site.index).weight;
}

void Residual::add(const Site& site, gsl::span<float> sum, gsl::span<float> x) const {
    if (sum.size() != x.size()) {
        throw std::invalid_argument("sum: expected " + std::to_string(x.size()) +
                                    " reals, as the stream has, found " +
                                    std::to_string(sum.size()));
    }
    norm(site, sum);
    inference::add(sum, x);
}

}  // namespace aircomp::inference
