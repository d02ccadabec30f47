// SPDX-License-Identifier: GPL-3.0-or-later
// How a vector may be sent in one coherence block, where an error is tolerated and not a number of
// streams given.
#pragma once

#include <vector>

namespace aircomp::runtime {

struct BlockUse {
    int streams = 1;
    int repetitions = 1;
};

/// What a block may use, in the order of time on the air: from `streams` down to one, each of which
/// has the diversity of antennas that the others give up; then one stream again and again.
std::vector<BlockUse> block_uses(int streams, int max_repetitions);

}  // namespace aircomp::runtime
