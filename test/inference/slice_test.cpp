// SPDX-License-Identifier: GPL-3.0-or-later
// Slices cover the model once, and counts that do not are refused.
#include "aircomp/inference/slice.hpp"

#include <limits>

#include "errors.hpp"
#include "team.hpp"

using namespace aircomp::inference;
using namespace aircomp::test;

namespace {
using Counts = std::vector<std::int64_t>;
}

TEST_CASE("slices are consecutive and may be empty") {
    const ModelConfig config = small_config(8, 4);
    const auto slices = make_slices(config, {{2, 0, 6}, {0, 100, 71}});
    REQUIRE(slices.size() == 3);
    CHECK((slices[0].heads.begin == 0 && slices[0].heads.end == 2));
    CHECK(slices[1].heads.empty());
    CHECK((slices[2].heads.begin == 2 && slices[2].heads.end == 8));
    CHECK(slices[0].ffn_columns.empty());
    CHECK((slices[2].ffn_columns.begin == 100 && slices[2].ffn_columns.end == 171));
}

TEST_CASE("a slice needs the KV groups of its query heads, whole or not") {
    const ModelConfig config = small_config(12, 4);  // three heads a group
    const auto check = [&](Range heads, std::int64_t begin, std::int64_t end) {
        const Range groups = kv_groups_of(config, Slice{heads, {0, 0}});
        CAPTURE(heads.begin, heads.end);
        CHECK(groups.begin == begin);
        CHECK(groups.end == end);
    };
    check({0, 12}, 0, 4);
    check({3, 6}, 1, 2);
    check({2, 4}, 0, 2);
    check({4, 5}, 1, 2);
    check({5, 10}, 1, 4);
    check({5, 5}, 1, 1);
    check({12, 12}, 4, 4);
}

TEST_CASE("counts that are not the model's are refused with both numbers") {
    const ModelConfig config = small_config(8, 4);
    const auto check = [&](const Counts& heads, const Counts& columns,
                           std::initializer_list<const char*> parts) {
        check_error<std::invalid_argument>([&] { make_slices(config, {heads, columns}); }, parts);
    };
    check({1, 2}, {100, 71}, {"8 query heads", "found 3"});
    check({7, 2}, {100, 71}, {"device 1", "query heads", "found 2"});
    check({8, 0}, {100, 70}, {"171 FFN columns", "found 170"});
    check({9, -1}, {100, 71}, {"device 0", "found 9"});
    check({8, 0}, {-1, 172}, {"device 0", "found -1"});
    check({8}, {100, 71}, {"found 1 and 2"});
    check_error<std::invalid_argument>([&] { make_slices(config, {{8}}); },
                                       {"2 kinds of units", "found 1"});
    constexpr auto huge = std::numeric_limits<std::int64_t>::max();
    check({huge, huge, 6}, {0, 0, 171}, {"device 0"});
}
