// SPDX-License-Identifier: GPL-3.0-or-later
// The main() of every test program, compiled once.
#define CATCH_CONFIG_RUNNER
#include "support/skip.hpp"

namespace {

int run_tests = 0;

#if __has_include(<catch2/catch_all.hpp>)
using Listener = Catch::EventListenerBase;
#else
using Listener = Catch::TestEventListenerBase;
#endif

class TestCounter : public Listener {
public:
    using Listener::Listener;
    void testCaseEnded(const Catch::TestCaseStats&) override { ++run_tests; }
};

CATCH_REGISTER_LISTENER(TestCounter)

}  // namespace

int main(int argc, char** argv) {
    const int failed = Catch::Session().run(argc, argv);
    const bool skipped_all = run_tests > 0 && aircomp::test::skipped_tests == run_tests;
    return failed == 0 && skipped_all ? aircomp::test::skip_return_code : failed;
}
