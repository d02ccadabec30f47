// SPDX-License-Identifier: GPL-3.0-or-later
// The long timescale: constraints, gradients, exact inner step, convergence, brute force, units.
#include "aircomp/optimizer/assignment.hpp"

#include <cmath>
#include <numeric>

#include "aircomp/optimizer/apportion.hpp"
#include "aircomp/optimizer/design.hpp"
#include "support/catch.hpp"

using namespace aircomp::optimizer;
using Catch::Contains;

namespace {

// Three devices: near and frugal, middling, far and wasteful. At a full share computing takes 0.5,
// 1 and 2 of the energy that transmission could use.
AssignmentProblem unequal_devices() {
    AssignmentProblem problem;
    problem.streams = 2;
    problem.noise_power_w = 0.1;
    problem.model_bytes = 1e9;
    problem.token_flops = 1e9;
    const double gains[] = {1.0, 0.5, 0.15}, costs[] = {0.5e-9, 1e-9, 2e-9};
    for (int n = 0; n < 3; ++n) {
        AssignmentDevice device;
        device.link = {6, 2, gains[n], 0.0};
        device.energy_per_flop_j = costs[n];
        problem.devices.push_back(device);
    }
    return problem;
}

}  // namespace

TEST_CASE("computing takes from the power that is left (9)") {
    AssignmentProblem problem = unequal_devices();
    problem.devices[0].max_power_w = 0.8;
    CHECK(problem.power_w(0, 0.0) == 0.8);
    CHECK(problem.power_w(0, 0.5) == Approx(0.75));
    CHECK(problem.power_w(2, 0.5) == Approx(0.0).margin(1e-12));
    CHECK(problem.power_w(2, 0.9) == 0.0);
    CHECK(problem.energy_j(1, 0.5) == Approx(1.0));
    CHECK(problem.energy_j(1, 0.0) == 0.0);
}

TEST_CASE("the least of memory, time and energy limits a share") {
    AssignmentProblem problem = unequal_devices();
    problem.devices[0].memory_bytes = 0.3e9;
    problem.devices[1].flops_per_s = 0.4e9;
    problem.devices[2].min_power_w = 0.5;
    CHECK(problem.share_limit(0).least() == Approx(0.3));
    CHECK(std::string(problem.share_limit(0).name()) == "memory");
    CHECK(problem.share_limit(1).least() == Approx(0.4));
    CHECK(std::string(problem.share_limit(1).name()) == "compute time");
    CHECK(problem.share_limit(2).least() == Approx(0.25));
    CHECK(std::string(problem.share_limit(2).name()) == "energy");
    CHECK_THROWS_WITH(assign_shares(problem), Contains("hold 0.95 of the model, short by 0.05") &&
                                                  Contains("device 0 at most 0.3 (memory)") &&
                                                  Contains("device 1 at most 0.4 (compute time)") &&
                                                  Contains("device 2 at most 0.25 (energy)"));
}

TEST_CASE("a bad assignment problem is refused by field and device") {
    AssignmentProblem problem = unequal_devices();
    problem.devices[1].flops_per_s = 0.0;
    CHECK_THROWS_WITH(assign_shares(problem), Contains("devices[1].flops_per_s"));
    problem = unequal_devices();
    problem.air_time_s = std::nan("");
    CHECK_THROWS_WITH(assign_shares(problem), Contains("air_time_s"));
    problem = unequal_devices();
    problem.devices.clear();
    CHECK_THROWS_WITH(assign_shares(problem), Contains("devices"));
}

TEST_CASE("the inner step is the exact minimum over the capped simplex") {
    Random random(41);
    for (int trial = 0; trial < 200; ++trial) {
        const std::size_t N = 2 + random() % 6;
        std::vector<double> linear, limits;
        double sum = 0.0;
        for (std::size_t n = 0; n < N; ++n) {
            linear.push_back(4.0 * uniform(random) - 2.0);
            limits.push_back(uniform(random));
            sum += limits.back();
        }
        if (sum < 1.0) limits[0] += 1.0 - sum;
        const double kappa = 0.1 + uniform(random);
        const std::vector<double> m = minimize_over_shares(linear, kappa, limits);
        REQUIRE(std::accumulate(m.begin(), m.end(), 0.0) == Approx(1.0).epsilon(1e-12));
        // KKT: no pair of devices can gain by moving share from one to the other.
        for (std::size_t a = 0; a < N; ++a) {
            CHECK((m[a] >= 0.0 && m[a] <= limits[a]));
            for (std::size_t b = 0; b < N; ++b) {
                const bool can_move = m[a] > 1e-12 && m[b] < limits[b] - 1e-12;
                const double gain = linear[a] + 2 * kappa * m[a] - linear[b] - 2 * kappa * m[b];
                if (can_move) CHECK(gain <= 1e-9);
            }
        }
    }
}

TEST_CASE("the gradient over the shares is that of the optimal error") {
    AssignmentProblem problem = unequal_devices();
    Random random(42);
    SECTION("with perfect channel knowledge") {}
    SECTION("with channel errors") {
        for (AssignmentDevice& device : problem.devices)
            device.error_variance = 0.02 * device.link.path_gain;
    }
    const auto channels = problem.draw_channels(random);
    const std::vector<double> shares = {0.5, 0.35, 0.15};
    DesignOptions options;
    options.tolerance = 1e-12;
    const auto nmse = [&](const std::vector<double>& m) {
        return design_mmse(problem.transceiver_problem(channels, m), options).mse / (2 * 3);
    };
    const std::vector<double> gradient = share_gradient(problem, channels, shares).gradient;
    for (std::size_t n = 0; n < 3; ++n) {
        std::vector<double> up = shares, down = shares;
        up[n] += 1e-3;
        down[n] -= 1e-3;
        // 1%: share_gradient designs to a relative 1e-5 of the error, its gradient is less exact.
        CHECK((nmse(up) - nmse(down)) / 2e-3 == Approx(gradient[n]).epsilon(0.01));
    }
}

TEST_CASE("the gradient over the shares of zero forcing is that of the limiting device") {
    AssignmentProblem problem = unequal_devices();
    problem.scheme = "inversion";
    Random random(42);
    const auto channels = problem.draw_channels(random);
    const std::vector<double> shares = {0.5, 0.35, 0.15};
    const auto nmse = [&](const std::vector<double>& m) {
        return design_inversion(problem.transceiver_problem(channels, m)).mse / (2 * 3);
    };
    const ShareGradient found = share_gradient(problem, channels, shares);
    int limiting = 0;
    for (std::size_t n = 0; n < 3; ++n) {
        std::vector<double> up = shares, down = shares;
        up[n] += 1e-6;
        down[n] -= 1e-6;
        const double slope = (nmse(up) - nmse(down)) / 2e-6;
        // Relative to the whole: the differences cost digits.
        CHECK(slope == Approx(found.gradient[n]).epsilon(1e-5).margin(1e-6 * found.nmse));
        limiting += found.gradient[n] > 1e-9 * found.nmse;
    }
    CHECK(limiting == 1);
    problem.scheme = "uniform";
    CHECK_THROWS_WITH(share_gradient(problem, channels, shares),
                      "assignment problem: scheme: expected one that reports multipliers, found "
                      "'uniform'");
}

TEST_CASE("shares chosen for the paper's design make its error smaller than equal ones") {
    AssignmentProblem problem = unequal_devices();
    problem.scheme = "sdr";
    AssignmentOptions options;
    options.max_iterations = 60;
    options.channels = 60;
    const Assignment assignment = assign_shares(problem, options);
    const double equal =
        expected_nmse(problem, {1.0 / 3, 1.0 / 3, 1.0 / 3}, options.channels, options.seed + 1)
            .mean;
    CHECK(assignment.nmse.mean < 0.8 * equal);
}

TEST_CASE("an error is expected of shares that are one for each device") {
    CHECK_THROWS_WITH(expected_nmse(unequal_devices(), {0.5, 0.5}, 4, 1),
                      "expected_nmse: shares: expected one for each of 3 devices, found 2");
}

TEST_CASE("stochastic SCA finds what brute force finds") {
    const AssignmentProblem problem = unequal_devices();
    AssignmentOptions options;
    options.tolerance = 0.003;
    const Assignment assignment = assign_shares(problem, options);
    double least = INFINITY;
    constexpr int steps = 20, draws = 150;
    for (int i = 0; i <= steps; ++i) {
        for (int j = 0; i + j <= steps; ++j) {
            const double a = static_cast<double>(i) / steps, b = static_cast<double>(j) / steps;
            const std::vector<double> shares = {a, b, std::max(0.0, 1.0 - a - b)};
            least = std::min(least, expected_nmse(problem, shares, draws, 7).mean);
        }
    }
    const double found = expected_nmse(problem, assignment.shares, draws, 7).mean;
    // The same channels for all; the grid of 0.05 may itself be off its own minimum.
    CHECK(found < 1.01 * least);
    const double equal = expected_nmse(problem, {1.0 / 3, 1.0 / 3, 1.0 / 3}, draws, 7).mean;
    CHECK(found < 0.8 * equal);
}

TEST_CASE("shares sum to one where gradients do not differ, as with one device") {
    AssignmentProblem problem = unequal_devices();
    problem.devices = {problem.devices[0]};
    problem.noise_power_w = 10;
    AssignmentOptions options;
    options.max_iterations = 50;
    for (options.seed = 1; options.seed <= 20; ++options.seed)
        CHECK(std::abs(assign_shares(problem, options).shares[0] - 1) < 1e-9);
}

TEST_CASE("the stationarity residual falls and stops the search") {
    const AssignmentProblem problem = unequal_devices();
    AssignmentOptions options;
    options.tolerance = 0.02;
    const Assignment assignment = assign_shares(problem, options);
    REQUIRE(assignment.converged);
    CHECK(assignment.trace.size() < 2000);
    CHECK(assignment.trace.back().stationarity < 0.1 * assignment.trace.front().stationarity);
    for (const AssignmentStep& step : assignment.trace) {
        CHECK(step.stationarity >= -1e-12);
        CHECK(std::accumulate(step.shares.begin(), step.shares.end(), 0.0) == Approx(1.0));
    }
    options.max_iterations = 3;
    CHECK_FALSE(assign_shares(problem, options).converged);
}

TEST_CASE("limits hold along the way and energy is within budget") {
    AssignmentProblem problem = unequal_devices();
    problem.devices[0].memory_bytes = 0.4e9;
    problem.devices[2].min_power_w = 0.5;
    const Assignment assignment = assign_shares(problem);
    for (const AssignmentStep& step : assignment.trace) {
        CHECK(step.shares[0] <= 0.4 + 1e-12);
        CHECK(step.shares[2] <= 0.25 + 1e-12);
    }
    for (std::size_t n = 0; n < 3; ++n) {
        CHECK(assignment.energy_j[n] <= problem.devices[n].energy_j + 1e-12);
    }
    CHECK(assignment.power_w[2] >= 0.5 - 1e-12);
}

TEST_CASE("the same seed assigns the same shares") {
    AssignmentOptions options;
    options.max_iterations = 60;
    options.channels = 10;
    CHECK(assign_shares(unequal_devices(), options).shares ==
          assign_shares(unequal_devices(), options).shares);
}

TEST_CASE("whole units are never worse than plain rounding and sum exactly") {
    const AssignmentProblem problem = unequal_devices();
    for (const std::vector<double>& shares :
         {std::vector<double>{0.62, 0.3, 0.08}, {0.45, 0.45, 0.1}, {1.0, 0.0, 0.0}}) {
        const IntegralAssignment units = refine_to_units(problem, shares, {4, 96, 0.3}, 10);
        CHECK(units.nmse <= units.rounded_nmse);
        CHECK(std::accumulate(units.kv_groups.begin(), units.kv_groups.end(), std::int64_t{0}) ==
              4);
        CHECK(std::accumulate(units.ffn_columns.begin(), units.ffn_columns.end(),
                              std::int64_t{0}) == 96);
        CHECK(std::accumulate(units.shares.begin(), units.shares.end(), 0.0) == Approx(1.0));
    }
    CHECK_THROWS_WITH(refine_to_units(problem, {0.5, 0.5}, {4, 96, 0.3}), Contains("found 2"));
    CHECK_THROWS_AS(refine_to_units(problem, {1.0, 0.0, 0.0}, {0, 96, 0.3}), std::invalid_argument);
}

TEST_CASE("no neighbour of the real shares has whole units with a smaller error") {
    const AssignmentProblem problem = unequal_devices();
    const std::vector<double> shares = {0.55, 0.33, 0.12};
    const LayerUnits units{5, 100, 0.35, 0.35};
    constexpr int draws = 8, seed = 3;
    Random random(seed);
    std::vector<std::vector<Eigen::MatrixXcd>> channels;
    for (int i = 0; i < draws; ++i)
        channels.push_back(problem.draw_channels(random));
    using Units = std::vector<std::int64_t>;
    const auto nmse = [&](const Units& groups, const Units& columns) {
        std::vector<double> held(3), attention(3), mlp(3);
        for (std::size_t n = 0; n < 3; ++n) {
            attention[n] = static_cast<double>(groups[n]) / 5.0;
            mlp[n] = static_cast<double>(columns[n]) / 100.0;
            held[n] = 0.35 * attention[n] + 0.65 * mlp[n];
        }
        double sum = 0.0;
        for (const auto& H : channels) {
            for (const auto& site : {attention, mlp}) {
                TransceiverProblem block = problem.transceiver_problem(H, held);
                for (std::size_t n = 0; n < 3; ++n)
                    block.second_moments[n] = 3.0 * site[n];
                sum += design_mmse(block).nmse / (2 * draws);
            }
        }
        return sum;
    };
    const IntegralAssignment found = refine_to_units(problem, shares, units, draws, seed);
    CHECK(found.nmse == Approx(nmse(found.kv_groups, found.ffn_columns)).epsilon(1e-12));
    const Units rounded = apportion(shares, 100);
    for (std::int64_t a = 0; a <= 5; ++a) {
        for (std::int64_t b = 0; a + b <= 5; ++b) {
            const Units groups = {a, b, 5 - a - b};
            std::vector<double> left(3);
            double sum = 0.0;
            for (std::size_t n = 0; n < 3; ++n) {
                left[n] = std::max(0.0, shares[n] - 0.35 * static_cast<double>(groups[n]) / 5.0);
                sum += left[n];
            }
            for (double& share : left)
                share /= sum;
            CHECK(found.nmse <= nmse(groups, rounded) * (1.0 + 1e-12));
            CHECK(found.nmse <= nmse(groups, apportion(left, 100)) * (1.0 + 1e-12));
        }
    }
}

TEST_CASE("whole units respect what a device can hold") {
    AssignmentProblem problem = unequal_devices();
    problem.devices[0].memory_bytes = 0.55e9;
    // Half of three groups rounds to two: 0.2 + 0.35 columns would be too much for device 0.
    const IntegralAssignment units = refine_to_units(problem, {0.55, 0.4, 0.05}, {3, 100, 0.3}, 10);
    CHECK(units.shares[0] <= 0.55 + 0.7 / 100 + 1e-12);
}
