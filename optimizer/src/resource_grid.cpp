// SPDX-License-Identifier: GPL-3.0-or-later
// The mmse design swept over neighbouring resource blocks.
#include "aircomp/optimizer/resource_grid.hpp"

namespace aircomp::optimizer {

std::vector<Design> design_resource_blocks(const std::vector<TransceiverProblem>& blocks,
                                           const DesignOptions& options) {
    std::vector<Design> designs;
    DesignOptions neighbour = options;
    for (const TransceiverProblem& block : blocks) {
        if (!designs.empty()) neighbour.warm_start = designs.back().transceiver.combiner;
        designs.push_back(design_mmse(block, neighbour));
    }
    for (std::size_t k = designs.size(); k-- > 1;) {
        neighbour.warm_start = designs[k].transceiver.combiner;
        Design again = design_mmse(blocks[k - 1], neighbour);
        Design& design = designs[k - 1];
        const int iterations = design.iterations + again.iterations;
        const int evaluations = design.evaluations + again.evaluations;
        if (again.mse < design.mse) design = std::move(again);
        design.iterations = iterations;
        design.evaluations = evaluations;
    }
    return designs;
}

}  // namespace aircomp::optimizer
