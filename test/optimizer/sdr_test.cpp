// SPDX-License-Identifier: GPL-3.0-or-later
// Scheme sdr and its relaxation against CSDP; mmse, uniform and alternating next to it.
#include <Eigen/Eigenvalues>
#include <cmath>

#include "aircomp/optimizer/design.hpp"
#include "aircomp/optimizer/relaxation.hpp"
#include "csdp.hpp"
#include "problems.hpp"
#include "support/catch.hpp"

using namespace aircomp::optimizer;
using Eigen::MatrixXcd;

TEST_CASE("the relaxation's optimum agrees with CSDP's on 50 random problems") {
    if (!csdp_available()) {
        WARN("csdp is not installed: nothing to compare with");
        return;
    }
    Random random(31);
    for (int trial = 0; trial < 50; ++trial) {
        // Small ones, for speed, and every tenth of full size; L = N_t, powers and moments mixed.
        const int streams = 1 + trial % 3;
        TransceiverProblem problem =
            trial % 10 == 0 ? random_problem(random, 10.0)
                            : random_problem(random, 10.0, {2 + trial % 4, 6, streams, streams});
        for (double& P : problem.power_w)
            P = 0.1 + uniform(random);
        for (double& v : problem.second_moments)
            v = 0.1 + uniform(random);
        const Relaxation ours = solve_relaxation(problem);
        const double reference = solve_with_csdp(problem).bound;
        CHECK(ours.value == Approx(reference).epsilon(1e-5));
        CHECK(ours.bound == Approx(reference).epsilon(1e-5));
    }
}

TEST_CASE("the relaxation returns a feasible point and a bound that closes on it") {
    Random random(32);
    for (int trial = 0; trial < 5; ++trial) {
        const TransceiverProblem problem = random_problem(random, 10.0, {4, 8, 4, 2});
        const Relaxation relaxation = solve_relaxation(problem);
        const Eigen::SelfAdjointEigenSolver<MatrixXcd> eigen(relaxation.X);
        CHECK(eigen.eigenvalues()[0] >= -1e-12);
        CHECK(relaxation.X.trace().real() == Approx(1.0));
        CHECK(relaxation.bound >= relaxation.value);
        CHECK(relaxation.bound - relaxation.value <= 1e-6 * relaxation.bound);
    }
}

TEST_CASE("sdr reaches the prototype's error with 100 draws") {
    double sum = 0.0;
    for (int seed = 1; seed <= 30; ++seed) {
        Random random(seed);
        sum += design_sdr(random_problem(random, 10.0)).nmse;
    }
    CHECK(sum / 30 <= 0.172);
}

TEST_CASE("sdr forces zeros within the powers, for any number of streams") {
    Random random(33);
    for (const int streams : {1, 2, 3}) {
        TransceiverProblem problem = random_problem(random, 10.0, {4, 8, 3, streams});
        problem.power_w[1] = 0.25;
        const Design design = design_sdr(problem);
        const MatrixXcd& A = design.transceiver.combiner;
        double most = 0.0;
        for (std::size_t n = 0; n < 4; ++n) {
            const MatrixXcd gain = A * problem.channels[n] * design.transceiver.precoders[n];
            CHECK(gain.isIdentity(1e-6));
            const double spent = transmit_power(problem, design.transceiver, n);
            CHECK(spent <= problem.power_w[n] * (1.0 + 1e-9));
            most = std::max(most, spent / problem.power_w[n]);
        }
        CHECK(most == Approx(1.0));  // the scale is exact: some device is at its limit
        CHECK(design.mse == Approx(problem.noise_power_w * A.squaredNorm()).epsilon(1e-6));
    }
}

TEST_CASE("more draws never hurt sdr") {
    Random random(34);
    const TransceiverProblem problem = random_problem(random, 10.0);
    DesignOptions few, many;
    few.draws = 10;
    many.draws = 500;
    CHECK(design_sdr(problem, many).mse <= design_sdr(problem, few).mse);
    few.draws = 0;
    CHECK_THROWS_WITH(design_sdr(problem, few), Catch::Contains("draws"));
}

TEST_CASE("mmse started from sdr's point is never worse than sdr") {
    Random random(35);
    for (const double snr_db : {0.0, 10.0, 20.0}) {
        for (int trial = 0; trial < 5; ++trial) {
            const TransceiverProblem problem = random_problem(random, snr_db, {6, 8, 3, 2});
            const Design sdr = design_sdr(problem);
            DesignOptions options;
            options.warm_start = sdr.transceiver.combiner;
            CHECK(design_mmse(problem, options).mse <= sdr.mse * (1.0 + 1e-9));
        }
    }
}

TEST_CASE("the relaxation is solved however much the devices' strengths differ") {
    Random random(34);
    for (const double weak : {1e-1, 1e-3, 1e-6}) {
        CAPTURE(weak);
        TransceiverProblem problem = random_problem(random, 20.0);
        for (std::size_t n = 0; n < problem.devices(); n += 2)
            problem.second_moments[n] = weak;
        const Relaxation relaxation = solve_relaxation(problem);
        CHECK(relaxation.bound - relaxation.value <= 1e-6 * relaxation.bound);
        // A device that sends less has an easier constraint: dropping it changes little or nothing.
        TransceiverProblem strong = problem;
        for (std::size_t n = 0; n < problem.devices(); n += 2)
            strong.second_moments[n] = 0;
        CHECK(solve_relaxation(strong).value >= relaxation.value * (1 - 1e-6));
    }
}

TEST_CASE("the relaxation is solved over channels of one strong path and many weak ones") {
    const double rician_factor = GENERATE(0.0, 3.0, 30.0, 1000.0);
    CAPTURE(rician_factor);
    for (unsigned seed = 1; seed <= 5; ++seed) {
        Random random(seed);
        TransceiverProblem problem = random_problem(random, 20.0, {8, 20, 4, 4});
        for (MatrixXcd& channel : problem.channels)
            channel = draw_channel({20, 4, draw_path_gain(random), rician_factor}, random);
        const Relaxation relaxation = solve_relaxation(problem);
        CHECK(relaxation.value > 0);
        CHECK(relaxation.bound - relaxation.value <= 1e-4 * relaxation.bound);
    }
}

TEST_CASE("zero forcing refuses a channel that cannot carry the streams") {
    Random random(36);
    TransceiverProblem problem = random_problem(random, 10.0, {3, 6, 2, 2});
    problem.channels[1].col(1) = problem.channels[1].col(0);
    CHECK_THROWS_WITH(design_sdr(problem), Catch::Contains("channels[1] is rank deficient"));
    problem.power_w.assign(3, 0.0);
    CHECK_THROWS_WITH(design_sdr(problem), Catch::Contains("no device"));
}

TEST_CASE("sdr copes with channels of very different strength or says that it cannot") {
    Random random(37);
    for (const double scale : {1e-12, 1e-4, 1e-2, 1e3}) {
        TransceiverProblem problem = random_problem(random, 10.0, {3, 6, 2, 2});
        problem.channels[0] *= scale;
        try {
            const Design design = design_sdr(problem);
            CHECK(std::isfinite(design.mse));
            CHECK(transmit_power(problem, design.transceiver, 0) <= 1.0 + 1e-9);
        } catch (const std::runtime_error& error) {
            CHECK(std::string(error.what()).find("rounding") != std::string::npos);
        }
    }
}

TEST_CASE("alternating minimisation falls with every round and ends no better than mmse") {
    Random random(38);
    for (int trial = 0; trial < 5; ++trial) {
        const TransceiverProblem problem = random_problem(random, 10.0, {4, 8, 2, 2});
        double before = INFINITY;
        DesignOptions options;
        options.tolerance = 1e-12;
        for (const int rounds : {1, 2, 5, 20, 100, 2000}) {
            options.max_iterations = rounds;
            const double mse = design_alternating(problem, options).mse;
            CHECK(mse <= before * (1.0 + 1e-12));
            before = mse;
        }
        options.max_iterations = 2000;
        options.warm_start = design_alternating(problem, options).transceiver.combiner;
        CHECK(design_mmse(problem, options).mse <= before * (1.0 + 1e-9));
    }
}

TEST_CASE("uniform spends all power and loses to mmse") {
    Random random(39);
    const TransceiverProblem problem = random_problem(random, 10.0);
    const Design design = design_uniform(problem);
    for (std::size_t n = 0; n < problem.devices(); ++n) {
        CHECK(transmit_power(problem, design.transceiver, n) == Approx(problem.power_w[n]));
    }
    CHECK(design.mse > design_mmse(problem).mse);
}
