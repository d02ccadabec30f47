// SPDX-License-Identifier: GPL-3.0-or-later
// Groups of devices at once, told apart by linear receivers, as networks of today do it.
#include <Eigen/Cholesky>
#include <Eigen/SVD>
#include <algorithm>
#include <limits>
#include <numeric>

#include "air/coded_channel.hpp"
#include "schemes/up/uplink_access.hpp"

namespace aircomp::runtime {
namespace {

/// The channels that the streams of one device see, amplitudes over the noise's, [N_r, streams].
Eigen::MatrixXcd stream_channels(const Eigen::MatrixXcd& channel, double power_over_noise,
                                 Eigen::Index streams) {
    const Eigen::JacobiSVD<Eigen::MatrixXcd> svd(channel, Eigen::ComputeThinV);
    return std::sqrt(power_over_noise / static_cast<double>(streams)) * channel *
           svd.matrixV().leftCols(streams);
}

/// Signal over interference and noise of every column of `received` behind its MMSE receiver:
/// x / (1 - x), x = g^H (I + G G^H)^-1 g.
Eigen::VectorXd mmse_sinr(const Eigen::MatrixXcd& received) {
    const Eigen::MatrixXcd covariance =
        Eigen::MatrixXcd::Identity(received.rows(), received.rows()) +
        received * received.adjoint();
    const Eigen::MatrixXcd filtered = covariance.llt().solve(received);
    Eigen::VectorXd sinr(received.cols());
    for (Eigen::Index k = 0; k < received.cols(); ++k) {
        const double x = received.col(k).dot(filtered.col(k)).real();
        sinr(k) = x / (1 - x);
    }
    return sinr;
}

/// A division of the devices into groups, and what each device's code sees in its own.
struct Grouping {
    std::vector<std::vector<std::size_t>> groups;
    std::vector<CodedChannel> links;  // by device
};

class LinearGroups final : public UplinkAccess {
public:
    void measure(const RadioCell& cell) override {
        groupings_.clear();
        const auto& channels = cell.block().channels;
        std::vector<std::size_t> devices;
        Eigen::Index fewest_antennas = std::numeric_limits<Eigen::Index>::max();
        for (std::size_t n = 0; n < channels.size(); ++n) {
            if (!cell.takes_part(n)) continue;
            devices.push_back(n);
            fewest_antennas = std::min(fewest_antennas, channels[n].cols());
        }
        if (devices.empty()) return;
        const auto gain = [&](std::size_t n) {
            return cell.power_w()[n] * channels[n].squaredNorm();
        };
        std::stable_sort(devices.begin(), devices.end(),
                         [&](std::size_t a, std::size_t b) { return gain(a) > gain(b); });
        const Eigen::Index antennas = cell.config().radio.server_antennas;
        for (Eigen::Index s = 1; s <= std::min(fewest_antennas, antennas); ++s) {
            std::vector<Eigen::MatrixXcd> streams(channels.size());
            for (const std::size_t n : devices)
                streams[n] =
                    stream_channels(channels[n], cell.power_w()[n] / cell.noise_power_w(), s);
            const auto largest =
                std::min<std::size_t>(static_cast<std::size_t>(antennas / s), devices.size());
            for (std::size_t size = 1; size <= largest; ++size)
                groupings_.push_back(grouped(devices, streams, size, cell.config()));
        }
    }

    UplinkTime time(const std::vector<double>& bits) const override {
        UplinkTime best;
        best.uses = std::numeric_limits<double>::infinity();
        best.device_uses.assign(bits.size(), 0);
        for (const Grouping& grouping : groupings_) {
            UplinkTime time = time_of(grouping, bits);
            if (time.uses < best.uses) best = std::move(time);
        }
        return best;
    }

private:
    static Grouping grouped(const std::vector<std::size_t>& devices,
                            const std::vector<Eigen::MatrixXcd>& streams, std::size_t size,
                            const Config& config) {
        Grouping grouping;
        grouping.links.resize(streams.size());
        for (std::size_t first = 0; first < devices.size(); first += size) {
            const std::vector<std::size_t> group(
                devices.begin() + static_cast<std::ptrdiff_t>(first),
                devices.begin() +
                    static_cast<std::ptrdiff_t>(std::min(first + size, devices.size())));
            const Eigen::Index s = streams[group.front()].cols();
            Eigen::MatrixXcd received(streams[group.front()].rows(),
                                      s * static_cast<Eigen::Index>(group.size()));
            for (std::size_t i = 0; i < group.size(); ++i)
                received.middleCols(s * static_cast<Eigen::Index>(i), s) = streams[group[i]];
            const Eigen::VectorXd sinr = mmse_sinr(received);
            for (std::size_t i = 0; i < group.size(); ++i) {
                const Eigen::VectorXd own = sinr.segment(s * static_cast<Eigen::Index>(i), s);
                grouping.links[group[i]] = CodedChannel(
                    Eigen::MatrixXcd(own.cast<std::complex<double>>().asDiagonal()), 1, config);
            }
            grouping.groups.push_back(group);
        }
        return grouping;
    }

    /// A group takes as long as the device whose bits take longest.
    static UplinkTime time_of(const Grouping& grouping, const std::vector<double>& bits) {
        UplinkTime time;
        time.bursts = 0;
        time.device_uses.assign(bits.size(), 0);
        for (const auto& group : grouping.groups) {
            double longest = 0;
            for (const std::size_t n : group) {
                if (bits[n] <= 0) continue;
                time.device_uses[n] = grouping.links[n].uses(bits[n]);
                longest = std::max(longest, time.device_uses[n]);
            }
            time.uses += longest;
            time.bursts += longest > 0 ? 1 : 0;
        }
        return time;
    }

    std::vector<Grouping> groupings_;
};

}  // namespace

std::unique_ptr<UplinkAccess> linear_groups() {
    return std::make_unique<LinearGroups>();
}

}  // namespace aircomp::runtime
