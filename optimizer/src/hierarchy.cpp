// SPDX-License-Identifier: GPL-3.0-or-later
// Cluster formation, the design of both hops, and the error of what arrives.
#include "aircomp/optimizer/hierarchy.hpp"

#include <cmath>
#include <stdexcept>

#include "decompositions.hpp"

namespace aircomp::optimizer {
namespace {

using Eigen::MatrixXcd;

[[noreturn]] void refuse(const std::string& what) {
    throw std::invalid_argument("hierarchy problem: " + what);
}

// What a relay estimates, s_hat_c = sum_n M_n s_n + noise, in second-order terms.
struct RelaySignal {
    std::vector<MatrixXcd> gains;  // M_n = A_c H_n B_n
    MatrixXcd covariance;          // of s_hat_c
    MatrixXcd cross;               // E[s_hat_c (sum_n s_n)^H] = sum_n v_n M_n
};

RelaySignal relay_signal(const TransceiverProblem& cluster, const Transceiver& design) {
    RelaySignal signal;
    const MatrixXcd& A = design.combiner;
    double noise = cluster.noise_power_w;
    for (std::size_t n = 0; n < cluster.devices(); ++n) {
        noise += cluster.second_moments[n] * cluster.error_variance(n) *
                 design.precoders[n].squaredNorm();
    }
    signal.covariance = noise * A * A.adjoint();
    signal.cross = MatrixXcd::Zero(A.rows(), A.rows());
    for (std::size_t n = 0; n < cluster.devices(); ++n) {
        const double v = cluster.second_moments[n];
        const MatrixXcd M = A * cluster.channels[n] * design.precoders[n];
        signal.covariance += v * M * M.adjoint();
        signal.cross += v * M;
        signal.gains.push_back(M);
    }
    return signal;
}

double total_moment(const HierarchyProblem& problem) {
    double sum = 0.0;
    for (const TransceiverProblem& cluster : problem.clusters) {
        for (const double v : cluster.second_moments)
            sum += v;
    }
    return sum;
}

double sent_power(const MatrixXcd& F, const MatrixXcd& covariance) {
    return (F * covariance * F.adjoint()).trace().real();
}

// The server's linear estimate of the sum from what the relays send.
MatrixXcd best_combiner(const HierarchyProblem& problem, const std::vector<RelaySignal>& signals,
                        const std::vector<MatrixXcd>& F) {
    const Eigen::Index N_r = problem.relay_channels[0].rows();
    MatrixXcd covariance = problem.noise_power_w * MatrixXcd::Identity(N_r, N_r);
    MatrixXcd cross = MatrixXcd::Zero(N_r, problem.clusters[0].streams);
    for (std::size_t c = 0; c < F.size(); ++c) {
        const MatrixXcd HF = problem.relay_channels[c] * F[c];
        covariance += HF * signals[c].covariance * HF.adjoint();
        covariance.diagonal().array() +=
            problem.relay_error_variance(c) * sent_power(F[c], signals[c].covariance);
        cross += HF * signals[c].cross;
    }
    return solve_positive(covariance, cross).adjoint();
}

}  // namespace

void HierarchyProblem::validate() const {
    if (clusters.empty()) refuse("clusters: expected at least one, found none");
    if (relay_channels.size() != clusters.size() || relay_power_w.size() != clusters.size()) {
        refuse("expected one relay channel and one relay power for each of " +
               std::to_string(clusters.size()) + " clusters, found " +
               std::to_string(relay_channels.size()) + " and " +
               std::to_string(relay_power_w.size()));
    }
    if (!relay_error_variances.empty() && relay_error_variances.size() != clusters.size()) {
        refuse("expected no relay error variance or one for each of " +
               std::to_string(clusters.size()) + " clusters, found " +
               std::to_string(relay_error_variances.size()));
    }
    for (std::size_t c = 0; c < clusters.size(); ++c) {
        clusters[c].validate();
        if (clusters[c].streams != clusters[0].streams) {
            refuse("clusters[" + std::to_string(c) + "].streams: expected " +
                   std::to_string(clusters[0].streams) + " as in cluster 0, found " +
                   std::to_string(clusters[c].streams));
        }
    }
}

HierarchyDesign design_hierarchy(const HierarchyProblem& problem, const DesignOptions& options) {
    problem.validate();
    HierarchyDesign design;
    std::vector<RelaySignal> signals;
    TransceiverProblem relays;
    relays.channels = problem.relay_channels;
    relays.error_variances = problem.relay_error_variances;
    relays.power_w = problem.relay_power_w;
    relays.streams = problem.clusters[0].streams;
    relays.noise_power_w = problem.noise_power_w;
    for (const TransceiverProblem& cluster : problem.clusters) {
        design.clusters.push_back(design_mmse(cluster, options));
        signals.push_back(relay_signal(cluster, design.clusters.back().transceiver));
        relays.second_moments.push_back(signals.back().covariance.trace().real() / cluster.streams);
    }
    const Design second = design_mmse(relays, options);
    for (std::size_t c = 0; c < signals.size(); ++c) {
        // The estimate's covariance is not white: scale to what F really costs.
        MatrixXcd F = second.transceiver.precoders[c];
        const double spent = sent_power(F, signals[c].covariance);
        if (spent > problem.relay_power_w[c]) F *= std::sqrt(problem.relay_power_w[c] / spent);
        design.relay_precoders.push_back(F);
    }
    design.combiner = best_combiner(problem, signals, design.relay_precoders);
    design.mse = mean_square_error(problem, design);
    design.nmse = design.mse / (relays.streams * total_moment(problem));
    return design;
}

// With K_c = A H_c F_c the error is
//     E||A y - sum s||^2 = L sum v - 2 Re tr sum K_c cross_c + tr sum K_c R_c K_c^H
//                          + (sigma^2 + sum e_c tr F_c R_c F_c^H) ||A||^2,
// here summed device by device, so that nothing cancels.
double mean_square_error(const HierarchyProblem& problem, const HierarchyDesign& design) {
    double mse = 0.0, server_noise = problem.noise_power_w;
    for (std::size_t c = 0; c < problem.clusters.size(); ++c) {
        const TransceiverProblem& cluster = problem.clusters[c];
        const Transceiver& first = design.clusters[c].transceiver;
        const MatrixXcd K = design.combiner * problem.relay_channels[c] * design.relay_precoders[c];
        const MatrixXcd I = MatrixXcd::Identity(K.rows(), K.cols());
        double noise = cluster.noise_power_w;
        for (std::size_t n = 0; n < cluster.devices(); ++n) {
            const double v = cluster.second_moments[n];
            const MatrixXcd M = first.combiner * cluster.channels[n] * first.precoders[n];
            mse += v * (K * M - I).squaredNorm();
            noise += v * cluster.error_variance(n) * first.precoders[n].squaredNorm();
        }
        mse += noise * (K * first.combiner).squaredNorm();
        server_noise +=
            problem.relay_error_variance(c) *
            sent_power(design.relay_precoders[c], relay_signal(cluster, first).covariance);
    }
    return mse + server_noise * design.combiner.squaredNorm();
}

std::vector<std::size_t> form_clusters(const Eigen::MatrixXd& path_gains) {
    if (path_gains.cols() == 0 || !path_gains.allFinite() || (path_gains.array() < 0.0).any()) {
        throw std::invalid_argument(
            "form_clusters: expected devices x relays path gains, finite and not negative");
    }
    std::vector<std::size_t> relay(static_cast<std::size_t>(path_gains.rows()));
    for (Eigen::Index n = 0; n < path_gains.rows(); ++n) {
        Eigen::Index best = 0;
        path_gains.row(n).maxCoeff(&best);
        relay[static_cast<std::size_t>(n)] = static_cast<std::size_t>(best);
    }
    return relay;
}

}  // namespace aircomp::optimizer
