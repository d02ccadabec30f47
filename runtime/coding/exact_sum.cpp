// SPDX-License-Identifier: GPL-3.0-or-later
// Checks and float64 sums that every medium shares.
#include "coding/exact_sum.hpp"

#include <cmath>
#include <stdexcept>

namespace aircomp::runtime {

std::string to_string(const Site& site) {
    return "layer " + std::to_string(site.layer) + " " + inference::name_of(site.kind);
}

double mean_square(gsl::span<const float> x) {
    double sum = 0;
    for (const float value : x)
        sum += static_cast<double>(value) * value;
    return x.empty() ? 0 : sum / static_cast<double>(x.size());
}

void check_request(const SumRequest& request, const SumCopies& sum) {
    const auto size = static_cast<std::size_t>(request.vectors * request.length);
    const auto expect = [&](std::size_t found, const std::string& what) {
        if (found == size) return;
        throw std::invalid_argument("all-reduce at " + to_string(request.site) + ": " + what +
                                    " has " + std::to_string(found) + " values, expected " +
                                    std::to_string(size));
    };
    if (request.partials.empty()) {
        throw std::invalid_argument("all-reduce at " + to_string(request.site) +
                                    ": no device takes part");
    }
    expect(sum.server.size(), "the sum");
    expect(sum.devices.size(), "the devices' sum");
    expect(request.residual.size(), "the residual stream");
    if (!request.server_residual.empty())
        expect(request.server_residual.size(), "the server's residual stream");
    for (std::size_t n = 0; n < request.partials.size(); ++n) {
        expect(request.partials[n].size(), "the partial of device " + std::to_string(n + 1));
        if (!std::isfinite(mean_square(request.partials[n]))) {
            throw std::domain_error("all-reduce at " + to_string(request.site) +
                                    ": the partial of device " + std::to_string(n + 1) +
                                    " is not finite");
        }
    }
}

void exact_sum(const SumRequest& request, gsl::span<float> sum) {
    for (std::size_t i = 0; i < sum.size(); ++i) {
        double total = 0;
        for (const auto& partial : request.partials)
            total += partial[i];
        sum[i] = static_cast<float>(total);
    }
}

}  // namespace aircomp::runtime
