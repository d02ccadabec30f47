// SPDX-License-Identifier: GPL-3.0-or-later
// Problem (5) per resource block, and what its solution means to devices, server and pilots.
#include "round/block_designer.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <utility>

#include "air/sounded_link.hpp"
#include "aircomp/optimizer/staleness.hpp"

namespace aircomp::runtime {
namespace {

void append(const Eigen::MatrixXcd& matrix, std::vector<phy::Sample>& row_major) {
    for (Eigen::Index i = 0; i < matrix.rows(); ++i) {
        for (Eigen::Index k = 0; k < matrix.cols(); ++k)
            row_major.emplace_back(matrix(i, k));
    }
}

/// v_n ||A H_n diag(phi) B_n||_F^2 as a quadratic form in phi, over `blocks`: with P = A H_n it is
/// sum_tu phi_t phi_u Re((P^H P)_ut (B_n B_n^H)_tu).
void add_path_power(const optimizer::TransceiverProblem& problem,
                    const optimizer::Transceiver& transceiver, std::size_t n, double blocks,
                    std::vector<double>& power) {
    const Eigen::MatrixXcd p = transceiver.combiner * problem.channels[n];
    const Eigen::MatrixXcd& b = transceiver.precoders[n];
    const Eigen::MatrixXd form = (p.adjoint() * p).transpose().cwiseProduct(b * b.adjoint()).real();
    power.resize(static_cast<std::size_t>(form.size()));
    for (Eigen::Index i = 0; i < form.size(); ++i)
        power[static_cast<std::size_t>(i)] += problem.second_moments[n] / blocks * form(i);
}

/// What the resource blocks' pilots say together: every device's part in them.
class PilotParts {
public:
    explicit PilotParts(std::size_t devices) : parts_(devices) {}

    /// Adds a resource block's reference, and notes it and the paths' powers in `server`.
    void add(const optimizer::TransceiverProblem& problem,
             const optimizer::Transceiver& transceiver, double blocks, ServerSettings& server) {
        const Eigen::VectorXcd ones = Eigen::VectorXcd::Ones(problem.streams);
        Eigen::VectorXcd reference = Eigen::VectorXcd::Zero(problem.streams);
        std::vector<Eigen::VectorXcd> own(parts_.size(), reference);
        for (std::size_t n = 0; n < parts_.size(); ++n) {
            const Eigen::MatrixXcd path =
                transceiver.combiner * problem.channels[n] * transceiver.precoders[n];
            own[n] = std::sqrt(problem.second_moments[n]) * (path * ones);
            reference += own[n];
            add_path_power(problem, transceiver, n, blocks, server.path_power[n]);
        }
        for (Eigen::Index l = 0; l < reference.size(); ++l)
            server.pilot_reference.emplace_back(reference(l));
        for (std::size_t n = 0; n < parts_.size(); ++n)
            parts_[n] += reference.dot(own[n]);
    }

    void finish(const std::vector<double>& second_moments, ServerSettings& server) const {
        std::complex<double> whole;
        for (const auto& part : parts_)
            whole += part;
        for (std::size_t n = 0; n < parts_.size(); ++n) {
            server.parts.push_back((parts_[n] / whole).real());
            if (second_moments[n] > 0)
                server.smallest_part = std::min(server.smallest_part, server.parts[n]);
        }
    }

private:
    std::vector<std::complex<double>> parts_;
};

}  // namespace

BlockDesigner::BlockDesigner(const Config& config, const phy::BurstFormat& format,
                             const std::string& design, std::vector<double> power_w)
    : config_(config),
      format_(format),
      designer_(optimizer::make_designer(design)),
      power_w_(std::move(power_w)) {
    phy::validate(format_);
}

RoundSettings BlockDesigner::design(const phy::SoundingReport& sounding,
                                    const std::vector<double>& second_moments, double noise_power_w,
                                    const ServerSettings* before) const {
    const std::size_t devices = config_.devices.size();
    const auto blocks = static_cast<double>(format_.resource_blocks());
    RoundSettings settings;
    settings.devices.resize(devices);
    for (std::size_t n = 0; n < devices; ++n) {
        settings.devices[n].second_moment = second_moments[n];
        settings.devices[n].preamble_power_w = power_w_[n];
    }
    settings.server.channel_reference = sounding.reference;
    settings.server.path_power.assign(devices, {});
    PilotParts parts(devices);
    optimizer::DesignOptions options;
    if (before != nullptr && !before->combiners.empty())
        options.warm_start = first_combiner(*before);
    for (std::size_t block = 0; block < format_.resource_blocks(); ++block) {
        const auto of_block = problem(sounding, second_moments, noise_power_w, block);
        const auto design = designer_(of_block, options);
        options.warm_start = design.transceiver.combiner;
        append(design.transceiver.combiner, settings.server.combiners);
        for (std::size_t n = 0; n < devices; ++n) {
            append(design.transceiver.precoders[n], settings.devices[n].precoders);
            settings.devices[n].power_w +=
                optimizer::transmit_power(of_block, design.transceiver, n) / blocks;
        }
        settings.server.nmse += design.nmse / blocks;
        parts.add(of_block, design.transceiver, blocks, settings.server);
    }
    parts.finish(second_moments, settings.server);
    return settings;
}

/// Equation (5) of one resource block: estimates are means over its subcarriers.
optimizer::TransceiverProblem BlockDesigner::problem(const phy::SoundingReport& sounding,
                                                     const std::vector<double>& second_moments,
                                                     double noise_power_w,
                                                     std::size_t block) const {
    const bool perfect = config_.radio.channel_knowledge == ChannelKnowledge::perfect;
    const std::size_t first = block * format_.resource_block;
    const std::size_t last =
        std::min<std::size_t>(first + format_.resource_block, format_.used_subcarriers());
    optimizer::TransceiverProblem problem;
    problem.second_moments = second_moments;
    problem.streams = config_.radio.streams;
    problem.noise_power_w = noise_power_w;
    problem.power_w = power_w_;
    std::vector<double> gains;
    for (std::size_t n = 0; n < config_.devices.size(); ++n) {
        const auto& device = sounding.devices[n];
        const auto& estimates = perfect ? device.least_squares : device.mmse;
        const Eigen::Index rows = config_.radio.server_antennas;
        const Eigen::Index columns = config_.devices[n].antennas;
        Eigen::MatrixXcd h = Eigen::MatrixXcd::Zero(rows, columns);
        for (std::size_t k = first; k < last; ++k) {
            const phy::Sample* entry = &estimates[k * static_cast<std::size_t>(rows * columns)];
            for (Eigen::Index r = 0; r < rows; ++r) {
                for (Eigen::Index t = 0; t < columns; ++t)
                    h(r, t) += std::complex<double>(*entry++);
            }
        }
        problem.channels.push_back(h / static_cast<double>(last - first));
        problem.error_variances.push_back(perfect ? 0 : device.mmse_variance[block]);
        gains.push_back(device.path_gain);
    }
    return optimizer::aged(problem, gains, correlation_of_design(config_.radio));
}

Eigen::MatrixXcd BlockDesigner::first_combiner(const ServerSettings& server) const {
    Eigen::MatrixXcd combiner(config_.radio.streams, config_.radio.server_antennas);
    const phy::Sample* entry = server.combiners.data();
    for (Eigen::Index l = 0; l < combiner.rows(); ++l) {
        for (Eigen::Index r = 0; r < combiner.cols(); ++r)
            combiner(l, r) = std::complex<double>(*entry++);
    }
    return combiner;
}

}  // namespace aircomp::runtime
