// SPDX-License-Identifier: GPL-3.0-or-later
// Conditional mean and error variance of Gaussian channels after a correlated step.
#include "aircomp/optimizer/staleness.hpp"

#include <cmath>
#include <stdexcept>
#include <string>

namespace aircomp::optimizer {

TransceiverProblem aged(const TransceiverProblem& problem, const std::vector<double>& path_gains,
                        double correlation) {
    problem.validate();
    if (!(std::abs(correlation) <= 1.0)) {
        throw std::invalid_argument("aged: |correlation|: expected at most 1, found " +
                                    std::to_string(correlation));
    }
    if (path_gains.size() != problem.devices()) {
        throw std::invalid_argument("aged: path_gains: expected " +
                                    std::to_string(problem.devices()) + ", found " +
                                    std::to_string(path_gains.size()));
    }
    const double kept = correlation * correlation;
    TransceiverProblem result = problem;
    result.error_variances.clear();
    for (std::size_t n = 0; n < problem.devices(); ++n) {
        if (!(std::isfinite(path_gains[n]) && path_gains[n] >= 0.0)) {
            throw std::invalid_argument("aged: path_gains[" + std::to_string(n) +
                                        "]: expected a finite number that is not negative, found " +
                                        std::to_string(path_gains[n]));
        }
        result.channels[n] *= correlation;
        result.error_variances.push_back(kept * problem.error_variance(n) +
                                         (1.0 - kept) * path_gains[n]);
    }
    return result;
}

}  // namespace aircomp::optimizer
