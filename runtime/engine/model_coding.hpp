// SPDX-License-Identifier: GPL-3.0-or-later
// A model's calibration file as the configuration has it used.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "aircomp/inference/model_calibration.hpp"
#include "aircomp/inference/slice.hpp"
#include "coding/calibration.hpp"
#include "config/config.hpp"
#include "schemes/calibrating_medium.hpp"

namespace aircomp::runtime {

/// Throws std::invalid_argument where the configuration names a calibration file; `who` cannot use one.
void require_no_calibration(const Config& config, const std::string& who);

class ModelCoding {
public:
    /// Reads config.calibration.file. Throws std::runtime_error, naming the file, where it was made of
    /// another model or is broken.
    ModelCoding(const Config& config, const inference::Checkpoint& checkpoint);

    /// What devices leave out.
    const std::shared_ptr<const inference::SitePredictions>& predictions() const {
        return predictions_;
    }

    /// By Site::index; none where the configuration wants none.
    const std::vector<SiteTransform>& transforms() const { return transforms_; }

    /// Completes the calibration of a run that `medium` measured, with those transforms.
    void complete(const CalibratingMedium& medium, Calibration& calibration) const;

    /// Operations of a device with `slice` for a vector at that site, besides the model's own: leaving
    /// out, transforming, and completing the sum, which every device does.
    double device_flops(const inference::Slice& slice, const Site& site) const;

    /// The server's: undoing the transform and completing the sum.
    double server_flops(const Site& site) const;

private:
    /// Operations for a vector on who holds `part` of the site.
    double flops(const Site& site, double part) const;

    /// a_s of equation (21), 1 on average.
    std::vector<double> energy_shares() const;

    CalibrationConfig config_;
    ScalePolicy scale_;
    inference::ModelConfig model_;
    inference::ModelCalibration calibration_;
    std::shared_ptr<const inference::SitePredictions> predictions_;
    std::vector<SiteTransform> transforms_;
};

}  // namespace aircomp::runtime
