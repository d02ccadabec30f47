// SPDX-License-Identifier: GPL-3.0-or-later
// What the stream, which every device holds, tells of the partials beforehand. Devices leave it out
// of what they send, and whoever holds the stream adds it to the sum (docs/system-model.md section
// 11, equation (20)).
#pragma once

#include <cstdint>
#include <gsl/span>
#include <memory>
#include <vector>

#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/inference/site.hpp"

namespace aircomp::inference {

/// Of one site. `a` is what the site's last projection W is applied to, [width]: attended values, or
/// the MLP's product; `h` is the normed stream, [hidden_size]. The token at position 0 is foretold to
/// have a = first, every other one a = left right h. Without `right` nothing is foretold of later
/// tokens, without `first` nothing of the first one. The weightiest of the `rank` directions is last.
struct SitePrediction {
    std::int64_t width = 0;
    std::int64_t rank = 0;
    std::vector<float> right;      ///< [rank, hidden_size]
    std::vector<float> left;       ///< [width, rank]
    std::vector<float> sum_left;   ///< W left, [hidden_size, rank]
    std::vector<float> first;      ///< [width]
    std::vector<float> first_sum;  ///< W first, [hidden_size]
};

/// Of all sites, by Site::index; shared by all who hold the model.
using SitePredictions = std::vector<SitePrediction>;

/// The same of its `rank` weightiest directions; all of them where it has no more.
SitePrediction with_rank(const SitePrediction& prediction, std::int64_t rank);

/// Elements that a site's last projection reads: columns of W. A site of kind block has two such
/// projections and none of this: 0.
std::int64_t input_width(const ModelConfig& config, const Site& site);

/// Throws std::invalid_argument, naming the site, where sizes are not the model's, or where there
/// are predictions of sites without an input_width().
void check_predictions(const SitePredictions& predictions, const ModelConfig& config);

/// What was left out of sums, for the server and every device.
class ReferenceStream {
public:
    /// Throws as check_predictions() does.
    ReferenceStream(const Checkpoint& checkpoint,
                    std::shared_ptr<const SitePredictions> predictions);
    ~ReferenceStream();
    ReferenceStream(ReferenceStream&&) noexcept;
    ReferenceStream& operator=(ReferenceStream&&) noexcept;

    /// Adds what all devices together left out at the site: `x` is the stream before the site of
    /// tokens at `position`, `position` + 1, ..., [tokens, hidden_size], as devices have it; `sum`
    /// has the same shape. Throws std::invalid_argument where they differ.
    void complete(const Site& site, gsl::span<const float> x, std::int64_t position,
                  gsl::span<float> sum) const;

private:
    struct Weights;
    std::unique_ptr<Weights> weights_;
};

}  // namespace aircomp::inference
