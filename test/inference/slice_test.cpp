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
    const auto slices = make_slices(config, {{1, 0, 3}, {0, 100, 71}});
    REQUIRE(slices.size() == 3);
    CHECK((slices[0].kv_groups.begin == 0 && slices[0].kv_groups.end == 1));
    CHECK(slices[1].kv_groups.empty());
    CHECK((slices[2].kv_groups.begin == 1 && slices[2].kv_groups.end == 4));
    CHECK(slices[0].ffn_columns.empty());
    CHECK((slices[2].ffn_columns.begin == 100 && slices[2].ffn_columns.end == 171));
}

TEST_CASE("counts that are not the model's are refused with both numbers") {
    const ModelConfig config = small_config(8, 4);
    const auto check = [&](const Counts& groups, const Counts& columns,
                           std::initializer_list<const char*> parts) {
        check_error<std::invalid_argument>([&] { make_slices(config, {groups, columns}); }, parts);
    };
    check({1, 2}, {100, 71}, {"4 KV groups", "found 3"});
    check({3, 2}, {100, 71}, {"device 1", "KV groups", "found 2"});
    check({4, 0}, {100, 70}, {"171 FFN columns", "found 170"});
    check({5, -1}, {100, 71}, {"device 0", "found 5"});
    check({4, 0}, {-1, 172}, {"device 0", "found -1"});
    check({4}, {100, 71}, {"found 1 and 2"});
    check_error<std::invalid_argument>([&] { make_slices(config, {{4}}); },
                                       {"2 kinds of units", "found 1"});
    constexpr auto huge = std::numeric_limits<std::int64_t>::max();
    check({huge, huge, 6}, {0, 0, 171}, {"device 0"});
}
