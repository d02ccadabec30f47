// SPDX-License-Identifier: GPL-3.0-or-later
// Slices from shares within memory.
#include "daemon/coordinator/slice_plan.hpp"

#include "engine/assignment.hpp"
#include "engine/layout.hpp"
#include "runtime/small_model.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime::testbed {
namespace {

const UnitBytes bytes = {25, 50, 1};  // 8 heads, 4 groups and 160 columns: 560 bytes.

void check_whole(const std::vector<inference::Slice>& slices,
                 const std::vector<Candidate>& candidates, const UnitBytes& unit = bytes) {
    std::int64_t heads = 0, columns = 0;
    for (std::size_t n = 0; n < slices.size(); ++n) {
        heads += slices[n].heads.size();
        columns += slices[n].ffn_columns.size();
        CHECK(bytes_of(small_model(), unit, slices[n]) <= candidates[n].memory_bytes);
    }
    CHECK(heads == 8);
    CHECK(columns == 160);
}

TEST_CASE("shares are in proportion to the weights where memory is ample") {
    const std::vector<Candidate> candidates = {{"a", 0.4, 1e6}, {"b", 0.4, 1e6}};
    const auto slices = plan_slices(small_model(), bytes, candidates);
    check_whole(slices, candidates);
    CHECK(slices[0].heads.size() == 4);
    CHECK(slices[1].ffn_columns.size() == 80);
}

TEST_CASE("who has no room leaves the rest to the others") {
    const std::vector<Candidate> candidates = {{"a", 0.8, 150}, {"b", 0.1, 300}, {"c", 0.1, 300}};
    check_whole(plan_slices(small_model(), bytes, candidates), candidates);
    const std::vector<Candidate> tight = {{"a", 0, 180}, {"b", 0, 180}, {"c", 0, 210}};
    check_whole(plan_slices(small_model(), bytes, tight), tight);
}

TEST_CASE("who holds weights in a wider type gets what its memory holds of them") {
    // The model takes 560 bytes on the others, four times that on b.
    std::vector<Candidate> candidates = {{"a", 1, 300}, {"b", 1, 1200}, {"c", 1, 300}};
    candidates[1].bytes = UnitBytes{100, 200, 4};
    const auto slices = plan_slices(small_model(), bytes, candidates);
    check_whole(slices, candidates);
    CHECK(bytes_of(small_model(), *candidates[1].bytes, slices[1]) <= 1200);
    CHECK(!slices[1].ffn_columns.empty());
    candidates[1].memory_bytes = 300;
    try {
        plan_slices(small_model(), bytes, {candidates[0], candidates[1]});
        FAIL("a quarter of b's memory is of use");
    } catch (const ModelDoesNotFit& error) {
        CHECK(std::string(error.what()).find("no division") != std::string::npos);
    }
}

TEST_CASE("a model that does not fit is refused with what is missing") {
    try {
        plan_slices(small_model(), bytes, {{"a", 1, 200}, {"b", 1, 300}});
        FAIL("it does not fit");
    } catch (const ModelDoesNotFit& error) {
        CHECK(std::string(error.what()).find("short by 60") != std::string::npos);
        CHECK(std::string(error.what()).find("a 200, b 300") != std::string::npos);
    }
    CHECK_THROWS_AS(plan_slices(small_model(), bytes, {}), ModelDoesNotFit);
    // Enough in all, but too little in each for whole units.
    CHECK_THROWS_AS(plan_slices(small_model(), bytes,
                                {{"a", 1, 95}, {"b", 1, 95}, {"c", 1, 95}, {"d", 1, 300}}),
                    ModelDoesNotFit);
}

/// What small_model() takes in float32: 540672 bytes.
const UnitBytes small_bytes = {12288, 18432, 2304};

/// The example's four unequal devices with a scheme that chooses their shares.
Config choosing() {
    Config config = default_config();
    config.scheme = "mmse+sca";
    return config;
}

std::vector<inference::Slice> chosen(const Config& config, const std::vector<std::size_t>& devices,
                                     const std::vector<Candidate>& candidates) {
    return choose_slices(config, small_model(), 4, small_bytes, devices, candidates);
}

TEST_CASE("a scheme's own shares are those of one process where all devices are there") {
    const Config config = choosing();
    std::vector<Candidate> candidates;
    for (const DeviceConfig& device : config.devices)
        candidates.push_back({device.name, 1, device.memory_bytes});
    const auto slices = chosen(config, {0, 1, 2, 3}, candidates);
    check_whole(slices, candidates, small_bytes);
    const auto alone = assign(config, small_model(), 4);
    for (std::size_t n = 0; n < slices.size(); ++n) {
        CHECK(slices[n].heads.size() == alone.kv_groups[n]);
        CHECK(slices[n].ffn_columns.size() == alone.ffn_columns[n]);
    }
}

TEST_CASE("a scheme's own shares are chosen anew for those that are left, in what they have") {
    Config config = choosing();
    const std::vector<Candidate> one = {{"c", 1, 1e6}};
    check_whole(chosen(config, {2}, one), one, small_bytes);
    const std::vector<Candidate> two = {{"b", 1, 200e3}, {"d", 1, 400e3}};
    check_whole(chosen(config, {1, 3}, two), two, small_bytes);

    // The slower of two has no time for more than little.
    config.testbed.shares = ShareSource::measured;
    const double flops = token_flops(config, small_model(), inference::whole_model(small_model()));
    config.assignment.compute_time_s = 1;
    const std::vector<Candidate> fast = {{"b", 0.3 * flops, 1e6}, {"d", 2 * flops, 1e6}};
    const auto slices = chosen(config, {1, 3}, fast);
    check_whole(slices, fast, small_bytes);
    // A column more or less is what whole units leave.
    CHECK(token_flops(config, small_model(), slices[0]) <= 0.31 * flops);
    const std::vector<Candidate> slow = {{"b", 0.3 * flops, 1e6}, {"d", 0.3 * flops, 1e6}};
    CHECK_THROWS_AS(chosen(config, {1, 3}, slow), ModelDoesNotFit);
    CHECK_THROWS_AS(chosen(config, {}, {}), ModelDoesNotFit);
}

}  // namespace
}  // namespace aircomp::runtime::testbed
