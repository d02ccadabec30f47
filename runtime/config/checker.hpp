// SPDX-License-Identifier: GPL-3.0-or-later
// Checks of values that were read, whose errors name the place of the value.
#pragma once

#include <cmath>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "config/range.hpp"

namespace aircomp::runtime {

/// As errors show a value.
template <typename T>
std::string to_text(const T& value) {
    std::ostringstream text;
    text.precision(9);
    text << value;
    return text.str();
}

/// Range checks whose errors begin with the place of the value: `place(key)` is "ORIGIN: KEY", with
/// a line where the value was read from a file.
class Checker {
public:
    using Place = std::function<std::string(const std::string& key)>;

    explicit Checker(Place place) : place_(std::move(place)) {}

    /// The same checks within a section of the keys.
    Checker in(const std::string& section) const {
        return Checker([place = place_, section](const std::string& key) {
            return place(section + "." + key);
        });
    }

    [[noreturn]] void fail(const std::string& key, const std::string& message) const {
        throw std::runtime_error(place_(key) + ": " + message);
    }

    template <typename T>
    void require(bool holds, const std::string& key, const std::string& expected,
                 const T& found) const {
        if (holds) return;
        throw std::runtime_error(place_(key) + ": expected " + expected + ", found " +
                                 to_text(found));
    }

    template <typename T>
    void in_range(const std::string& key, T value, const Range& range) const {
        require(contains(range, static_cast<double>(value)), key,
                expected(range, std::is_integral_v<T>), value);
    }

    template <typename T>
    void within(const std::string& key, T value, T lowest, T highest) const {
        require(value >= lowest && value <= highest, key,
                "a number from " + to_text(lowest) + " to " + to_text(highest), value);
    }

private:
    Place place_;
};

}  // namespace aircomp::runtime
