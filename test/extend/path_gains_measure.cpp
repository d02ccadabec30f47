// SPDX-License-Identifier: GPL-3.0-or-later
// Measure `path-gains`: how far the devices' channels lie apart. What a new measure begins from
// (docs/extend/measure.md).
#include <algorithm>
#include <cmath>

#include "air/radio_cell.hpp"
#include "experiment/measures.hpp"

namespace aircomp::runtime {
namespace {

Json measure_path_gains(const ExperimentPoint& point) {
    const std::vector<double> gains = path_gains(point.config);
    const auto [weakest, strongest] = std::minmax_element(gains.begin(), gains.end());
    return {{"weakest_path_gain_db", 10 * std::log10(*weakest)},
            {"path_gain_range_db", 10 * std::log10(*strongest / *weakest)}};
}

}  // namespace

Measure path_gains_measure() {
    return {"path-gains", "how far the devices' path gains lie apart", {}, measure_path_gains};
}

}  // namespace aircomp::runtime
