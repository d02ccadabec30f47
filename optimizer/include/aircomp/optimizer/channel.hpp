// SPDX-License-Identifier: GPL-3.0-or-later
// Channel models: large-scale path loss, Rayleigh and Rician fading, and their evolution over time
// (Jakes). Everything random is drawn from the engine passed in.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "aircomp/optimizer/random.hpp"

namespace aircomp::optimizer {

/// Log-distance path loss: gain(d) = reference_gain * (d / reference_distance_m)^-exponent.
struct PathLoss {
    double reference_gain = 1.0;  ///< power gain at the reference distance
    double reference_distance_m = 1.0;
    double exponent = 2.0;
};

/// Power gain at `distance_m` > 0. Throws std::invalid_argument on any value that is not positive.
double path_gain(double distance_m, const PathLoss& model);

/// beta = 10^-u with u uniform in (0, 1): the path gains of docs/system-model.md section 7.
double draw_path_gain(Random& random);

/// Statistics of one link between a device and a receiver.
struct Link {
    Eigen::Index receive_antennas = 1;
    Eigen::Index transmit_antennas = 1;
    double path_gain = 1.0;      ///< mean power gain between two antennas
    double rician_factor = 0.0;  ///< K: line-of-sight over scattered power; 0 is Rayleigh
};

/// Draws one channel matrix, N_r x N_t. The line of sight is a plane wave between two
/// half-wavelength linear arrays, both angles uniform. Throws std::invalid_argument where the link
/// makes no sense.
Eigen::MatrixXcd draw_channel(const Link& link, Random& random);

/// Correlation of a Jakes (Clarke) channel with itself after `interval_s`: J0(2 pi f_D interval).
double jakes_correlation(double doppler_hz, double interval_s);

/// Largest Doppler shift, in Hz, at `speed_m_per_s` and carrier `carrier_hz`.
double doppler_hz(double speed_m_per_s, double carrier_hz);

/// A link with Jakes Doppler spectrum, as a function of time: every entry is a sum of plane waves
/// that arrive from all around with random phases (Xiao, Zheng and Beaulieu, IEEE Trans. Wireless
/// Commun. 5(12), 2006). Its autocorrelation over the ensemble is J0(2 pi f_D t) exactly.
class JakesFading {
public:
    /// Throws std::invalid_argument where the link makes no sense or `doppler_hz` is negative.
    JakesFading(const Link& link, double doppler_hz, Random& random);

    /// The channel at a time, N_r x N_t.
    Eigen::MatrixXcd channel(double time_s) const;

private:
    static constexpr int waves = 32;
    Eigen::MatrixXcd line_of_sight_;
    double amplitude_;
    std::vector<double> angular_doppler_;  // rad/s, `waves` per entry, entries column by column
    std::vector<double> phase_;
};

}  // namespace aircomp::optimizer
