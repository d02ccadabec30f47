// SPDX-License-Identifier: GPL-3.0-or-later
// Stochastic successive convex approximation (11) over the shares.
#include "aircomp/optimizer/assignment.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace aircomp::optimizer {
namespace {

using Shares = std::vector<double>;

// rho_t and gamma_t fall to 0, sum to infinity, their squares do not, and gamma_t / rho_t falls to
// 0: what the convergence theorem asks.
double surrogate_weight(int t) {
    return std::pow(10.0 / (10.0 + t), 0.6);
}
double step_length(int t) {
    return 0.5 * std::pow(10.0 / (10.0 + t), 0.9);
}

// max over the feasible set of g^T (m - y): fill the cheapest devices first.
double largest_promise(const Shares& g, const Shares& m, const Shares& limits) {
    std::vector<std::size_t> order(g.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return g[a] < g[b]; });
    double left = 1.0, promise = 0.0;
    for (const std::size_t n : order) {
        const double y = std::min(left, limits[n]);
        left -= y;
        promise += g[n] * (m[n] - y);
    }
    return promise;
}

Shares limits_of(const AssignmentProblem& problem) {
    Shares limits;
    for (std::size_t n = 0; n < problem.devices.size(); ++n) {
        limits.push_back(problem.share_limit(n).least());
    }
    return limits;
}

// A curvature at which the first gradients ask for steps of about an equal share. Where they hardly
// differ, as with one device, it stays large enough for the inner step's differences of gradients.
double fitting_curvature(const AssignmentProblem& problem, const Shares& m, Random random) {
    constexpr int samples = 10;
    constexpr double least_part = 1e-4;
    const double N = static_cast<double>(m.size());
    double spread = 0.0, size = 0.0;
    for (int i = 0; i < samples; ++i) {
        const Shares g = share_gradient(problem, problem.draw_channels(random), m).gradient;
        const double mean = std::accumulate(g.begin(), g.end(), 0.0) / N;
        for (const double g_n : g)
            spread += std::abs(g_n - mean) / N / samples;
        size += std::abs(mean) / samples;
    }
    return std::max({0.5 * N * spread, least_part * size, 1e-12});
}

// Mean over a batch of fresh channels.
ShareGradient sample_gradient(const AssignmentProblem& problem, const Shares& m, int batch,
                              Random& random) {
    ShareGradient mean{0.0, Shares(m.size(), 0.0)};
    for (int draw = 0; draw < batch; ++draw) {
        const ShareGradient one = share_gradient(problem, problem.draw_channels(random), m);
        mean.nmse += one.nmse / batch;
        for (std::size_t n = 0; n < m.size(); ++n)
            mean.gradient[n] += one.gradient[n] / batch;
    }
    return mean;
}

}  // namespace

std::vector<double> minimize_over_shares(const std::vector<double>& linear, double curvature,
                                         const std::vector<double>& limits) {
    // m_n(nu) = clamp((nu - linear_n) / (2 curvature), 0, limit_n) rises with nu, piecewise linear
    // between the points where a device leaves 0 or reaches its limit.
    const auto total = [&](double nu) {
        double sum = 0.0;
        for (std::size_t n = 0; n < linear.size(); ++n) {
            sum += std::clamp((nu - linear[n]) / (2.0 * curvature), 0.0, limits[n]);
        }
        return sum;
    };
    std::vector<double> knots;
    for (std::size_t n = 0; n < linear.size(); ++n) {
        knots.push_back(linear[n]);
        knots.push_back(linear[n] + 2.0 * curvature * limits[n]);
    }
    std::sort(knots.begin(), knots.end());
    const auto above = std::partition_point(knots.begin(), knots.end(),
                                            [&](double nu) { return total(nu) < 1.0; });
    double nu = above == knots.end() ? knots.back() : *above;
    if (above != knots.begin() && above != knots.end()) {
        const double low = *(above - 1), at_low = total(low), at_high = total(nu);
        nu = low + (nu - low) * (1.0 - at_low) / (at_high - at_low);
    }
    std::vector<double> m;
    for (std::size_t n = 0; n < linear.size(); ++n) {
        m.push_back(std::clamp((nu - linear[n]) / (2.0 * curvature), 0.0, limits[n]));
    }
    return m;
}

std::vector<double> nearest_feasible(const AssignmentProblem& problem,
                                     const std::vector<double>& shares) {
    problem.validate();
    problem.require_feasible();
    Shares linear;
    for (const double m : shares)
        linear.push_back(-2.0 * m);
    return minimize_over_shares(linear, 1.0, limits_of(problem));
}

Assignment assign_shares(const AssignmentProblem& problem, const AssignmentOptions& options) {
    problem.validate();
    problem.require_feasible();
    if (options.batch < 1) {
        throw std::invalid_argument("assignment options: batch: expected at least 1, found " +
                                    std::to_string(options.batch));
    }
    const std::size_t N = problem.devices.size();
    const Shares limits = limits_of(problem);
    // In proportion to the limits: inside all of them, where no device is out of power.
    Shares m = limits;
    const double sum = std::accumulate(m.begin(), m.end(), 0.0);
    for (double& m_n : m)
        m_n /= sum;
    Random random(options.seed);
    const double kappa =
        options.curvature > 0.0 ? options.curvature : fitting_curvature(problem, m, random);
    Assignment result;
    Shares linear(N, 0.0);   // the surrogate's
    Shares average(N, 0.0);  // of all gradients, weights rising with t: less noise than (11) keeps
    double nmse = 0.0;
    constexpr int steps_to_settle = 10;
    int settled = 0;
    for (int t = 0; t < options.max_iterations && !result.converged; ++t) {
        const ShareGradient sample = sample_gradient(problem, m, options.batch, random);
        const double rho = surrogate_weight(t);
        nmse += rho * (sample.nmse - nmse);
        for (std::size_t n = 0; n < N; ++n) {
            linear[n] += rho * (sample.gradient[n] - 2.0 * kappa * m[n] - linear[n]);
            average[n] += 2.0 / (t + 2.0) * (sample.gradient[n] - average[n]);
        }
        const double stationarity = largest_promise(average, m, limits) / nmse;
        result.trace.push_back({nmse, stationarity, m});
        settled = stationarity <= options.tolerance ? settled + 1 : 0;
        result.converged = settled == steps_to_settle;
        const Shares best = minimize_over_shares(linear, kappa, limits);
        for (std::size_t n = 0; n < N; ++n)
            m[n] += step_length(t) * (best[n] - m[n]);
        if (options.progress) options.progress(t + 1, options.max_iterations);
    }
    result.shares = m;
    result.nmse = expected_nmse(problem, m, options.channels, options.seed + 1);
    for (std::size_t n = 0; n < N; ++n) {
        result.power_w.push_back(problem.power_w(n, m[n]));
        result.energy_j.push_back(problem.energy_j(n, m[n]));
    }
    return result;
}

}  // namespace aircomp::optimizer
