// SPDX-License-Identifier: GPL-3.0-or-later
// Designs over a grid of resource blocks: neighbours in frequency or time have similar channels and
// warm-start each other.
#pragma once

#include <vector>

#include "aircomp/optimizer/design.hpp"

namespace aircomp::optimizer {

/// Scheme mmse for every block, in order: the first from scratch, each next one from its left
/// neighbour, then back from right to left, a better neighbour's solution replacing a worse local
/// one. Throws std::invalid_argument as design_mmse does; all blocks need the same L and N_r.
std::vector<Design> design_resource_blocks(const std::vector<TransceiverProblem>& blocks,
                                           const DesignOptions& options = {});

}  // namespace aircomp::optimizer
