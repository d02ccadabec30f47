// SPDX-License-Identifier: GPL-3.0-or-later
// Largest-remainder apportionment.
#include "aircomp/optimizer/apportion.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <sstream>
#include <stdexcept>

namespace aircomp::optimizer {

void validate_shares(const std::vector<double>& shares) {
    std::ostringstream message;
    message.precision(9);
    double sum = 0.0;
    for (std::size_t n = 0; n < shares.size(); ++n) {
        if (!(std::isfinite(shares[n]) && shares[n] >= 0.0)) {
            message << "shares[" << n << "]: expected a number from 0 to 1, found " << shares[n];
            throw std::invalid_argument(message.str());
        }
        sum += shares[n];
    }
    if (!(std::abs(sum - 1.0) <= 1e-6)) {
        message << "shares: expected a sum of 1, found " << sum << " over " << shares.size()
                << " devices";
        throw std::invalid_argument(message.str());
    }
}

std::vector<std::int64_t> apportion(const std::vector<double>& shares, std::int64_t units) {
    validate_shares(shares);
    if (units < 0) {
        throw std::invalid_argument("units: expected 0 or more, found " + std::to_string(units));
    }
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    std::vector<std::int64_t> whole(shares.size());
    std::vector<double> remainder(shares.size());
    for (std::size_t n = 0; n < shares.size(); ++n) {
        const double quota = shares[n] / sum * static_cast<double>(units);
        // Remainders count in steps of 1e-9, so that rounding makes neither units nor winners.
        whole[n] = static_cast<std::int64_t>(std::floor(quota + 1e-9));
        remainder[n] = std::round((quota - static_cast<double>(whole[n])) * 1e9);
    }
    std::vector<std::size_t> order;
    for (std::size_t n = 0; n < shares.size(); ++n) {
        if (shares[n] > 0.0) order.push_back(n);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return remainder[a] > remainder[b]; });
    std::int64_t left = units - std::accumulate(whole.begin(), whole.end(), std::int64_t{0});
    for (std::size_t i = 0; left > 0; i = (i + 1) % order.size(), --left)
        ++whole[order[i]];
    return whole;
}

}  // namespace aircomp::optimizer
