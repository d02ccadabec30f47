// SPDX-License-Identifier: GPL-3.0-or-later
// Ratios of powers and of singular values.
#include "daemon/coordinator/channel_figures.hpp"

#include <Eigen/SVD>
#include <algorithm>
#include <cmath>

namespace aircomp::runtime::testbed {
namespace {

/// Enough for a mean over the band, which changes slowly along it.
constexpr std::size_t most_subcarriers = 16;
constexpr double most_db = 200;

using RowMajor = Eigen::Matrix<phy::Sample, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

double decibels(double ratio) {
    return 10 * std::log10(ratio);
}

double condition_db(const Eigen::MatrixXcf& channel) {
    const Eigen::VectorXf values = Eigen::JacobiSVD<Eigen::MatrixXcf>(channel).singularValues();
    const double largest = values.maxCoeff(), smallest = values.minCoeff();
    if (largest <= 0 || smallest <= 0) return most_db;
    return std::min(most_db, 2 * decibels(largest / smallest));
}

/// H_n at one of the used subcarriers.
Eigen::MatrixXcf channel_at(const phy::DeviceEstimate& device, std::size_t subcarrier,
                            std::size_t rows, std::size_t columns) {
    return Eigen::Map<const RowMajor>(&device.least_squares[subcarrier * rows * columns],
                                      static_cast<Eigen::Index>(rows),
                                      static_cast<Eigen::Index>(columns));
}

}  // namespace

ChannelFigures channel_figures(const phy::SoundingReport& sounding, gsl::span<const double> power_w,
                               std::size_t used_subcarriers, std::size_t server_antennas) {
    const std::size_t count = sounding.devices.size();
    ChannelFigures figures{std::vector<double>(count), std::vector<double>(count), 0};
    const std::size_t stride = (used_subcarriers + most_subcarriers - 1) / most_subcarriers;
    const std::size_t count_of_looks = (used_subcarriers + stride - 1) / stride;
    const auto looks = static_cast<double>(count_of_looks);
    for (std::size_t k = 0; k < used_subcarriers; k += stride) {
        Eigen::MatrixXcf whole(static_cast<Eigen::Index>(server_antennas), 0);
        for (std::size_t n = 0; n < count; ++n) {
            const phy::DeviceEstimate& device = sounding.devices[n];
            if (!device.found) continue;
            const std::size_t antennas =
                device.least_squares.size() / (used_subcarriers * server_antennas);
            const auto channel = channel_at(device, k, server_antennas, antennas);
            figures.condition_db[n] += condition_db(channel) / looks;
            whole.conservativeResize(Eigen::NoChange, whole.cols() + channel.cols());
            whole.rightCols(channel.cols()) = channel;
        }
        if (whole.cols() > 0) figures.whole_condition_db += condition_db(whole) / looks;
    }
    for (std::size_t n = 0; n < count; ++n) {
        const phy::DeviceEstimate& device = sounding.devices[n];
        if (!device.found || sounding.noise_power_w <= 0) continue;
        figures.snr_db[n] = decibels(power_w[n] * device.path_gain / sounding.noise_power_w);
    }
    return figures;
}

}  // namespace aircomp::runtime::testbed
