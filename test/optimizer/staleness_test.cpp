// SPDX-License-Identifier: GPL-3.0-or-later
// Aged channel knowledge: its statistics, and designs that know their age against those that do
// not.
#include "aircomp/optimizer/staleness.hpp"

#include <cmath>

#include "aircomp/optimizer/design.hpp"
#include "gauss_markov.hpp"
#include "problems.hpp"
#include "support/catch.hpp"

using namespace aircomp::optimizer;

namespace {

struct Moved {
    TransceiverProblem before, after;
    std::vector<double> path_gains;
};

// Four devices before and after a step of the given correlation: Gauss-Markov, or Jakes of 1 Hz
// where a time is given.
Moved move(Random& random, double snr_db, double correlation, double time_s = 0.0) {
    Moved moved;
    moved.before = random_problem(random, snr_db, {4, 8, 2, 2});
    moved.after = moved.before;
    for (std::size_t n = 0; n < 4; ++n) {
        const Link link{8, 2, draw_path_gain(random), 0.0};
        moved.path_gains.push_back(link.path_gain);
        if (time_s > 0.0) {
            const JakesFading fading(link, 1.0, random);
            moved.before.channels[n] = fading.channel(0.0);
            moved.after.channels[n] = fading.channel(time_s);
        } else {
            moved.before.channels[n] = draw_channel(link, random);
            moved.after.channels[n] =
                gauss_markov_step(moved.before.channels[n], link.path_gain, correlation, random);
        }
    }
    return moved;
}

}  // namespace

TEST_CASE("a Gauss-Markov step keeps the power and has the correlation asked for") {
    Random random(5);
    double correlation = 0.0, power = 0.0;
    for (int i = 0; i < 2000; ++i) {
        const Eigen::MatrixXcd before = draw_channel({4, 2, 2.0, 0.0}, random);
        const Eigen::MatrixXcd after = gauss_markov_step(before, 2.0, 0.9, random);
        correlation += before.conjugate().cwiseProduct(after).real().sum();
        power += after.squaredNorm();
    }
    // 16,000 entries of each: standard error below 0.8%.
    CHECK(power / (2000 * 8) == Approx(2.0).epsilon(0.032));
    CHECK(correlation / (2000 * 8) == Approx(0.9 * 2.0).epsilon(0.032));
}

TEST_CASE("the error of an aged design is what the channels' evolution makes of it") {
    // The closed form against the truth, for both models of time: mean of 400 ratios, whose
    // standard deviation of about 0.5 makes 0.025; four of them.
    Random random(81);
    for (const bool jakes : {false, true}) {
        const double time_s = jakes ? 0.03 : 0.0;
        const double rho = jakes ? jakes_correlation(1.0, time_s) : 0.99;
        double ratio = 0.0;
        for (int trial = 0; trial < 400; ++trial) {
            const Moved moved = move(random, 20.0, rho, time_s);
            const TransceiverProblem known = aged(moved.before, moved.path_gains, rho);
            const Design design = design_mmse(known);
            ratio += mean_square_error(moved.after, design.transceiver) / design.mse / 400;
        }
        CHECK(ratio == Approx(1.0).margin(0.1));
    }
}

TEST_CASE("a design that knows its age beats one that does not") {
    Random random(82);
    for (const double rho : {0.999, 0.99, 0.95}) {
        double fresh = 0.0, aware = 0.0, unaware = 0.0;
        for (int trial = 0; trial < 60; ++trial) {
            const Moved moved = move(random, 20.0, rho);
            const auto lost = [&](const TransceiverProblem& known) {
                return mean_square_error(moved.after, design_mmse(known).transceiver);
            };
            fresh += lost(moved.after);
            aware += lost(aged(moved.before, moved.path_gains, rho));
            unaware += lost(moved.before);
        }
        CHECK(fresh < aware);
        CHECK(aware < unaware);
    }
}

TEST_CASE("no time changes nothing, and bad ages are refused") {
    Random random(83);
    TransceiverProblem problem = random_problem(random, 10.0, {2, 4, 2, 2});
    problem.error_variances = {0.01, 0.02};
    const TransceiverProblem same = aged(problem, {1.0, 1.0}, 1.0);
    CHECK(same.channels[1] == problem.channels[1]);
    CHECK(same.error_variances == problem.error_variances);
    CHECK(aged(problem, {0.5, 2.0}, 0.0).error_variances == std::vector<double>{0.5, 2.0});
    CHECK_THROWS_WITH(aged(problem, {1.0}, 0.9), Catch::Contains("expected 2, found 1"));
    CHECK_THROWS_WITH(aged(problem, {1.0, -1.0}, 0.9), Catch::Contains("path_gains[1]"));
    CHECK_THROWS_WITH(aged(problem, {1.0, 1.0}, 1.1), Catch::Contains("correlation"));
}
