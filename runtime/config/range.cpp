// SPDX-License-Identifier: GPL-3.0-or-later
// Ranges in words.
#include "config/range.hpp"

#include <cmath>

#include "config/checker.hpp"

namespace aircomp::runtime {

Range above_up_to(double lowest, double highest) {
    return {lowest, highest, /*above_lowest=*/true, ""};
}

Range at_least(double lowest) {
    return {lowest, {}, /*above_lowest=*/false, ""};
}

Range within(double lowest, double highest) {
    return {lowest, highest, /*above_lowest=*/false, ""};
}

Range with_others(const std::string& words) {
    return {{}, {}, /*above_lowest=*/false, words};
}

bool contains(const Range& range, double value) {
    if (!std::isfinite(value)) return false;
    if (range.lowest && (range.above_lowest ? value <= *range.lowest : value < *range.lowest))
        return false;
    return !range.highest || value <= *range.highest;
}

std::string in_words(const Range& range) {
    if (!range.with_others.empty()) return range.with_others;
    if (!range.lowest) return "";
    const std::string lowest = to_text(*range.lowest);
    if (!range.highest) return "at least " + lowest;
    const std::string highest = to_text(*range.highest);
    return range.above_lowest ? "above " + lowest + ", at most " + highest
                              : lowest + " to " + highest;
}

std::string expected(const Range& range, bool integer) {
    if (!range.lowest) return "a finite number";
    const std::string lowest = to_text(*range.lowest);
    if (range.highest) {
        const std::string highest = to_text(*range.highest);
        return range.above_lowest ? "a number above " + lowest + " and at most " + highest
                                  : "a number from " + lowest + " to " + highest;
    }
    return (integer ? "at least " : "a finite number of at least ") + lowest;
}

}  // namespace aircomp::runtime
