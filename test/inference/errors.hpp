// SPDX-License-Identifier: GPL-3.0-or-later
// What an error has to say, as one statement of a test.
#pragma once

#include <initializer_list>
#include <string>

#include "support/catch.hpp"

namespace aircomp::test {

/// Checks that `action` throws an Error whose message is one line and has all of `parts` in it.
template <typename Error, typename Action>
void check_error(Action&& action, std::initializer_list<const char*> parts) {
    std::string message;
    try {
        action();
    } catch (const Error& error) {
        message = error.what();
    }
    CAPTURE(message);
    CHECK_FALSE(message.empty());
    CHECK(message.find('\n') == std::string::npos);
    for (const char* part : parts) {
        CAPTURE(part);
        CHECK(message.find(part) != std::string::npos);
    }
}

}  // namespace aircomp::test
