// SPDX-License-Identifier: GPL-3.0-or-later
// Scale policies, clipping and packing of the analog media.
#include "coding/analog_codec.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "aircomp/inference/add.hpp"
#include "coding/exact_sum.hpp"
#include "config/seeds.hpp"

namespace aircomp::runtime {
namespace {

/// Mean over the layers of each device's power relative to the mean device's: second moments whose
/// average is one.
std::vector<double> second_moments_of(const Calibration& calibration, SiteKind kind) {
    const std::size_t devices = calibration.later_tokens.at(0).partial_power.size();
    std::vector<double> moments(devices, 0);
    double layers = 0;
    for (const SiteStatistics& site : calibration.later_tokens) {
        if (site.kind != kind) continue;
        const auto& power = site.partial_power;
        double mean = 0;
        for (const double p : power)
            mean += p / static_cast<double>(devices);
        if (mean == 0) continue;
        ++layers;
        for (std::size_t n = 0; n < devices; ++n)
            moments[n] += power[n] / mean;
    }
    for (double& moment : moments)
        moment = layers == 0 ? 1 : moment / layers;
    return moments;
}

/// Mean over the layers of the sum's power relative to that of independent partials, at least 1.
double sum_gain_of(const Calibration& calibration, SiteKind kind) {
    double gains = 0, layers = 0;
    for (const SiteStatistics& site : calibration.later_tokens) {
        if (site.kind != kind) continue;
        const double independent =
            std::accumulate(site.partial_power.begin(), site.partial_power.end(), 0.0);
        if (independent == 0) continue;
        ++layers;
        gains += site.sum_power / independent;
    }
    return layers == 0 ? 1 : std::max(1.0, gains / layers);
}

}  // namespace

phy::Payload payload_of(const Config& config, std::int64_t length) {
    phy::Payload payload;
    payload.length = static_cast<std::size_t>(length);
    payload.streams = static_cast<std::size_t>(config.radio.streams);
    if (config.analog.rotation)
        payload.rotation_seed = derive_seed(config.seed, seed_for::rotation);
    return payload;
}

std::optional<phy::Rotation> rotation_of(const Config& config, std::int64_t length) {
    const auto seed = payload_of(config, length).rotation_seed;
    if (!seed) return {};
    return phy::Rotation(length, *seed);
}

AnalogCodec::AnalogCodec(const Config& config, std::int64_t length, const Calibration& calibration)
    : analog_(config.analog),
      payload_(payload_of(config, length)),
      rotation_(rotation_of(config, length)),
      coding_(calibration.coding),
      headroom_(calibration.shape.vector_headroom),
      shaper_(calibration.shape, config.analog.clip_level, rotation_) {
    if (calibration.later_tokens.empty()) throw std::invalid_argument("no calibration of any site");
    for (const SiteStatistics& site : calibration.later_tokens) {
        if (std::find(kinds_.begin(), kinds_.end(), site.kind) == kinds_.end())
            kinds_.push_back(site.kind);
    }
    for (const SiteKind kind : kinds_) {
        moments_[static_cast<std::size_t>(kind)] = second_moments_of(calibration, kind);
        sum_gains_[static_cast<std::size_t>(kind)] = sum_gain_of(calibration, kind);
    }
    const auto power_of = [](const SiteStatistics& site) -> SitePower {
        return {std::accumulate(site.partial_power.begin(), site.partial_power.end(), 0.0),
                std::sqrt(site.residual_power)};
    };
    for (const SiteStatistics& site : calibration.first_token)
        first_token_.push_back(power_of(site));
    for (const SiteStatistics& site : calibration.later_tokens)
        later_tokens_.push_back(power_of(site));
}

const std::vector<double>& AnalogCodec::second_moments(SiteKind kind) const {
    return moments_[static_cast<std::size_t>(kind)];
}

// The scale c that gives the devices' symbols their second moments on average: a complex symbol
// carries two reals of mean square p / c^2. A device whose partial is large at one site sends more
// power there and less elsewhere, so P_n holds as the mean over a token's rounds.
double AnalogCodec::calibrated_scale(double power, SiteKind kind) const {
    const auto& moments = second_moments(kind);
    const double moment = std::accumulate(moments.begin(), moments.end(), 0.0);
    return power > 0 && moment > 0 ? std::sqrt(2 * power / moment) : 1;
}

double AnalogCodec::scale_of(double power, const Site& site) const {
    const double scale = calibrated_scale(power, site.kind);
    if (coding_.empty()) return scale;
    const SiteCoding& coding = coding_.at(site.index);
    double energy = coding.energy_share;
    if (coding.root_energy > 0) energy *= std::sqrt(power) / coding.root_energy;
    return scale / std::sqrt(std::clamp(energy, 1 / headroom_, headroom_));
}

double AnalogCodec::common_scale(const SumRequest& request, std::int64_t v) const {
    if (!request.scales.empty()) return request.scales[static_cast<std::size_t>(v)];
    const std::int64_t position = request.position_of(v);
    if (analog_.scale == ScalePolicy::exchanged) {
        std::vector<double> power;
        for (std::size_t n = 0; n < request.partials.size(); ++n)
            power.push_back(mean_square(request.partial(n, v)));
        return exchanged_scale(power, request.site);
    }
    const auto& sites = position == 0 ? first_token_ : later_tokens_;
    const SitePower& site = sites.at(request.site.index);
    if (analog_.scale == ScalePolicy::calibrated) return scale_of(site.power, request.site);
    if (!coding_.empty() && coding_.at(request.site.index).forecast && !request.features.empty()) {
        if (position == 0) return scale_of(site.power, request.site);
        const auto& features = request.features[static_cast<std::size_t>(v)];
        return scale_of(coding_[request.site.index].forecast->energy(features), request.site);
    }
    const auto length = static_cast<std::size_t>(request.length);
    const double rms = std::sqrt(
        mean_square(request.residual.subspan(static_cast<std::size_t>(v) * length, length)));
    const double ratio = site.residual_rms > 0 && rms > 0 ? rms / site.residual_rms : 1;
    return scale_of(site.power * ratio * ratio, request.site);
}

double AnalogCodec::exchanged_scale(const std::vector<double>& partial_power,
                                    const Site& site) const {
    return scale_of(std::accumulate(partial_power.begin(), partial_power.end(), 0.0), site);
}

AnalogCodec::Shaped AnalogCodec::shape(const SumRequest& request) {
    Shaped shaped;
    shaped.partials.assign(request.partials.begin(), request.partials.end());
    const auto length = static_cast<std::size_t>(request.length);
    const auto vector = [&](std::size_t n, std::int64_t v) {
        return gsl::span<float>(shaped.partials[n])
            .subspan(static_cast<std::size_t>(v) * length, length);
    };
    SumRequest sent = request;
    sent.partials = shaped.partials;
    const auto& moments = second_moments(request.site.kind);
    for (std::int64_t v = 0; v < request.vectors; ++v) {
        for (std::size_t n = 0; n < shaped.partials.size(); ++n)
            shaper_.prepare(request, n, v, vector(n, v));
        const double scale = common_scale(sent, v);
        shaped.scales.push_back(scale);
        for (std::size_t n = 0; n < shaped.partials.size(); ++n) {
            const auto held = shaper_.hold_back(request, n, v, scale, moments[n], vector(n, v));
            shaped.limited_vectors += held.limited ? 1 : 0;
            shaped.clipped_reals += held.clipped;
        }
    }
    return shaped;
}

void AnalogCodec::unshape(const Site& site, gsl::span<float> vector) const {
    shaper_.undo(site, vector);
}

std::int64_t AnalogCodec::channel_uses_of(int streams) const {
    const std::int64_t reals_per_use = 2 * static_cast<std::int64_t>(streams);
    return (length() + reals_per_use - 1) / reals_per_use;
}

double AnalogCodec::loss_per_nmse() const {
    double loss = 0;
    for (const SiteCoding& coding : coding_)
        loss += coding.sensitivity / coding.energy_share;
    return loss;
}

AnalogCodec::Encoded AnalogCodec::encode(gsl::span<const float> vector, double scale,
                                         double second_moment, int streams) const {
    const std::int64_t uses = channel_uses_of(streams);
    const auto reals = static_cast<std::size_t>(2 * streams * uses);
    std::vector<float> padded(reals, 0.0F);
    std::copy(vector.begin(), vector.end(), padded.begin());
    if (rotation_) rotation_->apply(gsl::span<float>(padded.data(), vector.size()));
    const auto factor = static_cast<float>(1 / scale);
    const auto limit = static_cast<float>(clip_limit(analog_.clip_level, second_moment));
    Encoded encoded;
    encoded.symbols.resize(streams, uses);
    // Consecutive reals are real and imaginary part of consecutive streams' symbols.
    auto* const out = reinterpret_cast<float*>(encoded.symbols.data());
    for (std::size_t i = 0; i < reals; ++i) {
        const float value = padded[i] * factor;
        out[i] = std::clamp(value, -limit, limit);
        encoded.clipped += out[i] != value ? 1 : 0;
    }
    return encoded;
}

void AnalogCodec::decode(const SymbolMatrix& symbols, double scale, gsl::span<float> vector) const {
    const auto* const in = reinterpret_cast<const float*>(symbols.data());
    const auto factor = static_cast<float>(scale);
    for (std::size_t i = 0; i < vector.size(); ++i)
        vector[i] = in[i] * factor;
    if (rotation_) rotation_->undo(vector);
}

}  // namespace aircomp::runtime
