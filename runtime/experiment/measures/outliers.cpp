// SPDX-License-Identifier: GPL-3.0-or-later
// Measure `outliers`: how unevenly the partials of one site are filled.
#include <stdexcept>

#include "aircomp/inference/slice_cost.hpp"
#include "engine/layout.hpp"
#include "engine/sliced_model.hpp"
#include "experiment/measures.hpp"
#include "experiment/measures/of_point.hpp"
#include "experiment/outliers.hpp"

namespace aircomp::runtime {
namespace {

Json measure_outliers(const ExperimentPoint& point) {
    const Model model = open_model(point.config, /*needs_tokenizer=*/true);
    const auto& dimensions = model.checkpoint.config();
    if (point.setup.layer < 0 || point.setup.layer >= dimensions.layers) {
        throw std::runtime_error("setup.layer: expected from 0 to " +
                                 std::to_string(dimensions.layers - 1) + ", found " +
                                 std::to_string(point.setup.layer));
    }
    const auto layout =
        lay_out(point.config, dimensions,
                inference::bytes_per_weight(model.checkpoint, point.config.compute));
    SlicedModel sliced(model.checkpoint, layout.slices, layout.config);
    OutlierMedium medium(
        layout.config, dimensions.hidden_size,
        dimensions.site(point.setup.layer,
                        point.setup.site == "mlp" ? SiteKind::mlp : SiteKind::attention));
    const auto forward = [&](gsl::span<const inference::Token> tokens) {
        return sliced.run_sequence(tokens, medium);
    };
    score(forward, point.config, model, tokens_of(point.setup.text.string(), model),
          evaluation_of(point.setup));
    const Outliers found = medium.outliers();
    return {{"peak_over_rms", found.peak_over_rms},
            {"largest_peak_over_rms", found.largest_peak_over_rms},
            {"kurtosis", found.kurtosis},
            {"first_token_peak_over_rms", found.first_token_peak_over_rms},
            {"first_token_power_ratio", found.first_token_power_ratio}};
}

}  // namespace

Measure outliers_measure() {
    return {
        "outliers", "what range the partials of one layer's site need", {"text"}, measure_outliers};
}

}  // namespace aircomp::runtime
