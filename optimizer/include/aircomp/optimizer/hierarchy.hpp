// SPDX-License-Identifier: GPL-3.0-or-later
// Clusters: devices sum over the air at relays, relays sum over the air at the server. Relays are
// half duplex and amplify what they estimated; docs/optimizer.md derives the error.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "aircomp/optimizer/design.hpp"

namespace aircomp::optimizer {

/// Both hops of one coherence block. Clusters take turns on the first hop, so they do not disturb
/// each other.
struct HierarchyProblem {
    std::vector<TransceiverProblem> clusters;  ///< first hop: the devices of each, at their relay
    std::vector<Eigen::MatrixXcd> relay_channels;  ///< relay to server, N_r x antennas
    std::vector<double> relay_error_variances;     ///< of an entry of them; empty: all zero
    std::vector<double> relay_power_w;
    double noise_power_w = 1.0;  ///< at the server

    /// 0 where relay channels are known perfectly.
    double relay_error_variance(std::size_t c) const {
        return relay_error_variances.empty() ? 0.0 : relay_error_variances[c];
    }

    /// Throws std::invalid_argument on empty or disagreeing parts, naming the cluster.
    void validate() const;

    /// Channel uses of one sum of L values: one per cluster, one for the second hop.
    std::size_t channel_uses() const { return clusters.size() + 1; }
};

struct HierarchyDesign {
    std::vector<Design> clusters;                   ///< first hop, as if it were the last
    std::vector<Eigen::MatrixXcd> relay_precoders;  ///< F_c, antennas x L
    Eigen::MatrixXcd combiner;                      ///< at the server, L x N_r
    double mse = 0.0;                               ///< of the whole sum, both hops
    double nmse = 0.0;                              ///< over L times the sum of all second moments
};

/// Hop by hop: mmse in every cluster, mmse over the relays as devices of the second moment that
/// they received, then the combiner that is best for what the relays really send. Throws
/// std::invalid_argument on a bad problem or options.
HierarchyDesign design_hierarchy(const HierarchyProblem& problem,
                                 const DesignOptions& options = {});

/// The error of both hops together, exact for independent symbols, noises and channel errors.
double mean_square_error(const HierarchyProblem& problem, const HierarchyDesign& design);

/// For every device the relay that hears it best. `path_gains`: devices x relays.
/// Throws std::invalid_argument where a gain is negative or not finite, or there is no relay.
std::vector<std::size_t> form_clusters(const Eigen::MatrixXd& path_gains);

}  // namespace aircomp::optimizer
