// SPDX-License-Identifier: GPL-3.0-or-later
// A model's calibration file as the configuration has it used.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "aircomp/inference/model_calibration.hpp"
#include "aircomp/inference/slice.hpp"
#include "coding/calibration.hpp"
#include "coding/coding_use.hpp"
#include "config/config.hpp"
#include "schemes/calibrating_medium.hpp"

namespace aircomp::runtime {

/// Throws std::invalid_argument where the configuration names a calibration file; `who` cannot use one.
void require_no_calibration(const Config& config, const std::string& who);

/// Whether the configuration names a calibration file and its scheme makes use of one: schemes that
/// send partials as they are do not.
bool uses_calibration(const Config& config);

/// What all ends of a scheme do by a calibration file.
struct SharedCoding {
    std::shared_ptr<const inference::SitePredictions> predictions;  ///< What devices leave out.
    Shape shape;                                                    ///< Of what they send.
};

/// As much of the calibration as `use` says. Throws std::runtime_error, naming the file, where it was
/// made of another model or is broken.
SharedCoding read_shared_coding(const std::filesystem::path& file,
                                const inference::Checkpoint& checkpoint, const CodingUse& use);

class ModelCoding {
public:
    /// Reads config.calibration.file. Throws std::runtime_error, naming the file, where it was made of
    /// another model or is broken.
    ModelCoding(const Config& config, const inference::Checkpoint& checkpoint);

    /// As the configuration wants it.
    const CodingUse& use() const { return use_; }
    const SharedCoding& shared() const { return shared_; }
    /// For ways down that code by them; null for others.
    const std::shared_ptr<const UpdateCodes>& updates() const { return updates_; }

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

    /// Of taking an update from its basis, or to it.
    double update_flops(const Site& site) const;

    /// a_s of equation (21), 1 on average.
    std::vector<double> energy_shares() const;

    CalibrationConfig config_;
    ScalePolicy scale_;
    inference::ModelConfig model_;
    CodingUse use_;
    inference::ModelCalibration calibration_;
    SharedCoding shared_;
    std::shared_ptr<const UpdateCodes> updates_;
};

}  // namespace aircomp::runtime
