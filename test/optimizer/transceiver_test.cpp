// SPDX-License-Identifier: GPL-3.0-or-later
// The short-timescale problem, its value (4), and the designs mmse and inversion.
#include "aircomp/optimizer/transceiver.hpp"

#include "aircomp/optimizer/design.hpp"
#include "problems.hpp"
#include "support/catch.hpp"

using namespace aircomp::optimizer;

TEST_CASE("mmse reaches the prototype's error over the SNR") {
    // SYSTEM.md section 4: means over 200 channels with a standard error of 1.1 to 2.1%; here over
    // fewer, so twice three of their standard errors.
    const std::vector<std::pair<double, double>> expected = {
        {0.0, 0.257}, {10.0, 0.0438}, {20.0, 0.00486}, {30.0, 0.00049}};
    for (const auto& [snr_db, nmse] : expected) {
        Random random(1);
        double sum = 0.0;
        int evals = 0;
        constexpr int trials = 100;
        for (int trial = 0; trial < trials; ++trial) {
            const Design d = design_mmse(random_problem(random, snr_db));
            sum += d.nmse;
            evals += d.evaluations;
        }
        UNSCOPED_INFO(snr_db << " " << evals / trials << " " << sum / trials);
        CHECK(sum / trials == Approx(nmse).epsilon(0.1));
    }
}
