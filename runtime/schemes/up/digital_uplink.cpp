// SPDX-License-Identifier: GPL-3.0-or-later
// Rates of the devices, alone and together, and what vectors take at them.
#include "schemes/up/digital_uplink.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace aircomp::runtime {

void DigitalUplink::measure(const RadioCell& cell) {
    const Config& config = cell.config();
    const Eigen::Index antennas = config.radio.server_antennas;
    const double gain = 1 / cell.noise_power_w();
    Eigen::MatrixXcd together = Eigen::MatrixXcd::Zero(antennas, antennas);
    links_.clear();
    for (std::size_t n = 0; n < config.devices.size(); ++n) {
        const auto& h = cell.block().channels[n];
        const double power = cell.power_w()[n] / static_cast<double>(h.cols());
        const Eigen::MatrixXcd received = power * h * h.adjoint();
        links_.emplace_back(received, gain, config);
        if (cell.takes_part(n)) together += received;
    }
    all_links_ = CodedChannel(together, gain, config);
}

void DigitalUplink::charge(RadioCell& cell, const std::vector<double>& bits) const {
    std::vector<double> seconds(bits.size(), 0), power_w(bits.size(), 0);
    double together = 0;
    Frame frame;
    if (access_ == DigitalAccess::space_division) {
        together = cell.air_time_s(all_links_.uses(std::accumulate(bits.begin(), bits.end(), 0.0)));
        std::fill(seconds.begin(), seconds.end(), together);
    } else {
        frame.bursts = static_cast<double>(cell.participants());
        for (std::size_t n = 0; n < bits.size(); ++n) {
            if (cell.takes_part(n)) seconds[n] = cell.air_time_s(links_[n].uses(bits[n]));
            together += seconds[n];
        }
    }
    for (std::size_t n = 0; n < bits.size(); ++n) {
        if (cell.takes_part(n) && together > 0)
            power_w[n] = cell.power_w()[n] * seconds[n] / together;
    }
    cell.charge_uplink(together, std::llround(together / cell.air_time_s(1)), power_w, frame);
}

}  // namespace aircomp::runtime
