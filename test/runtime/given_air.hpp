// SPDX-License-Identifier: GPL-3.0-or-later
// The description of a virtual air over the channels of the simulated cell: what virtual radios and
// media are compared over.
#pragma once

#include <cmath>
#include <ostream>
#include <string>

#include "air/radio_cell.hpp"
#include "config/waveform_format.hpp"

namespace aircomp::test {

/// A board for the server and for each device, and the cell's noise at a radio whose unit power has
/// so many dBFS; `clock` are lines with the keys of the air's clock.
inline void write_boards(std::ostream& air, const runtime::RadioCell& cell, double unit_power_dbfs,
                         const std::string& clock) {
    const runtime::Config& config = cell.config();
    const auto format = runtime::burst_format(config);
    const double per_sample =
        static_cast<double>(format.fft_size) / static_cast<double>(format.used_subcarriers());
    air.precision(17);
    air << clock << "seed: 7\nnoise_power: "
        << cell.noise_power_w() * per_sample * std::pow(10, unit_power_dbfs / 10) << "\nboards:\n";
    for (const auto& device : config.devices)
        air << "  - {name: " << device.name << ", antennas: 1}\n";
    air << "  - {name: server, antennas: " << config.radio.server_antennas << "}\n";
}

/// Links of one path each, from each device of one antenna to the server.
inline void write_given_links(std::ostream& air, const runtime::RadioCell& cell) {
    for (std::size_t n = 0; n < cell.config().devices.size(); ++n) {
        air << "  - {between: [server, " << cell.config().devices[n].name << "], given: [{gains: [";
        const Eigen::MatrixXcd& H = cell.block().channels[n];
        for (Eigen::Index r = 0; r < H.rows(); ++r) {
            air << (r == 0 ? "" : ", ") << "[[" << H(r, 0).real() << ", " << H(r, 0).imag() << "]]";
        }
        air << "]}]}\n";
    }
}

}  // namespace aircomp::test
