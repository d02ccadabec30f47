// SPDX-License-Identifier: GPL-3.0-or-later
// Slices from shares within memory.
#include "testbed/slice_plan.hpp"

#include "runtime/small_model.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime::testbed {
namespace {

constexpr UnitBytes bytes = {100, 1};  // 4 groups and 160 columns: 560 bytes.

void check_whole(const std::vector<inference::Slice>& slices,
                 const std::vector<Candidate>& candidates) {
    std::int64_t groups = 0, columns = 0;
    for (std::size_t n = 0; n < slices.size(); ++n) {
        groups += slices[n].kv_groups.size();
        columns += slices[n].ffn_columns.size();
        CHECK(100.0 * static_cast<double>(slices[n].kv_groups.size()) +
                  static_cast<double>(slices[n].ffn_columns.size()) <=
              candidates[n].memory_bytes);
    }
    CHECK(groups == 4);
    CHECK(columns == 160);
}

TEST_CASE("shares are in proportion to the weights where memory is ample") {
    const std::vector<Candidate> candidates = {{"a", 0.4, 1e6}, {"b", 0.4, 1e6}};
    const auto slices = plan_slices(small_model(), bytes, candidates);
    check_whole(slices, candidates);
    CHECK(slices[0].kv_groups.size() == 2);
    CHECK(slices[1].ffn_columns.size() == 80);
}

TEST_CASE("who has no room leaves the rest to the others") {
    const std::vector<Candidate> candidates = {{"a", 0.8, 150}, {"b", 0.1, 300}, {"c", 0.1, 300}};
    check_whole(plan_slices(small_model(), bytes, candidates), candidates);
    const std::vector<Candidate> tight = {{"a", 0, 180}, {"b", 0, 180}, {"c", 0, 210}};
    check_whole(plan_slices(small_model(), bytes, tight), tight);
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
    // Enough in all, but too little in each for whole groups.
    CHECK_THROWS_AS(plan_slices(small_model(), bytes,
                                {{"a", 1, 95}, {"b", 1, 95}, {"c", 1, 95}, {"d", 1, 300}}),
                    ModelDoesNotFit);
}

}  // namespace
}  // namespace aircomp::runtime::testbed
