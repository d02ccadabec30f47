// SPDX-License-Identifier: GPL-3.0-or-later
// The numbers that a key of the configuration takes, as data: for checks, errors and documentation.
#pragma once

#include <optional>
#include <string>

namespace aircomp::runtime {

/// Every number is finite; these are its bounds, where it has some of its own.
struct Range {
    std::optional<double> lowest;
    std::optional<double> highest;
    bool above_lowest = false;  ///< `lowest` itself is not one of the numbers.
    std::string with_others;    ///< In words, what the section checks because other keys matter.
};

Range above_up_to(double lowest, double highest);
Range at_least(double lowest);
Range within(double lowest, double highest);
/// Bounds that the section checks itself, in words.
Range with_others(const std::string& words);

bool contains(const Range& range, double value);

/// As a comment says it: "at least 0", "1 to 1024"; empty where any number will do.
std::string in_words(const Range& range);

/// As an error says it: "a finite number of at least 0", "a number from 1 to 1024".
std::string expected(const Range& range, bool integer);

}  // namespace aircomp::runtime
