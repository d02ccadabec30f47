// SPDX-License-Identifier: GPL-3.0-or-later
// How devices that send bits share the uplink, beside rates computed here.
#include "schemes/up/uplink_access.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <cmath>
#include <complex>

#include "full_power.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

/// Shannon's rates, over the cell's first block.
struct Cell {
    Cell(std::size_t devices, int device_antennas, int server_antennas) : config(default_config()) {
        repeat_devices(config, devices);
        for (DeviceConfig& device : config.devices)
            device.antennas = device_antennas;
        config.radio.server_antennas = server_antennas;
        config.radio.streams = 1;
        config.costs = Costs::paper;
        cell.emplace(config, full_power(config));
        cell->enter_block();
    }

    double uses(std::unique_ptr<UplinkAccess> access, double bits) const {
        access->measure(*cell);
        return access->time(std::vector<double>(config.devices.size(), bits)).uses;
    }
    double snr(std::size_t n) const {
        return config.devices[n].max_power_w / cell->noise_power_w();
    }
    const Eigen::MatrixXcd& channel(std::size_t n) const { return cell->block().channels[n]; }

    Config config;
    std::optional<RadioCell> cell;
};

TEST_CASE("a device alone has its strongest directions, as many as are fastest") {
    const Cell cell(1, 4, 8);
    const Eigen::VectorXd gains = (cell.channel(0).adjoint() * cell.channel(0))
                                      .eval()
                                      .selfadjointView<Eigen::Lower>()
                                      .eigenvalues()
                                      .reverse();
    double best = 0;
    for (int s = 1; s <= 4; ++s) {
        double rate = 0;
        for (int k = 0; k < s; ++k)
            rate += std::log2(1 + cell.snr(0) * gains(k) / s);
        best = std::max(best, rate);
    }
    CHECK(cell.uses(linear_groups(), 1000) == Approx(1000 / best));
}

TEST_CASE("a group's rates are those behind receivers that know all its channels") {
    // Two devices of one antenna: together or one after the other.
    const Cell cell(2, 1, 4);
    const Eigen::VectorXcd a = std::sqrt(cell.snr(0)) * cell.channel(0),
                           b = std::sqrt(cell.snr(1)) * cell.channel(1);
    const auto rate = [](const Eigen::VectorXcd& own, const Eigen::VectorXcd& other) {
        const Eigen::MatrixXcd disturbed =
            Eigen::MatrixXcd::Identity(4, 4) + other * other.adjoint();
        return std::log2(1 + own.dot(disturbed.inverse() * own).real());
    };
    const double together = 1000 / std::min(rate(a, b), rate(b, a));
    const double in_turn =
        1000 / std::log2(1 + a.squaredNorm()) + 1000 / std::log2(1 + b.squaredNorm());
    CHECK(cell.uses(linear_groups(), 1000) == Approx(std::min(together, in_turn)));
    CHECK(cell.uses(one_after_another(), 1000) == Approx(in_turn));
}

TEST_CASE("linear groups are between devices in turn and the sum rate") {
    const auto devices = GENERATE(2, 5, 16, 40);
    const Cell cell(static_cast<std::size_t>(devices), 1, 8);
    CAPTURE(devices);
    const double linear = cell.uses(linear_groups(), 1000);
    CHECK(linear <= cell.uses(one_after_another(), 1000));
    CHECK(linear >= cell.uses(space_division(), 1000));
}

TEST_CASE("bursts are those of groups that have something to send, and powers those of senders") {
    const Cell cell(4, 1, 4);
    for (auto* const access : {one_after_another, space_division, linear_groups}) {
        const auto shared = access();
        shared->measure(*cell.cell);
        const UplinkTime none = shared->time({0, 0, 0, 0});
        CHECK(none.uses == 0);
        const UplinkTime one = shared->time({0, 500, 0, 0});
        CHECK(one.bursts == 1);
        CHECK(one.device_uses[1] > 0);
        CHECK(one.device_uses[1] <= one.uses);
    }
    const auto turns = one_after_another();
    turns->measure(*cell.cell);
    CHECK(turns->time({100, 100, 0, 100}).bursts == 3);
}

}  // namespace
}  // namespace aircomp::runtime
