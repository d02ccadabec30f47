// SPDX-License-Identifier: GPL-3.0-or-later
// Bits over shared channels: in turn, and at the sum rate.
#include "schemes/up/uplink_access.hpp"

#include <algorithm>
#include <numeric>

#include "air/coded_channel.hpp"

namespace aircomp::runtime {
namespace {

/// P_n / N_t H_n H_n^H of every device.
std::vector<Eigen::MatrixXcd> received_powers(const RadioCell& cell) {
    std::vector<Eigen::MatrixXcd> received;
    for (std::size_t n = 0; n < cell.block().channels.size(); ++n) {
        const auto& h = cell.block().channels[n];
        const double power = cell.power_w()[n] / static_cast<double>(h.cols());
        received.emplace_back(power * h * h.adjoint());
    }
    return received;
}

class OneAfterAnother final : public UplinkAccess {
public:
    void measure(const RadioCell& cell) override {
        links_.clear();
        for (const Eigen::MatrixXcd& received : received_powers(cell))
            links_.emplace_back(received, 1 / cell.noise_power_w(), cell.config());
    }

    UplinkTime time(const std::vector<double>& bits) const override {
        UplinkTime time;
        time.bursts = 0;
        for (std::size_t n = 0; n < bits.size(); ++n) {
            time.device_uses.push_back(bits[n] > 0 ? links_[n].uses(bits[n]) : 0);
            time.uses += time.device_uses.back();
            time.bursts += bits[n] > 0 ? 1 : 0;
        }
        return time;
    }

private:
    std::vector<CodedChannel> links_;  // by device
};

class SpaceDivision final : public UplinkAccess {
public:
    void measure(const RadioCell& cell) override {
        const Eigen::Index antennas = cell.config().radio.server_antennas;
        Eigen::MatrixXcd together = Eigen::MatrixXcd::Zero(antennas, antennas);
        for (const Eigen::MatrixXcd& received : received_powers(cell))
            together += received;
        all_links_ = CodedChannel(together, 1 / cell.noise_power_w(), cell.config());
    }

    UplinkTime time(const std::vector<double>& bits) const override {
        UplinkTime time;
        time.uses = all_links_.uses(std::accumulate(bits.begin(), bits.end(), 0.0));
        time.device_uses.assign(bits.size(), time.uses);
        return time;
    }

private:
    CodedChannel all_links_;  // of all that take part, told apart in space
};

}  // namespace

std::unique_ptr<UplinkAccess> one_after_another() {
    return std::make_unique<OneAfterAnother>();
}

std::unique_ptr<UplinkAccess> space_division() {
    return std::make_unique<SpaceDivision>();
}

}  // namespace aircomp::runtime
