// SPDX-License-Identifier: GPL-3.0-or-later
// The basis in which what the devices' copy of the stream lacks after a site is coded, and how wide its
// coefficients are: docs/system-model.md section 9, equation (14b).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "aircomp/inference/decoder.hpp"

namespace aircomp::inference {

/// Of one site: an orthogonal K whose first `rank` columns are the strongest eigenvectors of the
/// updates' covariance and whose other columns complete them near the coordinates. With a rank of 0,
/// the coordinates.
struct UpdateBasis {
    std::int64_t rank = 0;
    /// [rank, hidden_size]: K^T = (I - r_rank r_rank^T) ... (I - r_1 r_1^T), the r_i in rows.
    std::vector<float> reflectors;
    /// [hidden_size]: root mean square of each coefficient of K^T u, in quarters of an octave below
    /// the widest; whole numbers, -most_narrower at least.
    std::vector<float> widths;
};

/// The least of UpdateBasis::widths.
constexpr float most_narrower = 80;

/// Gathers the covariance of updates, each over the root mean square of the stream before it.
class UpdateFit {
public:
    /// For a basis of at most `rank` eigenvectors. Keeps rank 0 in hidden_size values, others in their
    /// square.
    UpdateFit(std::int64_t hidden_size, std::int64_t rank);
    ~UpdateFit();
    UpdateFit(UpdateFit&&) noexcept;
    UpdateFit& operator=(UpdateFit&&) noexcept;

    /// Takes in a window's tokens, of the whole model, whose stream before the site is `x`. Position 0
    /// and tokens of massive activations are left out.
    void add(const SiteInputs& inputs, gsl::span<const float> x);

    /// Without any token the coordinates, all as wide.
    UpdateBasis basis() const;

private:
    struct Moments;
    std::unique_ptr<Moments> moments_;
};

}  // namespace aircomp::inference
