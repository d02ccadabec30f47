// SPDX-License-Identifier: GPL-3.0-or-later
// Seeds are SplitMix64's, so that whoever knows the generator can draw them elsewhere.
#include "gnuradio/aircomp/phy/seed.hpp"

#include "support/catch.hpp"

using gr::aircomp::phy::derive_seed;

TEST_CASE("derived seeds are the generator's outputs") {
    // Of Vigna's splitmix64.c from the state 1234567.
    constexpr std::uint64_t outputs[] = {6457827717110365317U, 3203168211198807973U,
                                         9817491932198370423U, 4593380528125082431U,
                                         16408922859458223821U};
    for (std::uint64_t index = 0; index < 5; ++index)
        CHECK(derive_seed(1234567, index) == outputs[index]);
}
