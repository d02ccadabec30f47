// SPDX-License-Identifier: GPL-3.0-or-later
// The multicast's covariance: near what no covariance exceeds, and where it is known in closed form.
#include "aircomp/optimizer/multicast.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>

#include "problems.hpp"
#include "support/catch.hpp"

namespace aircomp::optimizer {
namespace {

using Catch::Contains;
using Eigen::MatrixXcd;

std::vector<MatrixXcd> cell(int seed, ProblemSize size) {
    Random random(seed);
    return random_problem(random, 0, size).channels;
}

/// Q = F F^H of a random F, tr Q = 1, of any rank.
double rate_of_random_covariance(const std::vector<MatrixXcd>& channels, double snr,
                                 Random& random) {
    const Eigen::Index antennas = channels[0].rows();
    const Eigen::Index rank =
        1 + static_cast<Eigen::Index>(uniform(random) * static_cast<double>(antennas));
    MatrixXcd F = draw_channel({antennas, rank, 1, 0}, random);
    F /= F.norm();
    double least = std::numeric_limits<double>::infinity();
    for (const MatrixXcd& H : channels) {
        const MatrixXcd received = H.adjoint() * F;
        const MatrixXcd gram =
            MatrixXcd::Identity(H.cols(), H.cols()) + snr * received * received.adjoint();
        least = std::min(least, std::log2(gram.determinant().real()));
    }
    return least;
}

TEST_CASE("a multicast comes within its tolerance of a bound that nothing exceeds") {
    const ProblemSize size =
        GENERATE(ProblemSize{8, 16, 4, 1}, ProblemSize{4, 8, 2, 1}, ProblemSize{2, 4, 1, 1},
                 ProblemSize{1, 8, 2, 1}, ProblemSize{16, 4, 2, 1});
    const double snr = std::pow(10.0, GENERATE(0.0, 1.0, 2.0, 3.0));
    Random random(9);
    for (int seed = 1; seed <= 5; ++seed) {
        const auto channels = cell(seed, size);
        const Multicast design = design_multicast(channels, snr, {300, 0.01});
        CAPTURE(size.devices, size.receive_antennas, snr, seed, design.steps);
        CHECK(design.factor.norm() == Approx(1));
        CHECK(design.bound_bits_per_use == Approx(1.01 * design.bits_per_use));
        CHECK(design.bits_per_use >= white_multicast_bits(channels, snr));
        const Multicast fine = design_multicast(channels, snr, {3000, 1e-3});
        CHECK(fine.bits_per_use <= design.bound_bits_per_use);
        for (int i = 0; i < 20; ++i)
            CHECK(rate_of_random_covariance(channels, snr, random) <= fine.bound_bits_per_use);
    }
}

TEST_CASE("a multicast that has too few steps says how far from the optimum it may be") {
    const auto channels = cell(2, {8, 16, 4, 1});
    const Multicast design = design_multicast(channels, 10, {2, 1e-6});
    CHECK(design.steps == 2);
    CHECK(design.bound_bits_per_use > 1.01 * design.bits_per_use);
    CHECK(design.bound_bits_per_use >= design_multicast(channels, 10, {3000, 1e-4}).bits_per_use);
}

TEST_CASE("a multicast to one antenna is a beam at its channel") {
    const auto channels = cell(3, {1, 8, 1, 1});
    const double snr = 20;
    const double all = std::log2(1 + snr * channels[0].squaredNorm());
    CHECK(design_multicast(channels, snr, {500, 1e-6}).bits_per_use == Approx(all).epsilon(1e-5));
    CHECK(white_multicast_bits(channels, snr) ==
          Approx(std::log2(1 + snr / 8 * channels[0].squaredNorm())));
}

TEST_CASE("a multicast over orthogonal channels spends power where the weakest needs it") {
    // Rates log2(1 + g_n q_n) are alike where q_n is in proportion to 1 / g_n.
    std::vector<MatrixXcd> channels(2, MatrixXcd::Zero(2, 1));
    channels[0](0, 0) = 2;
    channels[1](1, 0) = 1;
    const Multicast design = design_multicast(channels, 10, {2000, 1e-4});
    CHECK(design.bits_per_use == Approx(std::log2(1 + 10 * 0.8)).epsilon(1e-3));
    CHECK(design.factor.row(0).squaredNorm() == Approx(0.2).epsilon(0.01));
}

TEST_CASE("a multicast's rate does not depend on devices that hear far more than the weakest") {
    auto channels = cell(5, {2, 8, 2, 1});
    const double alone = design_multicast(channels, 10, {300, 1e-3}).bits_per_use;
    channels.push_back(1e4 * MatrixXcd::Identity(8, 8));
    CHECK(design_multicast(channels, 10, {300, 1e-3}).bits_per_use == Approx(alone).epsilon(0.003));
}

TEST_CASE("a multicast refuses channels and signal-to-noise ratios that make no sense") {
    const auto channels = cell(1, {2, 4, 2, 1});
    CHECK_THROWS_WITH(design_multicast({}, 1), Contains("expected channels, found none"));
    CHECK_THROWS_WITH(design_multicast(channels, 0), Contains("snr: expected"));
    CHECK_THROWS_WITH(white_multicast_bits(channels, std::numeric_limits<double>::infinity()),
                      Contains("snr: expected"));
    CHECK_THROWS_WITH(design_multicast(channels, 1, {0, 0.01}), Contains("max_steps"));
    auto other = channels;
    other[1].resize(3, 2);
    CHECK_THROWS_WITH(design_multicast(other, 1), Contains("channels[1]: expected 4 rows"));
    other = channels;
    other[0](0, 0) = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH(design_multicast(other, 1), Contains("channels[0]: expected finite values"));
}

}  // namespace
}  // namespace aircomp::optimizer
