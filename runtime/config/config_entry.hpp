// SPDX-License-Identifier: GPL-3.0-or-later
// A configuration as a tree of keys, each with its value and all that is known about it: what the
// annotated YAML, the JSON and the reference page are written from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/range.hpp"

namespace aircomp::runtime {

struct Config;

/// One key, with what its table says and what a configuration has there.
struct ConfigEntry {
    enum class Kind { flag, integer, number, numbers, text, choice, section, list };

    std::string name;
    Kind kind = Kind::text;
    std::string unit;                  ///< Empty where there is none.
    Range range;                       ///< Of a number.
    std::vector<std::string> choices;  ///< Of a choice.
    std::string meaning;               ///< One sentence.
    bool required = false;             ///< Has to be set where its section is.
    bool present = true;               ///< Whether the configuration has it.
    std::string value;      ///< What it has, but for sections and lists; a text is not quoted.
    std::string otherwise;  ///< The value of a configuration that does not set it; empty: none.
    std::vector<ConfigEntry> members;  ///< Of a section; of a list, those of an entry not yet set.
    std::vector<std::vector<ConfigEntry>> elements;  ///< Of a list.
};

/// All keys in the order of their tables. Paths are written relative to `folder`, where that is
/// given and can be.
std::vector<ConfigEntry> entries_of(const Config& config, const std::filesystem::path& folder = {});

/// All that a comment says besides the meaning: unit, range or choices, what is required, and the
/// default. Empty where there is nothing to say.
std::string facts_of(const ConfigEntry& entry, bool with_default);

/// As short as reads back to the same number, with exponents that are multiples of 3: 10e6, 0.75.
std::string number_text(double value);
std::string number_text(std::int64_t value);
std::string number_text(std::uint64_t value);

}  // namespace aircomp::runtime
