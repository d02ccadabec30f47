// SPDX-License-Identifier: GPL-3.0-or-later
// What a calibration text tells of the partials: how strong each device's are at each site. Common
// scales and the second moments of the transceiver design come from it (docs/system-model.md
// section 3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "aircomp/inference/model_config.hpp"
#include "coding/energy_forecast.hpp"
#include "coding/shape.hpp"
#include "coding/sum_request.hpp"

namespace aircomp::runtime {

/// Mean squares over the vectors of one site.
struct SiteStatistics {
    SiteKind kind = SiteKind::attention;
    std::int64_t vectors = 0;
    std::vector<double> partial_power;  ///< Per device, of one real.
    double sum_power = 0;               ///< Of one real of the sum over devices.
    double residual_power = 0;          ///< Of one real of the residual stream.
};

/// What a model's calibration file tells of one site's partials (docs/system-model.md section 11).
struct SiteCoding {
    std::optional<EnergyForecast> forecast;  ///< For shared scales.
    double energy_share = 1;                 ///< a_s of equation (21), 1 on average over sites.
    /// k_s of section 11: the divergence that noise of NMSE 1 would cost at this site alone, nats.
    double sensitivity = 0;
    /// sqrt(p_t) of the mean token: a token's energy follows sqrt(p_t). 0: all tokens' are alike.
    double root_energy = 0;
};

/// The first token of a sequence is kept apart: LLMs put massive activations there (arXiv
/// 2402.17762), and every device knows a token's position without being told.
struct Calibration {
    std::vector<SiteStatistics> first_token;   ///< By Site::index.
    std::vector<SiteStatistics> later_tokens;  ///< By Site::index.
    std::vector<SiteCoding> coding = {};       ///< By Site::index; empty: partials go as they are.
    Shape shape = {};                          ///< Of partials before they are sent.
};

/// Independent partials and a residual stream of unit mean power, at the two sites
/// of a layer whose halves follow each other.
Calibration unit_calibration(std::size_t devices);

}  // namespace aircomp::runtime
