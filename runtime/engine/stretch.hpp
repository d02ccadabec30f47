// SPDX-License-Identifier: GPL-3.0-or-later
// What a pass takes through the model: tokens of one sequence, or of several at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <gsl/span>
#include <vector>

namespace aircomp::runtime {

/// Consecutive tokens of one sequence.
struct Stretch {
    std::int64_t position = 0;  ///< Of the first.
    std::int64_t vectors = 1;   ///< One for each token.
    std::size_t sequence = 0;   ///< Whose keys and values they use.
};

/// Of each vector's token, where there are several stretches; of one alone they follow each other.
inline std::vector<std::int64_t> positions_of(gsl::span<const Stretch> stretches) {
    std::vector<std::int64_t> positions;
    if (stretches.size() == 1) return positions;
    for (const Stretch& stretch : stretches) {
        for (std::int64_t v = 0; v < stretch.vectors; ++v)
            positions.push_back(stretch.position + v);
    }
    return positions;
}

}  // namespace aircomp::runtime
