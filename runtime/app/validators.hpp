// SPDX-License-Identifier: GPL-3.0-or-later
// What values on the command line may be. Each says it in plain words twice: in the help, where
// HelpFormatter puts a validator's description behind the option's, and in its error.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/nearest_name.hpp"
#include "output.hpp"

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

inline CLI::Validator between(std::int64_t least, std::int64_t most) {
    const std::string range = std::to_string(least) + " to " + std::to_string(most);
    return CLI::Validator(
        [=](std::string& text) {
            std::int64_t value = 0;
            const bool fits =
                CLI::detail::lexical_cast(text, value) && value >= least && value <= most;
            return fits ? std::string() : "expected " + range + ", found " + text;
        },
        range);
}

inline CLI::Validator one_of(const std::vector<std::string>& names) {
    return CLI::Validator(
        [names](std::string& text) {
            for (const auto& name : names)
                if (text == name) return std::string();
            return "expected one of " + joined(names) + ", found '" + text + "'" +
                   runtime::did_you_mean(text, names);
        },
        joined(names));
}

/// One of the names, which becomes the number of what it means; for CLI::Option::transform().
template <typename Enum>
CLI::Validator meaning(const std::vector<std::pair<std::string, Enum>>& meanings) {
    std::vector<std::string> names;
    names.reserve(meanings.size());
    for (const auto& [name, value] : meanings)
        names.push_back(name);
    const CLI::Validator known = one_of(names);
    return CLI::Validator(
        [=](std::string& text) {
            std::string error = known(text);
            for (const auto& [name, value] : meanings)
                if (error.empty() && text == name) {
                    text = std::to_string(static_cast<int>(value));
                    break;
                }
            return error;
        },
        joined(names));
}

}  // namespace aircomp::app
