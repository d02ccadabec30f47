// SPDX-License-Identifier: GPL-3.0-or-later
// Entries in words, and numbers as configurations write them.
#include "config/config_entry.hpp"

#include <charconv>
#include <cmath>

namespace aircomp::runtime {
namespace {

/// Where an exponent is easier to read than zeros.
constexpr int lowest_plain_exponent = -3;
constexpr int highest_plain_exponent = 5;
/// More digits than these are a count, such as bytes, and stand in full.
constexpr std::size_t most_digits_with_exponent = 6;
constexpr int highest_exponent_in_full = 15;

/// d.ddd times 10^exponent.
struct Decimal {
    std::string digits;
    int exponent = 0;
};

/// The shortest digits that read back to `value`, above 0 and finite.
Decimal shortest_decimal(double value) {
    char text[64];
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
    const std::string scientific(text, end.ptr);
    const std::size_t e = scientific.find('e');
    Decimal decimal;
    for (const char c : scientific.substr(0, e)) {
        if (c != '.') decimal.digits += c;
    }
    decimal.exponent = std::stoi(scientific.substr(e + 1));
    return decimal;
}

/// The digits with the point after the first `whole` of them.
std::string with_point(std::string digits, std::size_t whole) {
    if (digits.size() <= whole) return digits + std::string(whole - digits.size(), '0');
    return digits.insert(whole, ".");
}

/// Which values the key takes.
std::string values_of(const ConfigEntry& entry) {
    using Kind = ConfigEntry::Kind;
    if (entry.kind == Kind::flag) return "true or false";
    std::string words = in_words(entry.range);
    for (const std::string& choice : entry.choices)
        words += (words.empty() ? "" : ", ") + choice;
    if (entry.kind == Kind::integer) return words.empty() ? "integer" : "integer, " + words;
    return words;
}

}  // namespace

std::string facts_of(const ConfigEntry& entry, bool with_default) {
    const std::string otherwise = with_default ? entry.otherwise : "";
    std::string facts;
    for (const std::string& fact :
         {entry.unit, values_of(entry), std::string(entry.required ? "required" : ""),
          otherwise.empty() ? "" : "default " + otherwise}) {
        if (!fact.empty()) facts += (facts.empty() ? "" : "; ") + fact;
    }
    return facts;
}

std::string number_text(double value) {
    if (!std::isfinite(value)) return std::isnan(value) ? ".nan" : value > 0 ? ".inf" : "-.inf";
    if (value == 0) return "0";
    const std::string sign = value < 0 ? "-" : "";
    const auto [digits, exponent] = shortest_decimal(std::abs(value));
    const bool in_full =
        digits.size() > most_digits_with_exponent && exponent <= highest_exponent_in_full;
    if (exponent >= 0 && (exponent <= highest_plain_exponent || in_full))
        return sign + with_point(digits, static_cast<std::size_t>(exponent) + 1);
    if (exponent < 0 && exponent >= lowest_plain_exponent)
        return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
    const int third = static_cast<int>(std::floor(exponent / 3.0)) * 3;
    return sign + with_point(digits, static_cast<std::size_t>(exponent - third) + 1) + "e" +
           std::to_string(third);
}

std::string number_text(std::int64_t value) {
    return std::to_string(value);
}

std::string number_text(std::uint64_t value) {
    return std::to_string(value);
}

}  // namespace aircomp::runtime
