// SPDX-License-Identifier: GPL-3.0-or-later
// Loops on ThreadPool visit every index once, whoever takes it.
#include "weights/thread_pool.hpp"

#include <pthread.h>

#include <atomic>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "support/catch.hpp"

using aircomp::inference::ThreadPool;

TEST_CASE("every index is visited once, whatever the threads, the count and the grain") {
    for (const int threads : {1, 2, 5}) {
        ThreadPool pool(threads);
        CHECK(pool.threads() == threads);
        for (const std::int64_t count : {0, 1, 2, 99, 1000}) {
            for (const std::int64_t grain : {1, 7, 1000}) {
                std::vector<int> visits(static_cast<std::size_t>(count), 0);
                std::atomic<std::int64_t> longest{0};
                pool.for_each_piece(count, grain, [&](std::int64_t begin, std::int64_t end) {
                    if (end - begin > longest) longest = end - begin;
                    for (auto i = begin; i < end; ++i)
                        ++visits[static_cast<std::size_t>(i)];
                });
                CHECK(visits == std::vector<int>(visits.size(), 1));
                CHECK(longest <= grain);
            }
        }
    }
}

TEST_CASE("threads that the system does not give are told, and those that it gave end") {
    pthread_attr_t before, endless;
    REQUIRE(pthread_getattr_default_np(&before) == 0);
    REQUIRE(pthread_attr_init(&endless) == 0);
    // No address space holds such a stack.
    REQUIRE(pthread_attr_setstacksize(&endless, std::size_t{1} << 48) == 0);
    REQUIRE(pthread_setattr_default_np(&endless) == 0);
    CHECK_THROWS_WITH(ThreadPool(3),
                      Catch::Contains("threads: expected at most 1") && Catch::Contains("found 3"));
    REQUIRE(pthread_setattr_default_np(&before) == 0);
    CHECK_NOTHROW(ThreadPool(3));
}

TEST_CASE("a loop's writes are seen by the next, thousands of times in a row") {
    ThreadPool pool(3);
    std::vector<std::int64_t> values(64, 0);
    for (int round = 0; round < 5000; ++round) {
        const std::int64_t sum = std::accumulate(values.begin(), values.end(), std::int64_t{0});
        REQUIRE(sum == 64 * round);
        pool.for_each_piece(64, 4, [&](std::int64_t begin, std::int64_t end) {
            for (auto i = begin; i < end; ++i)
                ++values[static_cast<std::size_t>(i)];
        });
    }
}

TEST_CASE("a pool of no threads is refused") {
    CHECK_THROWS_AS(ThreadPool(0), std::invalid_argument);
}
