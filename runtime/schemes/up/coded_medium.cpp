// SPDX-License-Identifier: GPL-3.0-or-later
// Rates of the devices, alone and together, and what vectors take at them.
#include "schemes/up/coded_medium.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "schemes/down/registry.hpp"
#include "schemes/up/rounds.hpp"

namespace aircomp::runtime {

CodedMedium::CodedMedium(RadioCell cell, DigitalAccess access)
    : cell_(std::move(cell)), down_(make_way_down(cell_.config())), access_(access) {}

void CodedMedium::all_reduce(const SumRequest& request, SumCopies sum) {
    all_reduce_by({0, [this] { measure_channels(); },
                   [this](const SumRequest& sent, std::int64_t v, gsl::span<float> out) {
                       transmit(sent, v, out);
                   }},
                  cell_, *down_, request, sum);
}

void CodedMedium::transmit(const SumRequest& request, std::int64_t v, gsl::span<float> out) {
    // Rates follow a moving channel at once.
    if (cell_.config().radio.doppler_hz > 0) measure_channels();
    charge(add(request, v, out));
}

void CodedMedium::measure_channels() {
    const Config& config = cell_.config();
    const Eigen::Index antennas = config.radio.server_antennas;
    const double gain = 1 / cell_.noise_power_w();
    Eigen::MatrixXcd together = Eigen::MatrixXcd::Zero(antennas, antennas);
    links_.clear();
    for (std::size_t n = 0; n < config.devices.size(); ++n) {
        const auto& h = cell_.block().channels[n];
        const double power = cell_.power_w()[n] / static_cast<double>(h.cols());
        const Eigen::MatrixXcd received = power * h * h.adjoint();
        links_.emplace_back(received, gain, config);
        if (cell_.takes_part(n)) together += received;
    }
    all_links_ = CodedChannel(together, gain, config);
}

void CodedMedium::charge(const std::vector<double>& bits) {
    std::vector<double> seconds(bits.size(), 0), power_w(bits.size(), 0);
    double together = 0;
    Frame frame;
    if (access_ == DigitalAccess::space_division) {
        together =
            cell_.air_time_s(all_links_.uses(std::accumulate(bits.begin(), bits.end(), 0.0)));
        std::fill(seconds.begin(), seconds.end(), together);
    } else {
        frame.bursts = static_cast<double>(cell_.participants());
        for (std::size_t n = 0; n < bits.size(); ++n) {
            if (cell_.takes_part(n)) seconds[n] = cell_.air_time_s(links_[n].uses(bits[n]));
            together += seconds[n];
        }
    }
    for (std::size_t n = 0; n < bits.size(); ++n) {
        if (cell_.takes_part(n) && together > 0)
            power_w[n] = cell_.power_w()[n] * seconds[n] / together;
    }
    cell_.charge_uplink(together, std::llround(together / cell_.air_time_s(1)), power_w, frame);
}

}  // namespace aircomp::runtime
