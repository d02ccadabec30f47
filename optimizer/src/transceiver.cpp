// SPDX-License-Identifier: GPL-3.0-or-later
// Validation of the short-timescale problem and the value of a transceiver, equation (4).
#include "aircomp/optimizer/transceiver.hpp"

#include <cmath>
#include <sstream>
#include <stdexcept>

namespace aircomp::optimizer {
namespace {

[[noreturn]] void refuse(const std::string& field, const std::string& expected,
                         const std::string& found) {
    throw std::invalid_argument("transceiver problem: " + field + ": expected " + expected +
                                ", found " + found);
}

std::string text(double value) {
    std::ostringstream stream;
    stream << value;
    return stream.str();
}

std::string shape(const Eigen::MatrixXcd& matrix) {
    return std::to_string(matrix.rows()) + " x " + std::to_string(matrix.cols());
}

std::string at(const char* field, std::size_t n) {
    return std::string(field) + "[" + std::to_string(n) + "]";
}

// Products of powers, moments, noise and squared channels of this size are still finite.
constexpr double largest = 1e50, least = 1e-50;

void require_size(const std::string& field, double value) {
    if (value != 0.0 && !(value >= least && value <= largest)) {
        refuse(field, "a size from 1e-50 to 1e50", text(value));
    }
}

void require_nonnegative(const char* field, const std::vector<double>& values,
                         std::size_t devices) {
    if (values.size() != devices) {
        refuse(field, std::to_string(devices) + " values, one per channel",
               std::to_string(values.size()));
    }
    for (std::size_t n = 0; n < values.size(); ++n) {
        if (!(std::isfinite(values[n]) && values[n] >= 0.0)) {
            refuse(at(field, n), "a finite number that is not negative", text(values[n]));
        }
        require_size(at(field, n), values[n]);
    }
}

void validate_channels(const TransceiverProblem& problem) {
    const auto& channels = problem.channels;
    if (channels.empty()) refuse("channels", "at least one device", "none");
    for (std::size_t n = 0; n < channels.size(); ++n) {
        if (channels[n].rows() != channels[0].rows()) {
            refuse(
                at("channels", n),
                std::to_string(channels[0].rows()) + " rows (receive antennas) as in channels[0]",
                shape(channels[n]));
        }
        if (channels[n].rows() < problem.streams || channels[n].cols() < problem.streams) {
            refuse(at("channels", n),
                   "at least as many antennas on both sides as streams (" +
                       std::to_string(problem.streams) + ")",
                   shape(channels[n]));
        }
        if (!channels[n].allFinite()) {
            refuse(at("channels", n), "finite entries", "NaN or infinity");
        }
        const double strongest = channels[n].cwiseAbs().maxCoeff();
        if (strongest > largest) {
            refuse(at("channels", n), "entries of at most 1e50", text(strongest));
        }
    }
}

}  // namespace

void TransceiverProblem::validate() const {
    if (streams < 1) refuse("streams", "at least 1", std::to_string(streams));
    if (!(std::isfinite(noise_power_w) && noise_power_w > 0.0)) {
        refuse("noise_power_w", "a finite number above 0", text(noise_power_w));
    }
    require_size("noise_power_w", noise_power_w);
    validate_channels(*this);
    require_nonnegative("power_w", power_w, devices());
    require_nonnegative("second_moments", second_moments, devices());
    if (!error_variances.empty()) {
        require_nonnegative("error_variances", error_variances, devices());
    }
    if (!(signal_power(*this) > 0.0)) {
        refuse("second_moments", "at least one above 0", "all 0: nothing to sum");
    }
}

double signal_power(const TransceiverProblem& problem) {
    double sum = 0.0;
    for (const double v : problem.second_moments)
        sum += v;
    return problem.streams * sum;
}

double mean_square_error(const TransceiverProblem& problem, const Transceiver& transceiver) {
    const Eigen::MatrixXcd& A = transceiver.combiner;
    if (transceiver.precoders.size() != problem.devices()) {
        refuse("precoders of the transceiver", std::to_string(problem.devices()),
               std::to_string(transceiver.precoders.size()));
    }
    if (A.rows() != problem.streams || A.cols() != problem.receive_antennas()) {
        refuse("combiner of the transceiver",
               std::to_string(problem.streams) + " x " + std::to_string(problem.receive_antennas()),
               shape(A));
    }
    double mse = problem.noise_power_w * A.squaredNorm();
    for (std::size_t n = 0; n < problem.devices(); ++n) {
        const Eigen::MatrixXcd& B = transceiver.precoders[n];
        if (B.rows() != problem.channels[n].cols() || B.cols() != problem.streams) {
            refuse(at("precoders", n),
                   std::to_string(problem.channels[n].cols()) + " x " +
                       std::to_string(problem.streams),
                   shape(B));
        }
        const auto I = Eigen::MatrixXcd::Identity(problem.streams, problem.streams);
        const double misfit = (A * problem.channels[n] * B - I).squaredNorm();
        const double error = problem.error_variance(n) * A.squaredNorm() * B.squaredNorm();
        mse += problem.second_moments[n] * (misfit + error);
    }
    return mse;
}

double normalized_mean_square_error(const TransceiverProblem& problem,
                                    const Transceiver& transceiver) {
    return mean_square_error(problem, transceiver) / signal_power(problem);
}

double transmit_power(const TransceiverProblem& problem, const Transceiver& transceiver,
                      std::size_t device) {
    return problem.second_moments.at(device) * transceiver.precoders.at(device).squaredNorm();
}

}  // namespace aircomp::optimizer
