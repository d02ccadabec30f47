// SPDX-License-Identifier: GPL-3.0-or-later
// Measures by name.
#include "experiment/measures.hpp"

#include "config/registry.hpp"

namespace aircomp::runtime {

// What the files of measures/ offer.
using MeasureOfFile = Measure();
MeasureOfFile link_measure, perplexity_measure, outliers_measure, design_measure,
    assignment_measure;

const std::vector<Measure>& measures() {
    static const std::vector<Measure> all = {link_measure(), perplexity_measure(),
                                             outliers_measure(), design_measure(),
                                             assignment_measure()};
    return all;
}

const Measure& find_measure(const std::string& name) {
    return find_row(measures(), "measure", name);
}

}  // namespace aircomp::runtime
