// SPDX-License-Identifier: GPL-3.0-or-later
// The short-timescale problem: its value (4) against Monte-Carlo, and what it refuses.
#include "aircomp/optimizer/transceiver.hpp"

#include <cmath>
#include <limits>

#include "aircomp/optimizer/design.hpp"
#include "problems.hpp"
#include "support/catch.hpp"

using namespace aircomp::optimizer;
using Catch::Contains;
using Eigen::MatrixXcd;
using Eigen::VectorXcd;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// Mean of ||A y - sum_n s_n||^2 over independent Gaussian symbols, noise and channel errors, and
// its standard error.
std::pair<double, double> simulate(const TransceiverProblem& problem, const Transceiver& design,
                                   int trials, Random& random) {
    double sum = 0.0, square = 0.0;
    for (int trial = 0; trial < trials; ++trial) {
        const Eigen::Index N_r = problem.receive_antennas();
        VectorXcd y = std::sqrt(problem.noise_power_w) * complex_normal(random, N_r, 1);
        VectorXcd wanted = VectorXcd::Zero(problem.streams);
        for (std::size_t n = 0; n < problem.devices(); ++n) {
            const VectorXcd s =
                std::sqrt(problem.second_moments[n]) * complex_normal(random, problem.streams, 1);
            const MatrixXcd error = std::sqrt(problem.error_variance(n)) *
                                    complex_normal(random, N_r, problem.channels[n].cols());
            y += (problem.channels[n] + error) * design.precoders[n] * s;
            wanted += s;
        }
        const double loss = (design.combiner * y - wanted).squaredNorm();
        sum += loss;
        square += loss * loss;
    }
    const double mean = sum / trials;
    return {mean, std::sqrt((square / trials - mean * mean) / trials)};
}

}  // namespace

TEST_CASE("equation (4) is the mean of what independent vectors suffer") {
    Random random(3);
    TransceiverProblem problem = random_problem(random, 10.0, {3, 6, 2, 2});
    problem.second_moments = {0.5, 1.0, 2.0};
    SECTION("with perfect channel knowledge") {}
    SECTION("with channel errors") {
        problem.error_variances = {0.02, 0.0, 0.05};
    }
    SECTION("with a device that cannot transmit") {
        problem.power_w[1] = 0.0;
    }
    for (const char* name : {"mmse", "inversion"}) {
        const Design design = aircomp::optimizer::design(name, problem);
        const auto [mean, error] = simulate(problem, design.transceiver, 20000, random);
        INFO(name << ": simulated " << mean << " +- " << error);
        CHECK(std::abs(mean - design.mse) < 4.0 * error);
    }
}

TEST_CASE("an estimate of zero has a normalised error of one") {
    Random random(4);
    const TransceiverProblem problem = random_problem(random, 10.0);
    Transceiver silent{MatrixXcd::Zero(4, 16), std::vector<MatrixXcd>(8, MatrixXcd::Zero(4, 4))};
    CHECK(normalized_mean_square_error(problem, silent) == Approx(1.0));
    CHECK(transmit_power(problem, silent, 0) == 0.0);
}

TEST_CASE("a bad problem is refused with the field, the index and what was found") {
    Random random(5);
    TransceiverProblem problem = random_problem(random, 10.0, {3, 4, 2, 2});
    const auto refuses = [&](const std::string& words) {
        for (const std::string& name : designer_names()) {
            CHECK_THROWS_WITH(design(name, problem), Contains(words));
        }
    };
    SECTION("no devices") {
        problem.channels.clear();
        refuses("channels: expected at least one device");
    }
    SECTION("NaN in a channel") {
        problem.channels[1](0, 0) = not_a_number;
        refuses("channels[1]: expected finite");
    }
    SECTION("receive antennas that differ") {
        problem.channels[2] = MatrixXcd::Ones(3, 2);
        refuses("channels[2]: expected 4 rows (receive antennas) as in channels[0], found 3 x 2");
    }
    SECTION("more streams than antennas") {
        problem.streams = 3;
        refuses("channels[0]: expected at least as many antennas on both sides as streams (3)");
    }
    SECTION("no streams") {
        problem.streams = 0;
        refuses("streams");
    }
    SECTION("negative power") {
        problem.power_w[2] = -1.0;
        refuses("power_w[2]");
    }
    SECTION("a power too few") {
        problem.power_w.pop_back();
        refuses("power_w: expected 3 values, one per channel, found 2");
    }
    SECTION("infinite moment") {
        problem.second_moments[0] = INFINITY;
        refuses("second_moments[0]");
    }
    SECTION("nothing to sum") {
        problem.second_moments = {0.0, 0.0, 0.0};
        refuses("nothing to sum");
    }
    SECTION("NaN error variance") {
        problem.error_variances = {0.0, not_a_number, 0.0};
        refuses("error_variances[1]");
    }
    SECTION("sizes whose products overflow") {
        problem.channels[1](0, 1) = 1e60;
        refuses("channels[1]: expected entries of at most 1e50, found 1e+60");
        problem.channels[1](0, 1) = 1.0;
        problem.power_w[0] = 1e-60;
        refuses("power_w[0]: expected a size from 1e-50 to 1e50, found 1e-60");
        problem.power_w[0] = 1.0;
        problem.noise_power_w = 1e60;
        refuses("noise_power_w: expected a size from 1e-50 to 1e50, found 1e+60");
    }
    SECTION("no noise") {
        problem.noise_power_w = 0.0;
        refuses("noise_power_w: expected a finite number above 0, found 0");
    }
}

TEST_CASE("an unknown design is refused with the known names") {
    CHECK_THROWS_WITH(make_designer("mmze"),
                      Contains("'mmze'") && Contains("alternating, inversion, mmse"));
}

TEST_CASE("a transceiver of the wrong shape is refused") {
    Random random(6);
    const TransceiverProblem problem = random_problem(random, 10.0, {2, 4, 2, 2});
    Transceiver transceiver = design_inversion(problem).transceiver;
    transceiver.precoders[1] = MatrixXcd::Zero(3, 2);
    CHECK_THROWS_WITH(mean_square_error(problem, transceiver),
                      Contains("precoders[1]: expected 2 x 2, found 3 x 2"));
    transceiver.precoders.pop_back();
    CHECK_THROWS_AS(mean_square_error(problem, transceiver), std::invalid_argument);
}
