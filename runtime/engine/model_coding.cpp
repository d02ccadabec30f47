// SPDX-License-Identifier: GPL-3.0-or-later
// From factors in a file to what codec and devices do.
#include "engine/model_coding.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "aircomp/inference/slice_cost.hpp"
#include "config/registry.hpp"
#include "engine/model_hash.hpp"
#include "schemes/down/registry.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime {
namespace {

/// A site that took no measurable harm still has to be heard: the least part of the mean.
constexpr double least_share = 0.05;

inference::ModelCalibration read_of_model(const std::filesystem::path& file,
                                          const inference::Checkpoint& checkpoint) {
    auto calibration = inference::read_calibration(file, checkpoint.config());
    const std::string hash = to_hex(model_hash(checkpoint));
    if (calibration.model_hash == hash) return calibration;
    throw std::runtime_error(file.string() + ": expected a calibration of the model " +
                             hash.substr(0, 12) + "..., found one of " +
                             calibration.model_hash.substr(0, 12) +
                             "...; aircomp calibrate makes a new one");
}

std::shared_ptr<const inference::SitePredictions> wanted(const inference::SitePredictions& all,
                                                         const CodingUse& use) {
    auto some = std::make_shared<inference::SitePredictions>();
    for (const inference::SitePrediction& whole : all) {
        inference::SitePrediction& site =
            some->emplace_back(inference::with_rank(whole, use.prediction ? use.rank : 0));
        if (!use.first_token) {
            site.first.clear();
            site.first_sum.clear();
        }
    }
    return some;
}

SharedCoding shared_coding(const inference::ModelCalibration& calibration, std::int64_t hidden_size,
                           const CodingUse& use) {
    SharedCoding shared;
    shared.predictions = wanted(*calibration.predictions, use);
    shared.shape.vector_headroom = use.vector_headroom;
    shared.shape.carries = use.carries;
    if (!use.transform) return shared;
    for (const auto& factors : calibration.transforms) {
        shared.shape.transforms.emplace_back(inference::with_rank(factors, use.rank, hidden_size),
                                             hidden_size);
    }
    return shared;
}

/// Multiplications for a vector at a site on who holds `part` of it: the right factor of what is
/// foretold, the own left one and that of the sum; and the transform's directions, twice.
double coding_products(const inference::ModelConfig& model, const Site& site, double part,
                       std::int64_t prediction_rank, std::int64_t transform_rank) {
    const auto whole = 2 * model.hidden_size * (prediction_rank + transform_rank);
    const auto own = prediction_rank * inference::input_width(model, site);
    return static_cast<double>(whole) + static_cast<double>(own) * part;
}

/// Operations of a rank of 1 at all sites and devices, for a vector.
double flops_of_rank(const Config& config, const inference::ModelConfig& model) {
    const auto devices = static_cast<double>(config.devices.size());
    double products = 0;
    for (std::int64_t index = 0; index < model.sites(); ++index) {
        const Site site = model.site(index);
        const bool foretells =
            config.calibration.prediction && inference::input_width(model, site) > 0;
        products += devices * coding_products(model, site, 1 / devices, foretells ? 1 : 0,
                                              config.calibration.transform ? 1 : 0);
    }
    return 2 * products;
}

/// The directions that calibration.max_compute has room for.
std::int64_t affordable_rank(const Config& config, const inference::ModelConfig& model) {
    const double own = inference::token_flops(model, inference::whole_model(model), /*position=*/0);
    const double one = flops_of_rank(config, model);
    if (one == 0) return 0;
    return static_cast<std::int64_t>(std::min(config.calibration.max_compute * own / one, 1e6));
}

CodingUse use_of(const Config& config, const inference::ModelConfig& model) {
    const CalibrationConfig& own = config.calibration;
    return {affordable_rank(config, model), own.prediction, own.first_token, own.transform,
            // What lacks of a sum cannot be made up for once it has been normed.
            own.carry && !model.design.norm_after, std::pow(10.0, own.vector_headroom_db / 10)};
}

/// A site whose copy took no measurable harm still gets steps: the least part of the mean.
constexpr double least_sensitivity = 1e-3;

std::shared_ptr<const UpdateCodes> update_codes(const Config& config,
                                                const inference::ModelConfig& model,
                                                const inference::ModelCalibration& calibration) {
    if (!find_row(downlinks(), "downlink", config.radio.downlink).needs_calibration) return nullptr;
    if (model.design.norm_after) {
        throw std::invalid_argument(
            "radio.downlink: expected another than " + config.radio.downlink +
            " for a model that norms sums before it adds them: its updates have no basis in a "
            "calibration");
    }
    const auto& sensitivities = calibration.copy_sensitivities;
    const double mean = std::accumulate(sensitivities.begin(), sensitivities.end(), 0.0) /
                        static_cast<double>(sensitivities.size());
    if (mean == 0) {
        throw std::runtime_error(config.calibration.file.string() +
                                 ": expected sensitivities of the devices' copies for "
                                 "radio.downlink " +
                                 config.radio.downlink +
                                 ", found none; aircomp calibrate makes them");
    }
    auto codes = std::make_shared<UpdateCodes>();
    for (std::size_t s = 0; s < sensitivities.size(); ++s) {
        codes->emplace_back(calibration.updates[s],
                            std::max<double>(sensitivities[s], least_sensitivity * mean));
    }
    return codes;
}

}  // namespace

bool uses_calibration(const Config& config) {
    const Scheme& scheme = find_scheme(config.scheme);
    return !config.calibration.file.empty() && (scheme.analog || scheme.quantises);
}

SharedCoding read_shared_coding(const std::filesystem::path& file,
                                const inference::Checkpoint& checkpoint, const CodingUse& use) {
    return shared_coding(read_of_model(file, checkpoint), checkpoint.config().hidden_size, use);
}

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
      use_(use_of(config, model_)),
      calibration_(read_of_model(config_.file, checkpoint)),
      shared_(shared_coding(calibration_, model_.hidden_size, use_)),
      updates_(update_codes(config, model_, calibration_)) {}

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
    calibration.shape = shared_.shape;
    for (std::size_t s = 0; s < shares.size(); ++s) {
        const auto& samples = medium.samples().at(s);
        SiteCoding& coding = calibration.coding.emplace_back();
        coding.energy_share = shares[s];
        coding.sensitivity = calibration_.sensitivities[s];
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

double ModelCoding::flops(const Site& site, double part) const {
    const auto& transforms = shared_.shape.transforms;
    const auto transform_rank = transforms.empty() ? 0 : transforms[site.index].rank();
    return 2 * coding_products(model_, site, part, (*shared_.predictions)[site.index].rank,
                               transform_rank);
}

double ModelCoding::update_flops(const Site& site) const {
    if (updates_ == nullptr) return 0;
    const auto rank = static_cast<double>(updates_->at(site.index).rank());
    // A reflection takes a product and a sum over what it changes, two operations a value each.
    return 4 * rank * (static_cast<double>(model_.hidden_size) - rank / 2);
}

double ModelCoding::device_flops(const inference::Slice& slice, const Site& site) const {
    return flops(site, inference::held_part(model_, slice, site.kind)) + update_flops(site);
}

double ModelCoding::server_flops(const Site& site) const {
    return flops(site, 0) + 2 * update_flops(site);
}

}  // namespace aircomp::runtime
