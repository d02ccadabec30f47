// SPDX-License-Identifier: GPL-3.0-or-later
// What a calibration text tells of the partials: how strong each device's are at each site. Common
// scales and the second moments of the transceiver design come from it (docs/system-model.md
// section 3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "coding/sum_request.hpp"

#include "aircomp/inference/model_config.hpp"
namespace aircomp::runtime {

/// Mean squares over the vectors of one site.
struct SiteStatistics {
    SiteKind kind = SiteKind::attention;
    std::int64_t vectors = 0;
    std::vector<double> partial_power;  ///< Per device, of one real.
    double sum_power = 0;               ///< Of one real of the sum over devices.
    double residual_power = 0;          ///< Of one real of the residual stream.
};

/// The first token of a sequence is kept apart: LLMs put massive activations there (arXiv
/// 2402.17762), and every device knows a token's position without being told.
struct Calibration {
    std::vector<SiteStatistics> first_token;   ///< By Site::index.
    std::vector<SiteStatistics> later_tokens;  ///< By Site::index.
};

/// Independent partials and a residual stream of unit mean power, at the two sites
/// of a layer whose halves follow each other.
Calibration unit_calibration(std::size_t devices);

}  // namespace aircomp::runtime
