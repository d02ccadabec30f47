// SPDX-License-Identifier: GPL-3.0-or-later
// Accumulates mean squares of partials and residual stream, site by site.
#include "schemes/calibrating_medium.hpp"

#include <numeric>
#include <stdexcept>

#include "coding/exact_sum.hpp"

namespace aircomp::runtime {

CalibratingMedium::CalibratingMedium(std::size_t devices, const inference::ModelConfig& model,
                                     std::vector<SiteTransform> transforms)
    : transforms_(std::move(transforms)),
      samples_(static_cast<std::size_t>(model.sites())),
      ledger_(devices) {
    SiteStatistics empty;
    empty.partial_power.assign(devices, 0);
    for (std::int64_t index = 0; index < model.sites(); ++index) {
        empty.kind = model.site(index).kind;
        sums_.first_token.push_back(empty);
        sums_.later_tokens.push_back(empty);
    }
}

void CalibratingMedium::all_reduce(const SumRequest& request, SumCopies sum) {
    check_request(request, sum);
    const std::size_t index = request.site.index;
    exact_sum(request, sum.server);
    sum.share();
    const auto length = static_cast<std::size_t>(request.length);
    for (std::int64_t v = 0; v < request.vectors; ++v) {
        const std::size_t first = static_cast<std::size_t>(v) * length;
        SiteStatistics& site = request.position_of(v) == 0 ? sums_.first_token.at(index)
                                                           : sums_.later_tokens.at(index);
        ++site.vectors;
        const auto powers = powers_of(request, v);
        for (std::size_t n = 0; n < powers.size(); ++n)
            site.partial_power.at(n) += powers[n];
        if (!request.features.empty() && request.position_of(v) > 0) {
            samples_.at(index).push_back(
                {request.features[static_cast<std::size_t>(v)],
                 log_energy(std::accumulate(powers.begin(), powers.end(), 0.0))});
        }
        site.residual_power += mean_square(request.residual.subspan(first, length));
        site.sum_power += mean_square(gsl::span<const float>(sum.server).subspan(first, length));
    }
}

std::vector<double> CalibratingMedium::powers_of(const SumRequest& request, std::int64_t v) const {
    std::vector<double> powers;
    for (std::size_t n = 0; n < request.partials.size(); ++n) {
        const auto partial = request.partial(n, v);
        if (transforms_.empty()) {
            powers.push_back(mean_square(partial));
            continue;
        }
        std::vector<float> sent(partial.begin(), partial.end());
        transforms_.at(request.site.index).apply(sent);
        powers.push_back(mean_square(sent));
    }
    return powers;
}

Calibration CalibratingMedium::calibration() const {
    Calibration means = sums_;
    for (auto* sites : {&means.first_token, &means.later_tokens}) {
        for (SiteStatistics& site : *sites) {
            if (site.vectors == 0) {
                throw std::logic_error("calibration needs a sequence of at least two tokens");
            }
            for (double& power : site.partial_power)
                power /= static_cast<double>(site.vectors);
            site.residual_power /= static_cast<double>(site.vectors);
            site.sum_power /= static_cast<double>(site.vectors);
        }
    }
    return means;
}

}  // namespace aircomp::runtime
