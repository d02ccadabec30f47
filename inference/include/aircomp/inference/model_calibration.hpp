// SPDX-License-Identifier: GPL-3.0-or-later
// What calibration text told of a model, kept beside it: how partials are foretold, transformed and
// weighted (docs/system-model.md section 11). It does not depend on how the model is cut.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "aircomp/inference/prediction_fit.hpp"
#include "aircomp/inference/reference_stream.hpp"
#include "aircomp/inference/update_basis.hpp"

namespace aircomp::inference {

/// Of one model; lists are by Site::index and have an entry for every site.
struct ModelCalibration {
    std::string model_hash;  ///< Of the model that it was made of.
    std::shared_ptr<const SitePredictions> predictions;
    std::vector<TransformFactors> transforms;
    /// Weights of the features that the log energy of what is sent follows, [features] a site.
    std::vector<std::vector<float>> energy_weights;
    /// KL divergence, nats a token, for each unit of the NMSE of a site alone; equation (21).
    std::vector<float> sensitivities;
    std::vector<UpdateBasis> updates;  ///< Of a closed loop's way down.
    /// KL divergence, nats a token, for each unit of the energy, relative to the stream's, by which the
    /// devices' copy errs behind a site alone; equation (14b).
    std::vector<float> copy_sensitivities;
};

/// Writes a safetensors file, whole or not at all. Throws std::runtime_error, naming the file.
void write_calibration(const std::filesystem::path& file, const ModelCalibration& calibration);

/// Reads one, and checks that it fits the model's shape. Throws std::runtime_error that names file,
/// tensor, what was expected and found; a file of another version of this program's is refused.
ModelCalibration read_calibration(const std::filesystem::path& file, const ModelConfig& config);

}  // namespace aircomp::inference
