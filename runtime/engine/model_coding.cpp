// SPDX-License-Identifier: GPL-3.0-or-later
// From factors in a file to what codec and devices do.
#include "engine/model_coding.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "aircomp/inference/slice_cost.hpp"
#include "engine/model_hash.hpp"

namespace aircomp::runtime {
namespace {

/// A site that took no measurable harm still has to be heard: the least part of the mean.
constexpr double least_share = 0.05;

std::shared_ptr<const inference::SitePredictions> wanted(
    const std::shared_ptr<const inference::SitePredictions>& all, const CalibrationConfig& config) {
    if (config.prediction && config.first_token) return all;
    auto some = std::make_shared<inference::SitePredictions>(*all);
    for (inference::SitePrediction& site : *some) {
        if (!config.prediction) {
            for (auto* factor : {&site.right, &site.left, &site.sum_left})
                factor->clear();
            site.rank = 0;
        }
        if (!config.first_token) {
            site.first.clear();
            site.first_sum.clear();
        }
    }
    return some;
}

}  // namespace

void require_no_calibration(const Config& config, const std::string& who) {
    if (config.calibration.file.empty()) return;
    throw std::invalid_argument("calibration.file: expected none, for " + who +
                                " cannot use a calibration yet, found " +
                                config.calibration.file.string());
}

ModelCoding::ModelCoding(const Config& config, const inference::Checkpoint& checkpoint)
    : config_(config.calibration),
      scale_(config.analog.scale),
      model_(checkpoint.config()),
      calibration_(inference::read_calibration(config_.file, model_)),
      predictions_(wanted(calibration_.predictions, config_)) {
    const std::string hash = to_hex(model_hash(checkpoint));
    if (calibration_.model_hash != hash) {
        throw std::runtime_error(config_.file.string() + ": expected a calibration of the model " +
                                 hash.substr(0, 12) + "..., found one of " +
                                 calibration_.model_hash.substr(0, 12) +
                                 "...; aircomp calibrate makes a new one");
    }
    if (!config_.transform) return;
    for (const auto& factors : calibration_.transforms)
        transforms_.emplace_back(factors, model_.hidden_size);
}

std::vector<double> ModelCoding::energy_shares() const {
    std::vector<double> shares(calibration_.sensitivities.size(), 1);
    if (!config_.site_power) return shares;
    std::transform(calibration_.sensitivities.begin(), calibration_.sensitivities.end(),
                   shares.begin(), [](float s) { return std::sqrt(static_cast<double>(s)); });
    const auto scale_to_mean = [&] {
        const double mean =
            std::accumulate(shares.begin(), shares.end(), 0.0) / static_cast<double>(shares.size());
        for (double& share : shares)
            share = mean > 0 ? share / mean : 1;
    };
    scale_to_mean();
    for (double& share : shares)
        share = std::max(share, least_share);
    scale_to_mean();
    return shares;
}

void ModelCoding::complete(const CalibratingMedium& medium, Calibration& calibration) const {
    const auto shares = energy_shares();
    calibration.vector_headroom = std::pow(10.0, config_.vector_headroom_db / 10);
    for (std::size_t s = 0; s < shares.size(); ++s) {
        const auto& samples = medium.samples().at(s);
        SiteCoding& coding = calibration.coding.emplace_back();
        coding.energy_share = shares[s];
        if (!transforms_.empty()) coding.transform = transforms_[s];
        if (scale_ == ScalePolicy::shared)
            coding.forecast.emplace(calibration_.energy_weights.at(s), samples);
        if (!config_.token_power || scale_ == ScalePolicy::calibrated) continue;
        // Energies p / c^2 with c^2 proportional to sqrt(p_hat) have the mean that p / p_hat has.
        double root = 0;
        for (const EnergySample& sample : samples) {
            const double expected = coding.forecast ? coding.forecast->energy(sample.features)
                                                    : std::exp(sample.log_energy);
            root += std::exp(sample.log_energy) / std::sqrt(expected);
        }
        coding.root_energy = root / static_cast<double>(samples.size());
    }
}

double ModelCoding::transform_products(const Site& site) const {
    if (transforms_.empty()) return 0;
    return 2 * static_cast<double>(model_.hidden_size * calibration_.transforms[site.index].rank);
}

double ModelCoding::completing_products(const Site& site) const {
    return 2 * static_cast<double>(model_.hidden_size * (*predictions_)[site.index].rank);
}

double ModelCoding::device_flops(const inference::Slice& slice, const Site& site) const {
    // The right factor's product with the stream serves the device's own part as well.
    const inference::SitePrediction& prediction = (*predictions_)[site.index];
    const double own = static_cast<double>(prediction.rank * prediction.width) *
                       inference::held_part(model_, slice, site.kind);
    return 2 * (transform_products(site) + completing_products(site) + own);
}

double ModelCoding::server_flops(const Site& site) const {
    return 2 * (transform_products(site) + completing_products(site));
}

}  // namespace aircomp::runtime
