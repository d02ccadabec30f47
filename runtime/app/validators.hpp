// SPDX-License-Identifier: GPL-3.0-or-later
// What numbers on the command line may be, in words: CLI11's own have the largest double in theirs.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace aircomp::app {

inline CLI::Validator number_that(const std::string& what, bool (*holds)(double)) {
    return CLI::Validator(
        [what, holds](std::string& text) {
            double value = 0;
            const bool is_number = CLI::detail::lexical_cast(text, value);
            return is_number && holds(value) ? std::string()
                                             : "expected a number " + what + ", found " + text;
        },
        "");
}

inline CLI::Validator above_zero() {
    return number_that("above 0", [](double value) { return value > 0; });
}

inline CLI::Validator not_below_zero() {
    return number_that("of 0 or more", [](double value) { return value >= 0; });
}

}  // namespace aircomp::app
