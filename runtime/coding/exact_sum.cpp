// SPDX-License-Identifier: GPL-3.0-or-later
// Checks and float64 sums that every medium shares.
#include "coding/exact_sum.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

namespace aircomp::runtime {

std::string to_string(const Site& site) {
    return "layer " + std::to_string(site.layer) + " " + inference::name_of(site.kind);
}

double mean_square(gsl::span<const float> x) {
    double sum = 0;
    const float* const values = x.data();
    const std::size_t size = x.size();
#pragma omp simd reduction(+ : sum)
    for (std::size_t i = 0; i < size; ++i)
        sum += static_cast<double>(values[i]) * static_cast<double>(values[i]);
    return x.empty() ? 0 : sum / static_cast<double>(size);
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
    // Piece by piece, so that adding a device to the totals is a loop over memory that is near.
    std::array<double, 1024> totals;
    for (std::size_t begin = 0; begin < sum.size(); begin += totals.size()) {
        const std::size_t size = std::min(totals.size(), sum.size() - begin);
        std::fill_n(totals.begin(), size, 0.0);
        for (const auto& partial : request.partials) {
            const float* const values = partial.data() + begin;
            for (std::size_t i = 0; i < size; ++i)
                totals[i] += static_cast<double>(values[i]);
        }
        for (std::size_t i = 0; i < size; ++i)
            sum[begin + i] = static_cast<float>(totals[i]);
    }
}

}  // namespace aircomp::runtime
