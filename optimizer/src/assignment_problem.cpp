// SPDX-License-Identifier: GPL-3.0-or-later
// The feasible set of shares, equation (9), and the objective (10) with its gradient.
#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

#include "aircomp/optimizer/apportion.hpp"
#include "aircomp/optimizer/assignment.hpp"
#include "aircomp/optimizer/design.hpp"

namespace aircomp::optimizer {
namespace {

void require(bool holds, const std::string& field, const char* expected, double found) {
    if (holds) return;
    std::ostringstream message;
    message << "assignment problem: " << field << ": expected " << expected << ", found " << found;
    throw std::invalid_argument(message.str());
}

void require_positive(const std::string& field, double value) {
    require(std::isfinite(value) && value > 0.0, field, "a finite number above 0", value);
}

void require_nonnegative(const std::string& field, double value) {
    require(std::isfinite(value) && value >= 0.0, field, "a finite number that is not negative",
            value);
}

double ratio_or_one(double numerator, double denominator) {
    return denominator > 0.0 ? std::clamp(numerator / denominator, 0.0, 1.0) : 1.0;
}

}  // namespace

void AssignmentProblem::validate() const {
    require(!devices.empty(), "devices", "at least one", 0.0);
    require(streams >= 1, "streams", "at least 1", streams);
    require_positive("noise_power_w", noise_power_w);
    require_nonnegative("model_bytes", model_bytes);
    require_nonnegative("token_flops", token_flops);
    require_positive("air_time_s", air_time_s);
    require_positive("compute_time_s", compute_time_s);
    for (std::size_t n = 0; n < devices.size(); ++n) {
        const AssignmentDevice& device = devices[n];
        const std::string at = "devices[" + std::to_string(n) + "].";
        require_positive(at + "max_power_w", device.max_power_w);
        require_nonnegative(at + "min_power_w", device.min_power_w);
        require(device.min_power_w <= device.max_power_w, at + "min_power_w", "at most max_power_w",
                device.min_power_w);
        require_nonnegative(at + "energy_j", device.energy_j);
        require_nonnegative(at + "energy_per_flop_j", device.energy_per_flop_j);
        require_positive(at + "flops_per_s", device.flops_per_s);
        require_nonnegative(at + "memory_bytes", device.memory_bytes);
        require_nonnegative(at + "error_variance", device.error_variance);
        require(device.link.receive_antennas == devices[0].link.receive_antennas,
                at + "link.receive_antennas", "the same as of device 0",
                static_cast<double>(device.link.receive_antennas));
    }
}

double AssignmentProblem::power_w(std::size_t n, double share) const {
    const AssignmentDevice& device = devices.at(n);
    const double left = device.energy_j - device.energy_per_flop_j * token_flops * share;
    return std::clamp(left / air_time_s, 0.0, device.max_power_w);
}

double AssignmentProblem::energy_j(std::size_t n, double share) const {
    if (share == 0.0) return 0.0;
    return devices.at(n).energy_per_flop_j * token_flops * share + power_w(n, share) * air_time_s;
}

double AssignmentProblem::ShareLimit::least() const {
    return std::min({memory, compute_time, energy});
}

const char* AssignmentProblem::ShareLimit::name() const {
    if (memory <= compute_time && memory <= energy) return "memory";
    return compute_time <= energy ? "compute time" : "energy";
}

AssignmentProblem::ShareLimit AssignmentProblem::share_limit(std::size_t n) const {
    const AssignmentDevice& device = devices.at(n);
    const double spare_j = device.energy_j - device.min_power_w * air_time_s;
    const double energy =
        spare_j < 0.0 ? 0.0 : ratio_or_one(spare_j, device.energy_per_flop_j * token_flops);
    return {ratio_or_one(device.memory_bytes, model_bytes),
            ratio_or_one(compute_time_s * device.flops_per_s, token_flops), energy};
}

void AssignmentProblem::require_feasible() const {
    double sum = 0.0;
    for (std::size_t n = 0; n < devices.size(); ++n)
        sum += share_limit(n).least();
    if (sum >= 1.0) return;
    std::ostringstream message;
    message << "no feasible shares: the devices together can hold " << sum
            << " of the model, short by " << 1.0 - sum << ":";
    for (std::size_t n = 0; n < devices.size(); ++n) {
        const ShareLimit limit = share_limit(n);
        const std::string& name = devices[n].name;
        message << (n == 0 ? " " : ", ") << (name.empty() ? "device " + std::to_string(n) : name)
                << " at most " << limit.least() << " (" << limit.name() << ")";
    }
    throw std::runtime_error(message.str());
}

TransceiverProblem AssignmentProblem::transceiver_problem(
    const std::vector<Eigen::MatrixXcd>& channels, const std::vector<double>& shares) const {
    TransceiverProblem problem;
    problem.channels = channels;
    problem.streams = streams;
    problem.noise_power_w = noise_power_w;
    for (std::size_t n = 0; n < devices.size(); ++n) {
        problem.power_w.push_back(power_w(n, shares[n]));
        problem.second_moments.push_back(static_cast<double>(devices.size()) * shares[n]);
        problem.error_variances.push_back(devices[n].error_variance);
    }
    return problem;
}

std::vector<Eigen::MatrixXcd> AssignmentProblem::draw_channels(Random& random) const {
    std::vector<Eigen::MatrixXcd> channels;
    for (const AssignmentDevice& device : devices) {
        channels.push_back(draw_channel(device.link, random));
    }
    return channels;
}

Estimate expected_nmse(const AssignmentProblem& problem, const std::vector<double>& shares,
                       int channels, std::uint64_t seed) {
    problem.validate();
    validate_shares(shares);
    if (shares.size() != problem.devices.size()) {
        throw std::invalid_argument("expected_nmse: shares: expected one for each of " +
                                    std::to_string(problem.devices.size()) + " devices, found " +
                                    std::to_string(shares.size()));
    }
    if (channels < 2) {
        throw std::invalid_argument("expected_nmse: channels: expected at least 2, found " +
                                    std::to_string(channels));
    }
    const Designer designer = make_designer(problem.scheme);
    Random random(seed);
    double sum = 0.0, square = 0.0;
    for (int draw = 0; draw < channels; ++draw) {
        const double nmse =
            designer(problem.transceiver_problem(problem.draw_channels(random), shares), {}).nmse;
        sum += nmse;
        square += nmse * nmse;
    }
    const double mean = sum / channels;
    return {mean, std::sqrt(std::max(0.0, square / channels - mean * mean) / (channels - 1))};
}

ShareGradient share_gradient(const AssignmentProblem& problem,
                             const std::vector<Eigen::MatrixXcd>& channels,
                             const std::vector<double>& shares) {
    TransceiverProblem block = problem.transceiver_problem(channels, shares);
    // At a zero share the one-sided derivative: of a moment too small to matter.
    for (double& v : block.second_moments)
        v = std::max(v, 1e-9);
    const Design design = make_designer(problem.scheme)(block, {});
    if (design.multipliers.empty()) {
        throw std::invalid_argument("assignment problem: scheme: expected one that reports " +
                                    ("multipliers, found '" + problem.scheme + "'"));
    }
    const auto& [A, precoders] = design.transceiver;
    const auto I = Eigen::MatrixXcd::Identity(problem.streams, problem.streams);
    const double N = static_cast<double>(shares.size());
    const double signal = problem.streams * N;  // L sum v_n, whatever the shares
    ShareGradient result{design.nmse, {}};
    for (std::size_t n = 0; n < shares.size(); ++n) {
        const double multiplier = design.multipliers[n];
        const double by_moment =
            (A * channels[n] * precoders[n] - I).squaredNorm() +
            (block.error_variance(n) * A.squaredNorm() + multiplier) * precoders[n].squaredNorm();
        const AssignmentDevice& device = problem.devices[n];
        const bool at_max = block.power_w[n] >= device.max_power_w;
        const double power_slope =
            at_max ? 0.0 : -device.energy_per_flop_j * problem.token_flops / problem.air_time_s;
        result.gradient.push_back((N * by_moment - multiplier * power_slope) / signal);
    }
    return result;
}

}  // namespace aircomp::optimizer
