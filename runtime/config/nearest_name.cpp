// SPDX-License-Identifier: GPL-3.0-or-later
// Distances between names.
#include "config/nearest_name.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace aircomp::runtime {
namespace {

/// Words that a unit is made of at the end of a key, ours and those that people try.
constexpr std::array<std::string_view, 38> unit_words = {
    "hz",  "khz",  "mhz",  "ghz",   "s",      "ms",     "us",     "ns",  "sec",  "seconds",
    "w",   "mw",   "kw",   "dbm",   "dbw",    "db",     "j",      "mj",  "uj",   "nj",
    "pj",  "b",    "kb",   "mb",    "gb",     "kib",    "mib",    "gib", "byte", "bytes",
    "bit", "bits", "flop", "flops", "mflops", "gflops", "tflops", "per"};

/// "bandwidth" for "bandwidth_hz" as for "bandwidth_mhz".
std::string_view without_unit(std::string_view name) {
    for (auto cut = name.rfind('_'); cut != std::string_view::npos && cut > 0;
         cut = name.rfind('_')) {
        const auto word = name.substr(cut + 1);
        if (std::find(unit_words.begin(), unit_words.end(), word) == unit_words.end()) break;
        name = name.substr(0, cut);
    }
    return name;
}

/// Levenshtein's distance: how many characters to insert, delete or replace.
std::size_t edit_distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < from.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < to.size(); ++j) {
            const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
        }
    }
    return row.back();
}

}  // namespace

std::size_t name_distance(std::string_view typed, std::string_view known) {
    const auto bare_typed = without_unit(typed);
    const auto bare_known = without_unit(known);
    std::size_t distance =
        std::min(edit_distance(typed, known), edit_distance(bare_typed, bare_known) + 1);
    if (bare_known.find(bare_typed) != std::string_view::npos) {
        distance = std::min<std::size_t>(distance, 2);
    }
    return distance;
}

std::string lower(std::string text) {
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

std::string did_you_mean(const std::string& typed, const std::vector<std::string>& known) {
    const std::string name = lower(typed);
    const auto nearest =
        std::min_element(known.begin(), known.end(), [&](const auto& a, const auto& b) {
            return name_distance(name, a) < name_distance(name, b);
        });
    // Half of it wrong is another word.
    const std::size_t most = std::max<std::size_t>(1, name.size() / 2);
    if (nearest == known.end() || name_distance(name, *nearest) > most) return "";
    return ", did you mean " + *nearest + "?";
}

}  // namespace aircomp::runtime
