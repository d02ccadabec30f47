// SPDX-License-Identifier: GPL-3.0-or-later
// The example of a way down, beside the multicast.
#include <cmath>

#include "runtime/full_power.hpp"
#include "schemes/down/registry.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {

Downlink unicast_downlink();

namespace {

struct Brought {
    std::vector<float> sum;
    double seconds;
};

Brought bring(WayDown& way, const Config& config, std::vector<float> sum) {
    RadioCell cell(config, full_power(config));
    cell.enter_block();
    way.bring(cell, std::vector<float>(sum.size()), sum);
    return {sum, cell.ledger().downlink_s};
}

TEST_CASE(
    "the example of a way down brings the multicast's sum, later the more devices there are") {
    Config config = default_config(4);
    config.radio.downlink = "multicast";
    std::vector<float> sum(64);
    for (std::size_t i = 0; i < sum.size(); ++i)
        sum[i] = std::sin(static_cast<float>(i));
    const auto multicast = bring(*make_way_down(config), config, sum);
    const auto unicast = bring(*unicast_downlink().make(nullptr), config, sum);
    CHECK(unicast.sum == multicast.sum);
    // The weakest device takes as long as a multicast, every other one less.
    CHECK(unicast.seconds > multicast.seconds);
    CHECK(unicast.seconds < 4 * multicast.seconds);
}

}  // namespace
}  // namespace aircomp::runtime
