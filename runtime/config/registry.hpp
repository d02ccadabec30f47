// SPDX-License-Identifier: GPL-3.0-or-later
// Tables whose rows are chosen by name: schemes, ways down, measures.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "config/nearest_name.hpp"

namespace aircomp::runtime {

/// The names with ", " between them.
inline std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names)
        text += (text.empty() ? "" : ", ") + name;
    return text;
}

/// The names of all rows, in their order.
template <typename Row>
std::vector<std::string> name_list(const std::vector<Row>& rows) {
    std::vector<std::string> names;
    names.reserve(rows.size());
    for (const Row& row : rows)
        names.push_back(row.name);
    return names;
}

/// The same in one text, with `between` between them.
template <typename Row>
std::string names_of(const std::vector<Row>& rows, const char* between = ", ") {
    std::string names;
    for (const Row& row : rows)
        names += (names.empty() ? "" : between) + row.name;
    return names;
}

/// ", did you mean NAME?" with the nearest of the rows' names; empty where none is near.
template <typename Row>
std::string hint_of(const std::vector<Row>& rows, const std::string& typed) {
    return did_you_mean(typed, name_list(rows));
}

/// The row of that name; null where there is none.
template <typename Row>
const Row* row_of(const std::vector<Row>& rows, const std::string& name) {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.name == name; });
    return found == rows.end() ? nullptr : &*found;
}

/// The row of that name. Throws std::invalid_argument, which lists the names that there are;
/// `kind` is what the rows are.
template <typename Row>
const Row& find_row(const std::vector<Row>& rows, std::string_view kind, const std::string& name) {
    if (const Row* row = row_of(rows, name)) return *row;
    throw std::invalid_argument(std::string(kind) + " '" + name + "' is not known; known are " +
                                names_of(rows) + hint_of(rows, name));
}

}  // namespace aircomp::runtime
