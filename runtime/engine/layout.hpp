// SPDX-License-Identifier: GPL-3.0-or-later
// Which device holds what of a model, and what computing with it takes.
#pragma once

#include <cstdint>
#include <vector>

#include "aircomp/inference/slice.hpp"
#include "coding/sum_request.hpp"
#include "config/config.hpp"
#include "engine/stretch.hpp"

namespace aircomp::runtime {

/// A configuration as its scheme needs it, and what each device of it holds.
struct Layout {
    Config config;
    std::vector<inference::Slice> slices;  ///< One per device.
};

/// A scheme of one device is the fastest alone; a scheme that assigns shares chooses them by the
/// long timescale; shares that are left out are equal. Whole units are apportioned from the shares.
/// `bytes_per_weight` is what a weight takes in the checkpoint. Throws std::runtime_error where the
/// configuration is not valid, or where no shares keep the devices' limits.
Layout lay_out(Config config, const inference::ModelConfig& model, double bytes_per_weight);

/// Tokens that the KV caches hold: the configuration's, or the model's own. Throws
/// std::invalid_argument where the model was made for fewer.
std::int64_t context_of(const Config& config, const inference::ModelConfig& model);

/// Operations of one token on a device that holds `slice`, at half of the context: m_n F.
double token_flops(const Config& config, const inference::ModelConfig& model,
                   const inference::Slice& slice);

/// T_air, s: one token's all-reduces over the air, all devices at once.
double token_air_time_s(const Config& config, const inference::ModelConfig& model);

/// What each device may transmit with, W: 0 where it holds nothing of the model and so takes no
/// part in the sums; P_n(m_n) of equation (9) for the analog schemes, whose air time may grow with
/// the devices; max_power_w for the others, whose air time is not known beforehand. Throws
/// std::runtime_error that names the device where computing takes all of its energy_j_per_token.
std::vector<double> transmit_powers_w(const Config& config, const inference::ModelConfig& model,
                                      const std::vector<inference::Slice>& slices);

/// Simulated cost of the arithmetic: c_n and e_n of the configuration times operations counted.
struct ComputeUsage {
    double seconds = 0;  ///< The slowest device at each site, and the server's head.
    std::vector<double> device_energy_j;
    double server_energy_j = 0;
};

/// What is computed for one site's sum.
struct SiteWork {
    SiteKind kind = SiteKind::attention;
    std::vector<Stretch> stretches = {{}};
    /// They go through the model at once and weights are read once for all. Otherwise they stand for
    /// tokens that are decoded one after the other.
    bool together = false;
    /// For all of them, of each device besides the model's own; or none.
    gsl::span<const double> coding_flops = {};

    std::int64_t vectors() const;  ///< Of all stretches.
};

/// What computing takes, equation (18): whatever is slower of arithmetic and memory.
class Computing {
public:
    /// `bytes_per_weight`: of the layers. With `gathers`, the server computes the last projection of
    /// every site. All arguments must outlive the object.
    Computing(const Config& config, const inference::ModelConfig& model,
              const std::vector<inference::Slice>& slices, double bytes_per_weight, bool gathers)
        : config_(config),
          model_(model),
          slices_(slices),
          bytes_per_weight_(bytes_per_weight),
          gathers_(gathers) {}

    /// Charges what all devices compute before a site's sum. Returns the seconds that the slowest
    /// takes.
    double charge_devices(const SiteWork& work, ComputeUsage& usage) const;
    /// Charges what the server computes after a site's sum has come up: the last projections, where
    /// it holds them, and `coding_flops`. Returns its seconds.
    double charge_server(const SiteWork& work, double coding_flops, ComputeUsage& usage) const;
    /// Charges the server's output head for so many tokens at once, whose weights are read once for
    /// all. Returns its seconds.
    double charge_head(ComputeUsage& usage, std::int64_t tokens = 1) const;

private:
    struct Task {
        double flops = 0;
        double bytes = 0;  ///< Read from memory.
    };
    Task device_task(std::size_t device, const SiteWork& work) const;
    /// The last projection of a device's part.
    Task projection(std::size_t device, const SiteWork& work) const;
    double charge(const Task& task, ComputeUsage& usage) const;

    const Config& config_;
    const inference::ModelConfig& model_;
    const std::vector<inference::Slice>& slices_;
    double bytes_per_weight_;
    bool gathers_;
};

}  // namespace aircomp::runtime
