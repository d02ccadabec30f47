// SPDX-License-Identifier: GPL-3.0-or-later
// Updates the trainer's parameters: Muon for the matrices inside the layers, AdamW for the rest.
#pragma once

#include <torch/torch.h>

#include <string>
#include <utility>
#include <vector>

namespace aircomp::inference::tools {

/// Muon (momentum whose matrix is replaced by the nearest orthogonal one; Jordan et al. 2024)
/// needs about half of AdamW's tokens for the same loss on models of this size; embeddings and
/// norms take AdamW (arXiv 1711.05101).
class Optimiser {
public:
    struct Rates {
        double muon = 0.02;
        double adam = 0.003;
        double weight_decay = 0.05;  ///< Relative to the rate of each group.
    };

    Optimiser(const std::vector<std::pair<std::string, torch::Tensor>>& parameters,
              const Rates& rates);

    /// One step along `gradients`, in the parameters' order; `factor` scales both rates. The step
    /// of parameter i may run beside that of parameter j in another thread.
    void step(std::size_t parameter, const torch::Tensor& gradient, double factor,
              std::int64_t step_number);

    void save(torch::serialize::OutputArchive& archive) const;
    void load(torch::serialize::InputArchive& archive);

private:
    struct State {
        std::string name;
        torch::Tensor value;
        bool muon;
        torch::Tensor first_moment;
        torch::Tensor second_moment;  // AdamW only
    };
    void muon_step(State& state, const torch::Tensor& gradient, double rate) const;
    void adam_step(State& state, const torch::Tensor& gradient, double rate,
                   std::int64_t step_number) const;

    Rates rates_;
    std::vector<State> states_;
};

}  // namespace aircomp::inference::tools
