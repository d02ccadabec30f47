// SPDX-License-Identifier: GPL-3.0-or-later
// The medium that calibrations come from.
#pragma once

#include "aircomp/inference/model_config.hpp"
#include "coding/calibration.hpp"
#include "schemes/medium.hpp"

namespace aircomp::runtime {

/// An exact sum that measures what passes through it.
class CalibratingMedium final : public Medium {
public:
    CalibratingMedium(std::size_t devices, const inference::ModelConfig& model);

    void all_reduce(const SumRequest& request, SumCopies sum) override;
    void elapse(double) override {}
    const Ledger& usage() const override { return ledger_; }

    /// Throws std::logic_error where a site has seen no first or no later token.
    Calibration calibration() const;

private:
    Calibration sums_;
    Ledger ledger_;
};

}  // namespace aircomp::runtime
