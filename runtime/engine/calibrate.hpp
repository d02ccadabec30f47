// SPDX-License-Identifier: GPL-3.0-or-later
// Makes a model's calibration file from text: what of its partials can be foretold, how the rest is
// transformed and weighted before it is sent (docs/system-model.md section 11).
#pragma once

#include <cstdint>
#include <functional>
#include <gsl/span>
#include <optional>
#include <string>

#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/inference/model_calibration.hpp"
#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::runtime {

struct CalibrateOptions {
    std::int64_t prediction_rank = 64;
    std::int64_t transform_rank = 64;
    std::int64_t update_rank = 0;  ///< Of the bases of a closed loop's way down; 0: coordinates.
    std::int64_t window = 512;     ///< Tokens of a sequence, BOS included.
    std::int64_t covariance_tokens = 4096;  ///< Of the text, for the transforms.
    std::int64_t energy_tokens = 4096;      ///< For the forecast of energies.
    std::int64_t sensitivity_tokens = 512;  ///< For each site's sensitivity, once a site.
    /// For each site's sensitivity to errors of the devices' copy, once a site. Steps go with its root.
    std::int64_t copy_sensitivity_tokens = 128;
    std::uint64_t seed = 1;  ///< Of the noise that sensitivities are measured with.
    int threads = 1;
    std::string text = "text";            ///< What errors call it.
    std::optional<inference::Token> bos;  ///< What sequences begin with.
    /// Makes what is told how far a step with a label is; null: nobody is.
    std::function<std::function<void(std::int64_t done, std::int64_t total)>(const std::string&)>
        progress;
};

/// Throws std::invalid_argument where the text has fewer tokens than two windows, or a window is
/// longer than the model's context.
inference::ModelCalibration calibrate_model(const inference::Checkpoint& checkpoint,
                                            gsl::span<const inference::Token> tokens,
                                            const CalibrateOptions& options);

}  // namespace aircomp::runtime
