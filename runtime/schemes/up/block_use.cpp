// SPDX-License-Identifier: GPL-3.0-or-later
// Fewer streams first, then repetitions.
#include "schemes/up/block_use.hpp"

namespace aircomp::runtime {

std::vector<BlockUse> block_uses(int streams, int max_repetitions) {
    std::vector<BlockUse> uses;
    for (int s = streams; s >= 1; --s)
        uses.push_back({s, 1});
    for (int r = 2; r <= max_repetitions; ++r)
        uses.push_back({1, r});
    return uses;
}

}  // namespace aircomp::runtime
