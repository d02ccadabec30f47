// SPDX-License-Identifier: GPL-3.0-or-later
// The inner loop of mmse allocates nothing: more iterations, not one allocation more. Allocations
// are counted in malloc itself, where Eigen's end as well; the sanitizers have one of their own.
#include <cstdlib>

#include "aircomp/optimizer/design.hpp"
#include "problems.hpp"
#include "support/catch.hpp"

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {
thread_local long allocations = 0;
}

// NOLINTBEGIN(bugprone-reserved-identifier): glibc's name of what malloc is put over
extern "C" void* __libc_malloc(std::size_t size) noexcept;
extern "C" void* malloc(std::size_t size) noexcept {
    ++allocations;
    return __libc_malloc(size);
}
// NOLINTEND(bugprone-reserved-identifier)

using namespace aircomp::optimizer;

TEST_CASE("the inner loop of mmse allocates nothing") {
    Random random(71);
    for (const ProblemSize size :
         {ProblemSize{8, 16, 4, 4}, ProblemSize{4, 8, 2, 2}, ProblemSize{3, 6, 4, 3}}) {
        const TransceiverProblem problem = random_problem(random, 20.0, size);
        DesignOptions options;
        options.tolerance = 1e-9;
        options.warm_start = design_inversion(problem).transceiver.combiner;
        const auto run = [&](int iterations) {
            options.max_iterations = iterations;
            const long before = allocations;
            const Design design = design_mmse(problem, options);
            return std::pair(allocations - before, design.iterations);
        };
        const auto [few, short_run] = run(1);
        const auto [many, long_run] = run(40);
        CHECK(few > 0);
        CHECK(long_run > short_run + 10);
        CHECK(many == few);
    }
}

#endif
