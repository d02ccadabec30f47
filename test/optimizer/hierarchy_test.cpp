// SPDX-License-Identifier: GPL-3.0-or-later
// Clusters: formation, power of the relays, and the two-hop error against Monte-Carlo.
#include "aircomp/optimizer/hierarchy.hpp"

#include <cmath>

#include "problems.hpp"
#include "support/catch.hpp"

using namespace aircomp::optimizer;
using Eigen::MatrixXcd;
using Eigen::VectorXcd;

namespace {

HierarchyProblem two_clusters(Random& random, double snr_db) {
    HierarchyProblem problem;
    for (int c = 0; c < 2; ++c) {
        problem.clusters.push_back(random_problem(random, snr_db, {3, 6, 2, 2}));
        problem.relay_channels.push_back(complex_normal(random, 8, 6));
        problem.relay_power_w.push_back(1.0 + c);
    }
    problem.noise_power_w = std::pow(10.0, -snr_db / 10.0);
    return problem;
}

VectorXcd relay_estimate(const TransceiverProblem& cluster, const Transceiver& design,
                         VectorXcd& wanted, Random& random) {
    VectorXcd y =
        std::sqrt(cluster.noise_power_w) * complex_normal(random, cluster.receive_antennas(), 1);
    for (std::size_t n = 0; n < cluster.devices(); ++n) {
        const VectorXcd s =
            std::sqrt(cluster.second_moments[n]) * complex_normal(random, cluster.streams, 1);
        const MatrixXcd error =
            std::sqrt(cluster.error_variance(n)) *
            complex_normal(random, cluster.channels[n].rows(), cluster.channels[n].cols());
        y += (cluster.channels[n] + error) * design.precoders[n] * s;
        wanted += s;
    }
    return design.combiner * y;
}

}  // namespace

TEST_CASE("the two-hop error is what independent vectors suffer") {
    Random random(51);
    HierarchyProblem problem = two_clusters(random, 10.0);
    problem.clusters[0].second_moments = {0.5, 1.0, 2.0};
    SECTION("with perfect channel knowledge") {}
    SECTION("with errors on the first hop") {
        problem.clusters[1].error_variances = {0.05, 0.0, 0.02};
    }
    SECTION("with errors on the second hop") {
        problem.relay_error_variances = {0.05, 0.1};
    }
    const HierarchyDesign design = design_hierarchy(problem);
    constexpr int trials = 20000;
    double sum = 0.0, square = 0.0, relay_power = 0.0;
    for (int trial = 0; trial < trials; ++trial) {
        VectorXcd wanted = VectorXcd::Zero(2);
        VectorXcd y = std::sqrt(problem.noise_power_w) * complex_normal(random, 8, 1);
        for (std::size_t c = 0; c < 2; ++c) {
            const VectorXcd x =
                design.relay_precoders[c] *
                relay_estimate(problem.clusters[c], design.clusters[c].transceiver, wanted, random);
            if (c == 0) relay_power += x.squaredNorm() / trials;
            y += (problem.relay_channels[c] +
                  std::sqrt(problem.relay_error_variance(c)) * complex_normal(random, 8, 6)) *
                 x;
        }
        const double loss = (design.combiner * y - wanted).squaredNorm();
        sum += loss / trials;
        square += loss * loss / trials;
    }
    const double error = std::sqrt((square - sum * sum) / trials);
    CHECK(std::abs(sum - design.mse) < 4.0 * error);
    // Mean of 20,000 powers with a relative deviation of about 1: 0.7%, four of them.
    CHECK(relay_power <= problem.relay_power_w[0] * 1.03);
    CHECK(design.nmse == Approx(design.mse / (2 * 6.5)));
}

TEST_CASE("a perfect second hop leaves the error of the first") {
    Random random(52);
    HierarchyProblem problem = two_clusters(random, 20.0);
    problem.relay_power_w = {1e9, 1e9};
    const HierarchyDesign design = design_hierarchy(problem);
    const double first = design.clusters[0].mse + design.clusters[1].mse;
    CHECK(design.mse == Approx(first).epsilon(1e-3));
}

TEST_CASE("devices join the relay that hears them best") {
    Eigen::MatrixXd gains(3, 2);
    gains << 0.1, 0.5, 0.9, 0.2, 0.3, 0.3;
    CHECK(form_clusters(gains) == std::vector<std::size_t>{1, 0, 0});
    gains(0, 0) = -1.0;
    CHECK_THROWS_AS(form_clusters(gains), std::invalid_argument);
    CHECK_THROWS_AS(form_clusters(Eigen::MatrixXd(3, 0)), std::invalid_argument);
}

TEST_CASE("a bad hierarchy is refused") {
    Random random(53);
    HierarchyProblem problem = two_clusters(random, 10.0);
    CHECK(problem.channel_uses() == 3);
    problem.relay_power_w.pop_back();
    CHECK_THROWS_WITH(design_hierarchy(problem), Catch::Contains("found 2 and 1"));
    problem = two_clusters(random, 10.0);
    problem.relay_error_variances = {0.1};
    CHECK_THROWS_WITH(design_hierarchy(problem), Catch::Contains("relay error variance"));
    problem = two_clusters(random, 10.0);
    problem.clusters[1].streams = 1;
    CHECK_THROWS_WITH(design_hierarchy(problem), Catch::Contains("clusters[1].streams"));
    problem.clusters.clear();
    CHECK_THROWS_WITH(design_hierarchy(problem), Catch::Contains("at least one"));
}
