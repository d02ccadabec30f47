// SPDX-License-Identifier: GPL-3.0-or-later
// Largest-remainder apportionment of shares to whole units.
#include "aircomp/optimizer/apportion.hpp"

#include <cmath>
#include <numeric>
#include <stdexcept>

#include "aircomp/optimizer/random.hpp"
#include "support/catch.hpp"

using namespace aircomp::optimizer;
using Units = std::vector<std::int64_t>;

TEST_CASE("shares that are whole numbers of units are kept") {
    CHECK(apportion({0.5, 0.25, 0.25}, 8) == Units{4, 2, 2});
    CHECK(apportion({0.4, 0.3, 0.2, 0.1}, 10) == Units{4, 3, 2, 1});
    CHECK(apportion({1.0}, 7) == Units{7});
}

TEST_CASE("ties go to the lowest index and zero shares get nothing") {
    CHECK(apportion({1.0 / 3, 1.0 / 3, 1.0 / 3}, 4) == Units{2, 1, 1});
    CHECK(apportion({0.0, 0.5, 0.0, 0.5}, 3) == Units{0, 2, 0, 1});
    CHECK(apportion({0.25, 0.25, 0.25, 0.25}, 2) == Units{1, 1, 0, 0});
    CHECK(apportion({0.6, 0.4}, 0) == Units{0, 0});
}

TEST_CASE("sums are exact and every count is within one of its quota") {
    Random random(7);
    for (int trial = 0; trial < 500; ++trial) {
        std::vector<double> shares(1 + random() % 8);
        for (double& share : shares)
            share = uniform(random) < 0.2 ? 0.0 : uniform(random);
        shares[0] += 0.01;
        const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
        for (double& share : shares)
            share /= sum;
        const std::int64_t units = static_cast<std::int64_t>(random() % 6000);
        const Units whole = apportion(shares, units);
        REQUIRE(std::accumulate(whole.begin(), whole.end(), std::int64_t{0}) == units);
        for (std::size_t n = 0; n < shares.size(); ++n) {
            CHECK(std::abs(static_cast<double>(whole[n]) - shares[n] * units) < 1.0 + 1e-6);
            if (shares[n] == 0.0) CHECK(whole[n] == 0);
        }
    }
}

TEST_CASE("bad shares are refused with what is wrong") {
    CHECK_THROWS_WITH(apportion({0.5, 0.4}, 4), Catch::Contains("found 0.9 over 2 devices"));
    CHECK_THROWS_WITH(apportion({1.5, -0.5}, 4), Catch::Contains("shares[1]"));
    CHECK_THROWS_WITH(apportion({std::nan(""), 1.0}, 4), Catch::Contains("shares[0]"));
    CHECK_THROWS_AS(apportion({}, 4), std::invalid_argument);
    CHECK_THROWS_AS(apportion({1.0}, -1), std::invalid_argument);
}
