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
    const DistributedDesign own = design_distributed(problem, central, {}, random);
    CHECK(own.design.mse == Approx(central.mse).epsilon(1e-12));
    CHECK(own.distributed.pilot_channel_uses == 4);
    CHECK(own.distributed.unicast_reals == 0);
    CHECK(own.central.unicast_reals == 8 * 2 * 16);
}

TEST_CASE("noisy pilots cost error, more pilots cost less") {
    Random random(62);
    double none = 0.0, one = 0.0, ten = 0.0;
    for (int trial = 0; trial < 20; ++trial) {
        const TransceiverProblem problem = random_problem(random, 10.0);
        const Design central = design_mmse(problem);
        DistributedOptions options;
        options.device_noise_power_w = 0.1;
        none += central.mse;
        one += design_distributed(problem, central, options, random).design.mse;
        options.repetitions = 10;
        const DistributedDesign repeated = design_distributed(problem, central, options, random);
        ten += repeated.design.mse;
        CHECK(repeated.distributed.pilot_channel_uses == 40);
        for (std::size_t n = 0; n < problem.devices(); ++n) {
            CHECK(transmit_power(problem, repeated.design.transceiver, n) <= 1.0 + 1e-9);
        }
    }
    CHECK(none < ten);
    CHECK(ten < one);
}

TEST_CASE("bad pilots are refused") {
    Random random(63);
    const TransceiverProblem problem = random_problem(random, 10.0, {2, 4, 2, 2});
    const Design central = design_mmse(problem);
    CHECK_THROWS_WITH(design_distributed(problem, central, {0.0, 0.0, 1}, random),
                      Catch::Contains("server_power_w"));
    CHECK_THROWS_WITH(design_distributed(problem, central, {1.0, 0.0, 0}, random),
                      Catch::Contains("repetitions"));
}
