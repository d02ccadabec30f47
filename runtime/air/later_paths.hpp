// SPDX-License-Identifier: GPL-3.0-or-later
// The paths of a link that arrive after its first one, as the medium `waveform` adds them.
#pragma once

#include <Eigen/Core>
#include <complex>
#include <vector>

#include "aircomp/optimizer/channel.hpp"

namespace aircomp::runtime {

/// Between all antennas of a device and of the server, for one coherence block: complex Gaussian
/// gains that, above 0 Hz of Doppler, move as Jakes' spectrum has it.
class LaterPaths {
public:
    /// `powers[i]`: mean of |gain|^2 over the antennas on path i, `shape` N_r x N_t.
    LaterPaths(const std::vector<double>& powers, const Eigen::MatrixXcd& shape, double doppler_hz,
               optimizer::Random& random);

    /// To where they are `seconds` after the block's begin.
    void move(double seconds);

    std::complex<double> gain(std::size_t path, Eigen::Index receive, Eigen::Index transmit) const {
        return gains_[path](receive, transmit);
    }

private:
    std::vector<optimizer::JakesFading> fading_;  // none without Doppler
    std::vector<Eigen::MatrixXcd> gains_;         // N_r x N_t, by path
};

}  // namespace aircomp::runtime
