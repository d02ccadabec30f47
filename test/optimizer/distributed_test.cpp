// SPDX-License-Identifier: GPL-3.0-or-later
// The distributed design next to the central one.
#include "aircomp/optimizer/distributed.hpp"

#include "problems.hpp"
#include "support/catch.hpp"

using namespace aircomp::optimizer;

TEST_CASE("with noiseless pilots the devices find the central precoders") {
    Random random(61);
    TransceiverProblem problem = random_problem(random, 10.0);
    SECTION("with perfect channel knowledge") {}
    SECTION("with channel errors") {
        problem.error_variances.assign(8, 0.01);
    }
    SECTION("with a device that cannot transmit") {
        problem.power_w[3] = 0.0;
    }
    const Design central = design_mmse(problem);
    const Design own = design_distributed(problem, central.transceiver.combiner, {}, random);
    CHECK(own.mse == Approx(central.mse).epsilon(1e-12));
}

TEST_CASE("a distributed design costs the same for any devices, a central one more with each") {
    const ControlCost own = distributed_cost(4, 10);
    CHECK(own.pilot_channel_uses == 40);
    CHECK(own.broadcast_reals == 2);
    CHECK(own.unicast_reals == 0);
    // Eight devices of four antennas, four streams, two reals a coefficient.
    const ControlCost central = centralized_cost(4, 8 * 4);
    CHECK(central.pilot_channel_uses == 0);
    CHECK(central.broadcast_reals == 0);
    CHECK(central.unicast_reals == 8 * 2 * 16);
}

TEST_CASE("noisy pilots cost error, more pilots cost less") {
    Random random(62);
    double none = 0.0, one = 0.0, ten = 0.0;
    for (int trial = 0; trial < 20; ++trial) {
        const TransceiverProblem problem = random_problem(random, 10.0);
        const Design central = design_mmse(problem);
        const Eigen::MatrixXcd& combiner = central.transceiver.combiner;
        DistributedOptions options;
        options.device_noise_power_w = 0.1;
        none += central.mse;
        one += design_distributed(problem, combiner, options, random).mse;
        options.repetitions = 10;
        const Design repeated = design_distributed(problem, combiner, options, random);
        ten += repeated.mse;
        for (std::size_t n = 0; n < problem.devices(); ++n) {
            CHECK(transmit_power(problem, repeated.transceiver, n) <= 1.0 + 1e-9);
        }
    }
    CHECK(none < ten);
    CHECK(ten < one);
}

TEST_CASE("bad pilots are refused") {
    Random random(63);
    const TransceiverProblem problem = random_problem(random, 10.0, {2, 4, 2, 2});
    const Eigen::MatrixXcd combiner = design_mmse(problem).transceiver.combiner;
    CHECK_THROWS_WITH(design_distributed(problem, combiner, {0.0, 0.0, 1}, random),
                      Catch::Contains("server_power_w"));
    CHECK_THROWS_WITH(design_distributed(problem, combiner, {1.0, 0.0, 0}, random),
                      Catch::Contains("repetitions"));
}
