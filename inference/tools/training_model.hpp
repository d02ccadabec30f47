// SPDX-License-Identifier: GPL-3.0-or-later
// The demo model as the trainer sees it: a Llama decoder on autograd tensors.
#pragma once

#include <torch/torch.h>

#include <string>
#include <utility>
#include <vector>

#include "aircomp/inference/model_config.hpp"

namespace aircomp::inference::tools {

/// Parameters of a Llama decoder with tied embeddings, float32, and its loss. Copies made by
/// replica() share the parameters' memory but have gradients of their own, so that threads can
/// differentiate side by side.
class TrainingModel {
public:
    TrainingModel(const ModelConfig& config, std::uint64_t seed);

    TrainingModel replica() const;

    /// Mean cross entropy in nats of `targets` [windows, T] given `inputs` [windows, T], both
    /// int64; targets of -100 are not scored.
    torch::Tensor loss(const torch::Tensor& inputs, const torch::Tensor& targets) const;

    /// Names as in a Hugging Face checkpoint, in a fixed order.
    const std::vector<std::pair<std::string, torch::Tensor>>& parameters() const {
        return parameters_;
    }

private:
    TrainingModel() = default;
    torch::Tensor parameter(const std::string& name) const;
    torch::Tensor attention(const std::string& layer, const torch::Tensor& x,
                            std::int64_t windows) const;
    torch::Tensor mlp(const std::string& layer, const torch::Tensor& x) const;

    ModelConfig config_;
    std::vector<std::pair<std::string, torch::Tensor>> parameters_;
    torch::Tensor cosines_, sines_;  // [context, head_dim]
};

}  // namespace aircomp::inference::tools
