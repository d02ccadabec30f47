// SPDX-License-Identifier: GPL-3.0-or-later
// The burst format of a list of numbers, as flowgraphs in C++ have it.
#include <gnuradio/aircomp/format_numbers.h>

#include "support/catch.hpp"

namespace gr {
namespace aircomp {
namespace {

TEST_CASE("a burst format is made of its numbers in their order") {
    phy::BurstFormat expected;
    expected.fft_size = 128;
    expected.guard_low = 7;
    expected.guard_high = 8;
    expected.prefix = 20;
    expected.pilots = 6;
    expected.resource_block = 3;
    expected.sounding_symbols = 5;
    expected.data_preamble = 0;
    expected.device_antennas = {1, 2};
    CHECK(format_of({128, 7, 8, 20, 6, 3, 5, 0, 1, 2}) == expected);
}

TEST_CASE("numbers that make no burst format are refused") {
    CHECK_THROWS_WITH(format_of({64, 6, 5, 16, 4, 1, 32, 1}),
                      "burst format: expected at least 9 numbers, found 8");
    CHECK_THROWS_WITH(format_of({64, 6, 5, -1, 4, 1, 32, 1, 1}),
                      "burst format: expected numbers from 0 to 65535, found -1");
    CHECK_THROWS_WITH(format_of({65536, 6, 5, 16, 4, 1, 32, 1, 1}),
                      "burst format: expected numbers from 0 to 65535, found 65536");
}

}  // namespace
}  // namespace aircomp
}  // namespace gr
