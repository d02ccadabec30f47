// SPDX-License-Identifier: GPL-3.0-or-later
// How a site's sum enters the stream, at the coordinator and at every device alike.
#pragma once

#include <gsl/span>
#include <memory>

#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/inference/site.hpp"

namespace aircomp::inference {

/// Most models add the sum as it is; Gemma's and OLMo's norm it before.
class Residual {
public:
    /// Reads the norms of sums, where the model has them. Throws std::runtime_error for a tensor
    /// that is missing or of another shape.
    explicit Residual(const Checkpoint& checkpoint);
    ~Residual();
    Residual(Residual&&) noexcept;
    Residual& operator=(Residual&&) noexcept;

    /// sum = norm(sum), [tokens, hidden_size], where the model has a norm. Throws std::invalid_argument
    /// for another size.
    void norm(const Site& site, gsl::span<float> sum) const;

    /// What that norm multiplies each coordinate with; empty where the model has none.
    gsl::span<const float> weights(const Site& site) const;

    /// x += norm(sum); both are [tokens, hidden_size] of as many tokens. `sum` is changed where the
    /// model has a norm. Throws std::invalid_argument where sizes differ.
    void add(const Site& site, gsl::span<float> sum, gsl::span<float> x) const;

private:
    struct Weights;
    std::unique_ptr<Weights> weights_;
};

}  // namespace aircomp::inference
