// SPDX-License-Identifier: GPL-3.0-or-later
// Transform, headroom, clipping.
#include "coding/partial_shaper.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "aircomp/inference/add.hpp"
#include "coding/exact_sum.hpp"

namespace aircomp::runtime {

PartialShaper::PartialShaper(Shape shape, double clip_level,
                             std::optional<gr::aircomp::phy::Rotation> rotation)
    : shape_(std::move(shape)), clip_level_(clip_level), rotation_(std::move(rotation)) {}

void PartialShaper::prepare(const SumRequest& request, std::size_t device, std::int64_t v,
                            gsl::span<float> vector) {
    if (shape_.carries) inference::add(carried_.of(request, device, v), vector);
    if (!shape_.transforms.empty()) shape_.transforms.at(request.site.index).apply(vector);
}

PartialShaper::HeldBack PartialShaper::hold_back(const SumRequest& request, std::size_t device,
                                                 std::int64_t v, double scale, double second_moment,
                                                 gsl::span<float> vector) {
    HeldBack held;
    if (second_moment == 0) return held;
    std::vector<float> wanted;  // to see what is taken of it
    if (shape_.carries) wanted.assign(vector.begin(), vector.end());
    held.limited = limit(scale * scale * second_moment, vector);
    if (!shape_.carries) return held;
    held.clipped = clip(scale * clip_limit(clip_level_, second_moment), vector);
    const gsl::span<float> kept = carried_.of(request, device, v);
    for (std::size_t i = 0; i < wanted.size(); ++i)
        kept[i] = wanted[i] - vector[i];
    undo(request.site, kept);
    return held;
}

bool PartialShaper::limit(double mean_energy, gsl::span<float> vector) const {
    // A symbol has two reals; its mean energy is the device's second moment.
    const double energy = 2 * mean_square(vector) / mean_energy;
    if (energy <= shape_.vector_headroom) return false;
    const auto factor = static_cast<float>(std::sqrt(shape_.vector_headroom / energy));
    for (float& value : vector)
        value *= factor;
    return true;
}

std::int64_t PartialShaper::clip(double largest, gsl::span<float> vector) const {
    // Below it by what another rotation may round.
    const auto bound = static_cast<float>(largest * (1 - 1e-5));
    std::vector<float> sent(vector.begin(), vector.end());
    if (rotation_) rotation_->apply(sent);
    std::int64_t clipped = 0;
    for (float& value : sent) {
        const float within = std::clamp(value, -bound, bound);
        clipped += within != value ? 1 : 0;
        value = within;
    }
    if (clipped == 0) return 0;
    if (rotation_) rotation_->undo(sent);
    std::copy(sent.begin(), sent.end(), vector.begin());
    return clipped;
}

void PartialShaper::undo(const Site& site, gsl::span<float> vector) const {
    if (!shape_.transforms.empty()) shape_.transforms.at(site.index).undo(vector);
}

double clip_limit(double clip_level, double second_moment) {
    return clip_level * std::sqrt(second_moment / 2);
}

}  // namespace aircomp::runtime
