// SPDX-License-Identifier: GPL-3.0-or-later
// Positions to path gains, path gains to clusters and channels.
#include "air/relay_field.hpp"

#include <algorithm>
#include <cmath>
#include <complex>

#include "air/radio_cell.hpp"
#include "aircomp/optimizer/channel.hpp"
#include "aircomp/optimizer/hierarchy.hpp"

namespace aircomp::runtime {
namespace {

constexpr double turn = 2 * 3.14159265358979323846;
// Lengths are in units of the distance at which the path gain is 1. No device counts as nearer to a
// relay than this.
constexpr double least_distance = 0.1;

std::complex<double> position(double path_gain, double exponent, double angle) {
    return std::polar(std::pow(path_gain, -1 / exponent), angle);
}

/// devices x relays
Eigen::MatrixXd gains_at_relays(const Config& config) {
    const RelaysConfig& relays = config.relays;
    const optimizer::PathLoss loss{1, 1, relays.path_loss_exponent};
    const std::vector<double> at_server = path_gains(config);
    Eigen::MatrixXd gains(static_cast<Eigen::Index>(at_server.size()), relays.count);
    for (std::size_t n = 0; n < at_server.size(); ++n) {
        optimizer::Random random(derive_seed(config.seed, seed_for::relay_angles, n));
        const auto device =
            position(at_server[n], loss.exponent, turn * optimizer::uniform(random));
        for (int c = 0; c < relays.count; ++c) {
            const auto relay = position(relays.path_gain, loss.exponent, turn * c / relays.count);
            gains(static_cast<Eigen::Index>(n), c) =
                optimizer::path_gain(std::max(least_distance, std::abs(device - relay)), loss);
        }
    }
    return gains;
}

}  // namespace

RelayField::RelayField(const Config& config) : config_(config) {
    const Eigen::MatrixXd gains = gains_at_relays(config);
    relay_of_ = optimizer::form_clusters(gains);
    for (std::size_t n = 0; n < relay_of_.size(); ++n) {
        path_gains_.push_back(
            gains(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(relay_of_[n])));
    }
}

RelayBlock RelayField::draw(std::int64_t block) const {
    const auto number = static_cast<std::uint64_t>(block);
    optimizer::Random channels(derive_seed(config_.seed, seed_for::relay_channels, number));
    optimizer::Random pilots(derive_seed(config_.seed, seed_for::relay_pilot_noise, number));
    const RadioConfig& radio = config_.radio;
    const RelaysConfig& relays = config_.relays;
    optimizer::Link link;
    link.rician_factor = rician_factor(radio);
    RelayBlock drawn;
    link.receive_antennas = relays.antennas;
    for (std::size_t n = 0; n < relay_of_.size(); ++n) {
        link.transmit_antennas = config_.devices[n].antennas;
        link.path_gain = path_gains_[n];
        drawn.devices.emplace_back(radio, link, pilot_variance(config_, n), /*moving=*/true,
                                   channels, pilots);
    }
    link.receive_antennas = radio.server_antennas;
    link.transmit_antennas = relays.antennas;
    link.path_gain = relays.path_gain;
    const double variance = noise_power_w(config_) / (relays.power_w * radio.pilots_per_antenna);
    for (int c = 0; c < relays.count; ++c) {
        drawn.relays.emplace_back(radio, link, variance, /*moving=*/false, channels, pilots);
    }
    return drawn;
}

}  // namespace aircomp::runtime
