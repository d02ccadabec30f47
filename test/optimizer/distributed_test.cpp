// SPDX-License-Identifier: GPL-3.0-or-later
// The distributed design next to the central one, and the sweep over resource blocks.
#include "aircomp/optimizer/distributed.hpp"

#include <cmath>

#include "aircomp/optimizer/resource_grid.hpp"
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

TEST_CASE("a sweep over neighbouring resource blocks loses no quality") {
    Random random(64);
    std::vector<TransceiverProblem> blocks = {random_problem(random, 20.0)};
    for (int k = 1; k < 8; ++k) {
        blocks.push_back(blocks.back());
        for (auto& H : blocks.back().channels) {
            const double gain = H.norm() / std::sqrt(static_cast<double>(H.size()));
            H = 0.995 * H + 0.1 * gain * complex_normal(random, H.rows(), H.cols());
        }
    }
    const std::vector<Design> swept = design_resource_blocks(blocks);
    REQUIRE(swept.size() == blocks.size());
    double alone = 0.0, together = 0.0;
    int work_alone = 0, work_together = 0;
    for (std::size_t k = 0; k < blocks.size(); ++k) {
        const Design own = design_mmse(blocks[k]);
        alone += own.mse;
        work_alone += own.evaluations;
        together += swept[k].mse;
        work_together += swept[k].evaluations;
    }
    CHECK(together < 1.005 * alone);
    CHECK(work_together < 1.5 * work_alone);  // there and back
    CHECK(design_resource_blocks({}).empty());
}
