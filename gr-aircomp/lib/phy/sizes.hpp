// SPDX-License-Identifier: GPL-3.0-or-later
// Size checks that say what was expected and what was found.
#pragma once

#include <stdexcept>
#include <string>

namespace gr::aircomp::phy {

/// Throws std::invalid_argument unless the sizes agree.
inline void require_size(const char* what, std::size_t found, std::size_t expected) {
    if (found == expected) return;
    throw std::invalid_argument(std::string(what) + ": expected " + std::to_string(expected) +
                                ", found " + std::to_string(found));
}

/// Throws std::invalid_argument on a vector without reals or more streams than anyone has.
inline void require_payload(const char* who, std::size_t length, std::size_t streams) {
    constexpr std::size_t most_streams = 64;
    if (length < 1) {
        throw std::invalid_argument(std::string(who) +
                                    ": expected a length of at least 1, found 0");
    }
    if (streams >= 1 && streams <= most_streams) return;
    throw std::invalid_argument(std::string(who) + ": expected from 1 to " +
                                std::to_string(most_streams) + " streams, found " +
                                std::to_string(streams));
}

}  // namespace gr::aircomp::phy
