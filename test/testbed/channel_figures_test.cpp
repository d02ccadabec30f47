// SPDX-License-Identifier: GPL-3.0-or-later
// What is said of channels: ratios that are known of matrices that are known.
#include "daemon/coordinator/channel_figures.hpp"

#include <cmath>

#include "support/catch.hpp"

namespace aircomp::runtime::testbed {
namespace {

constexpr std::size_t subcarriers = 100, server_antennas = 4;

/// The same at every subcarrier; `channel` is [server antennas, device antennas].
phy::DeviceEstimate everywhere(const std::vector<phy::Sample>& channel) {
    phy::DeviceEstimate device;
    device.found = true;
    for (std::size_t k = 0; k < subcarriers; ++k)
        device.least_squares.insert(device.least_squares.end(), channel.begin(), channel.end());
    for (const phy::Sample entry : channel)
        device.path_gain +=
            static_cast<double>(std::norm(entry)) / static_cast<double>(channel.size());
    return device;
}

phy::SoundingReport example() {
    phy::SoundingReport sounding;
    sounding.found = true;
    sounding.noise_power_w = 0.01;
    // Columns at right angles, one ten times the other.
    sounding.devices.push_back(everywhere({{1, 0}, {0, 0}, {0, 0}, {0, 10}, {}, {}, {}, {}}));
    sounding.devices.push_back(everywhere({{}, {}, {0, 2}, {}}));
    return sounding;
}

TEST_CASE("a channel's condition is the ratio of its singular values, its SNR that of powers") {
    const auto figures =
        channel_figures(example(), std::vector<double>{1, 0.5}, subcarriers, server_antennas);
    CHECK(figures.condition_db[0] == Approx(20));
    CHECK(figures.condition_db[1] == Approx(0).margin(1e-5));
    // Singular values 10, 2 and 1 side by side.
    CHECK(figures.whole_condition_db == Approx(20));
    // (1 + 100) / 8 over 0.01, and 0.5 * 4 / 4 over 0.01.
    CHECK(figures.snr_db[0] == Approx(10 * std::log10(101.0 / 8 / 0.01)));
    CHECK(figures.snr_db[1] == Approx(10 * std::log10(0.5 / 0.01)));
}

TEST_CASE("a device that was not found has no figures, and columns that are alike no finite one") {
    auto sounding = example();
    sounding.devices[0].found = false;
    sounding.devices.push_back(sounding.devices[1]);
    const auto figures =
        channel_figures(sounding, std::vector<double>{1, 1, 1}, subcarriers, server_antennas);
    CHECK(figures.snr_db[0] == 0);
    CHECK(figures.condition_db[0] == 0);
    CHECK(figures.whole_condition_db > 100);
    CHECK(figures.whole_condition_db < 200.001);  // a mean of equal values, rounded
}

}  // namespace
}  // namespace aircomp::runtime::testbed
