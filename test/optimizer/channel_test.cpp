// SPDX-License-Identifier: GPL-3.0-or-later
// Channel models: their powers, distributions and correlations over time.
#include "aircomp/optimizer/channel.hpp"

#include <cmath>
#include <stdexcept>

#include "support/catch.hpp"

using namespace aircomp::optimizer;
using Eigen::MatrixXcd;

TEST_CASE("draws are the same everywhere") {
    Random random(1);
    // mt19937_64 is fixed by the standard, Box-Muller by us: values to rounding of the C library.
    CHECK(uniform(random) == Approx(0.133876644).epsilon(1e-8));
    Random a(2), b(2);
    CHECK(complex_normal(a, 3, 2) == complex_normal(b, 3, 2));
}

TEST_CASE("complex normals have unit power and no mean") {
    Random random(2);
    const MatrixXcd draws = complex_normal(random, 200, 500);
    // 100,000 draws: standard errors 0.0032 of power and mean; four of them.
    CHECK(std::abs(draws.squaredNorm() / 1e5 - 1.0) < 0.013);
    CHECK(std::abs(draws.mean()) < 0.013);
    CHECK(std::abs(draws.cwiseProduct(draws).mean()) < 0.018);  // circular
}

TEST_CASE("path loss follows distance and exponent") {
    CHECK(path_gain(10.0, {1e-4, 1.0, 2.0}) == Approx(1e-6));
    CHECK_THROWS_AS(path_gain(0.0, {}), std::invalid_argument);
    CHECK_THROWS_AS(path_gain(1.0, {1e-4, 1.0, std::nan("")}), std::invalid_argument);
    Random random(3);
    for (int i = 0; i < 1000; ++i) {
        const double gain = draw_path_gain(random);
        CHECK((gain > 0.1 && gain < 1.0));
    }
}

TEST_CASE("a link's mean power is its path gain, whatever its K") {
    Random random(4);
    for (const double K : {0.0, 3.0, 100.0}) {
        double power = 0.0;
        for (int i = 0; i < 2000; ++i)
            power += draw_channel({4, 2, 0.5, K}, random).squaredNorm();
        // 16,000 entries of unit variance at most: standard error below 0.8%.
        CHECK(power / (2000 * 8) == Approx(0.5).epsilon(0.032));
    }
    CHECK_THROWS_AS(draw_channel({0, 2, 1.0, 0.0}, random), std::invalid_argument);
    CHECK_THROWS_AS(draw_channel({2, 2, 1.0, -1.0}, random), std::invalid_argument);
}

TEST_CASE("a Jakes link's correlation over time is a Bessel function") {
    Random random(6);
    constexpr double doppler = 20.0;
    for (const double interval : {0.0, 0.005, 0.02}) {
        double correlation = 0.0;
        for (int i = 0; i < 1000; ++i) {
            const JakesFading link({4, 4, 1.0, 0.0}, doppler, random);
            const MatrixXcd now = link.channel(0.3), later = link.channel(0.3 + interval);
            correlation += now.conjugate().cwiseProduct(later).real().sum();
        }
        // 16,000 entries: standard error below 0.8%.
        CHECK(std::abs(correlation / 16000.0 - jakes_correlation(doppler, interval)) < 0.032);
    }
    CHECK(jakes_correlation(doppler, 0.0) == Approx(1.0));
    CHECK(doppler_hz(3.0, 2.4e9) == Approx(24.0).epsilon(0.01));
}
