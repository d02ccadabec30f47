// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probing_media.hpp"

#include <algorithm>
#include <cmath>

#include "aircomp/inference/add.hpp"
#include "coding/exact_sum.hpp"

namespace aircomp::runtime {
namespace {

/// How much louder than the mean a token may be weighted, as the default of the headroom has it.
constexpr double most_token_energy = 16;

/// White noise of that mean square.
std::vector<float> white(NoiseGenerator& generator, std::size_t size, double mean_square) {
    std::vector<std::complex<float>> noise((size + 1) / 2);
    // A complex sample's power is that of two reals.
    generator.add(noise, 2 * mean_square);
    const auto* const reals = reinterpret_cast<const float*>(noise.data());
    return {reals, reals + size};
}

}  // namespace

void ProbingMedium::all_reduce(const SumRequest& request, SumCopies sum) {
    exact_sum(request, sum.server);
    if (request.site.index == site_) {
        const auto length = static_cast<std::size_t>(request.length);
        for (std::int64_t v = 0; v < request.vectors; ++v)
            disturb(request, v, sum.server.subspan(static_cast<std::size_t>(v) * length, length));
    }
    sum.share();
}

void ProbingMedium::disturb(const SumRequest& request, std::int64_t v, gsl::span<float> sum) {
    const SiteTransform& transform = transforms_[request.site.index];
    double power = 0;
    for (std::size_t n = 0; n < request.partials.size(); ++n) {
        const auto partial = request.partial(n, v);
        std::vector<float> sent(partial.begin(), partial.end());
        transform.apply(sent);
        power += mean_square(sent);
    }
    const double weight = std::clamp(std::sqrt(power) / root_energies_[request.site.index],
                                     1 / most_token_energy, most_token_energy);
    std::vector<float> noise = white(noise_, sum.size(), energy * power / weight);
    transform.undo(noise);
    inference::add(noise, sum);
}

void CopyProbingMedium::all_reduce(const SumRequest& request, SumCopies sum) {
    exact_sum(request, sum.server);
    for (std::size_t i = 0; i < sum.devices.size(); ++i)
        sum.devices[i] = (request.server_residual[i] - request.residual[i]) + sum.server[i];
    if (request.site.index != site_) return;
    const auto length = static_cast<std::size_t>(request.length);
    for (std::size_t begin = 0; begin < sum.devices.size(); begin += length) {
        const double copy = mean_square(request.residual.subspan(begin, length));
        inference::add(white(noise_, length, energy * copy), sum.devices.subspan(begin, length));
    }
}

}  // namespace aircomp::runtime
