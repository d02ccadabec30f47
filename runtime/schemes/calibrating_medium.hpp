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
    /// Partials are measured as `transforms`, by Site::index or none, make them.
    CalibratingMedium(std::size_t devices, const inference::ModelConfig& model,
                      std::vector<SiteTransform> transforms = {});

    void all_reduce(const SumRequest& request, SumCopies sum) override;
    void elapse(double) override {}
    const Ledger& usage() const override { return ledger_; }

    /// Throws std::logic_error where a site has seen no first or no later token.
    Calibration calibration() const;

    /// Of the later tokens of each site, by Site::index, where requests had features.
    const std::vector<std::vector<EnergySample>>& samples() const { return samples_; }

private:
    /// Mean square of a real of each device's vector.
    std::vector<double> powers_of(const SumRequest& request, std::int64_t v) const;

    std::vector<SiteTransform> transforms_;
    std::vector<std::vector<EnergySample>> samples_;
    Calibration sums_;
    Ledger ledger_;
};

}  // namespace aircomp::runtime
