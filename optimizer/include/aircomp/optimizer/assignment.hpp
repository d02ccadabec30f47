// SPDX-License-Identifier: GPL-3.0-or-later
// The long timescale: which share of every layer each device holds, chosen once per run over the
// channel statistics, because computing costs energy that is then missing for transmission
// (docs/system-model.md section 5).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "aircomp/optimizer/channel.hpp"
#include "aircomp/optimizer/transceiver.hpp"

namespace aircomp::optimizer {

/// What one device has to offer.
struct AssignmentDevice {
    Link link;                       ///< statistics of its channel to the server, as known there
    double error_variance = 0.0;     ///< of an entry of that channel, given what is known
    double max_power_w = 1.0;        ///< P_max,n
    double min_power_w = 0.0;        ///< P_min: what it must have left if it holds anything
    double energy_j = 1.0;           ///< E_n per token
    double energy_per_flop_j = 0.0;  ///< e_n
    double flops_per_s = 1e12;       ///< c_n
    double memory_bytes = 1e12;
    std::string name = {};  ///< for messages; empty: its number
};

/// Problem (10) under (9).
struct AssignmentProblem {
    std::vector<AssignmentDevice> devices;
    int streams = 1;
    double noise_power_w = 1.0;
    double model_bytes = 0.0;     ///< of all layers together
    double token_flops = 0.0;     ///< F
    double air_time_s = 1.0;      ///< T_air per token
    double compute_time_s = 1.0;  ///< tau per token
    /// The design of the short timescale, by name: one that reports multipliers.
    std::string scheme = "mmse";

    /// Throws std::invalid_argument that names field, device, expected and found.
    void validate() const;

    /// Equation (9), W; not below 0.
    double power_w(std::size_t device, double share) const;

    /// Compute plus transmit energy of a token, J; 0 for a share of 0.
    double energy_j(std::size_t device, double share) const;

    /// The largest share that memory, compute time and energy each allow a device, at most 1.
    struct ShareLimit {
        double memory, compute_time, energy;
        double least() const;
        /// "memory", "compute time" or "energy": the one that is least.
        const char* name() const;
    };
    ShareLimit share_limit(std::size_t device) const;

    /// Throws std::runtime_error where the limits do not sum to 1: by how much they fall short, and
    /// for every device which constraint holds it to what.
    void require_feasible() const;

    /// The transceiver problem (5) of given channels at given shares: P_n from (9), v_n = N m_n.
    TransceiverProblem transceiver_problem(const std::vector<Eigen::MatrixXcd>& channels,
                                           const std::vector<double>& shares) const;

    /// One channel per device.
    std::vector<Eigen::MatrixXcd> draw_channels(Random& random) const;
};

/// A mean over random channels.
struct Estimate {
    double mean = 0.0;
    double standard_error = 0.0;
};

/// NMSE of the problem's scheme at given shares over `channels` draws. The same seed draws the same
/// channels for any shares, so that differences between shares are sharper than either estimate.
/// Throws std::invalid_argument where shares are not one for each device.
Estimate expected_nmse(const AssignmentProblem& problem, const std::vector<double>& shares,
                       int channels, std::uint64_t seed);

/// NMSE at one channel state and its gradient with respect to the shares, from (8), (9) and
/// d MSE* / d v_n. Where a design is not differentiable, as where another device begins to limit
/// zero forcing, a subgradient.
struct ShareGradient {
    double nmse = 0.0;
    std::vector<double> gradient;
};
ShareGradient share_gradient(const AssignmentProblem& problem,
                             const std::vector<Eigen::MatrixXcd>& channels,
                             const std::vector<double>& shares);

/// argmin over {0 <= m <= limits, sum m = 1} of linear^T m + curvature ||m||^2, exactly: the scalar
/// dual is piecewise linear. The limits must sum to at least 1, the curvature be positive.
std::vector<double> minimize_over_shares(const std::vector<double>& linear, double curvature,
                                         const std::vector<double>& limits);

struct AssignmentOptions {
    int max_iterations = 2000;
    double tolerance = 0.01;  ///< on the stationarity measure below, kept for ten steps
    int batch = 8;            ///< channels drawn per step, H^t of (11) being their mean
    double curvature = 0.0;   ///< kappa of (11) in NMSE; 0: chosen from the first gradients
    int channels = 400;       ///< draws for the final expected NMSE
    std::uint64_t seed = 1;
    /// Called after every step with the steps done and max_iterations; may be empty.
    std::function<void(int done, int most)> progress = {};
};

/// State of stochastic successive convex approximation after one step.
struct AssignmentStep {
    double nmse = 0.0;  ///< running average with weights rho_t
    /// max over y in M of g^T (m - y) / nmse, g the running average of gradients: how much,
    /// relative, any feasible move still promises to first order. 0 at a stationary point.
    double stationarity = 0.0;
    std::vector<double> shares;
};

struct Assignment {
    std::vector<double> shares;
    Estimate nmse;                 ///< over fresh channels
    std::vector<double> power_w;   ///< left for transmission, (9)
    std::vector<double> energy_j;  ///< per token
    bool converged = false;        ///< stationarity reached the tolerance
    std::vector<AssignmentStep> trace;
};

/// Stochastic successive convex approximation (11) from shares in proportion to the limits, equal
/// where nothing limits them.
/// Throws std::invalid_argument on a bad problem, std::runtime_error where no shares are feasible.
Assignment assign_shares(const AssignmentProblem& problem, const AssignmentOptions& options = {});

/// The feasible point nearest to the given shares.
std::vector<double> nearest_feasible(const AssignmentProblem& problem,
                                     const std::vector<double>& shares);

/// What a layer is cut into.
struct LayerUnits {
    std::int64_t kv_groups = 1;
    std::int64_t ffn_columns = 1;
    double attention_fraction = 1.0 / 3.0;         ///< of a layer's operations
    double attention_memory_fraction = 1.0 / 3.0;  ///< of its bytes, KV cache included
};

struct IntegralAssignment {
    std::vector<std::int64_t> kv_groups, ffn_columns;  ///< per device, sums exact
    std::vector<double>
        shares;                 ///< attention_fraction kv / KV + (1 - attention_fraction) ffn / FFN
    double rounded_nmse = 0.0;  ///< of plain apportionment, mean of the two sites
    double nmse = 0.0;          ///< of this one, on the same channels; at most rounded_nmse
};

/// Whole units near real shares: from apportionment of both, single KV groups move between devices,
/// the FFN columns either apportioned as before or making up for what a whole group is off, as long
/// as the NMSE of the two sites over `channels` common draws falls. No device goes beyond its limit
/// by more than one column. Throws std::invalid_argument on bad shares or units, and
/// std::runtime_error where no such units are found, naming a device and what it would hold.
IntegralAssignment refine_to_units(const AssignmentProblem& problem,
                                   const std::vector<double>& shares, const LayerUnits& units,
                                   int channels = 50, std::uint64_t seed = 1);

}  // namespace aircomp::optimizer
