// SPDX-License-Identifier: GPL-3.0-or-later
// Scheme `hierarchical`: two hops over the air, channel use by channel use. Clusters take turns to
// sum at their relays; then all relays, half duplex, send what they estimated, noise and all, and
// the server sums. docs/optimizer.md section 6 derives both hops' design.
#include <array>

#include "air/noise.hpp"
#include "air/radio_cell.hpp"
#include "air/relay_field.hpp"
#include "aircomp/optimizer/hierarchy.hpp"
#include "aircomp/optimizer/staleness.hpp"
#include "coding/analog_codec.hpp"
#include "schemes/entries.hpp"
#include "schemes/registry.hpp"
#include "schemes/up/analog_medium.hpp"

namespace aircomp::runtime {
namespace {

/// Devices with something to sum, and the relay that they sum at.
struct Cluster {
    std::size_t relay = 0;
    std::vector<std::size_t> devices;
};

/// Both hops as they act in one coherence block, for the sites of one kind.
struct Link {
    std::vector<Cluster> clusters;
    optimizer::HierarchyDesign design;
    std::vector<double> power_w;  ///< Per device, mean over all channel uses of a sum.

    double hops() const { return static_cast<double>(clusters.size() + 1); }
};

class HierarchicalMedium final : public AnalogMedium {
public:
    HierarchicalMedium(RadioCell its_cell, AnalogCodec its_codec)
        : AnalogMedium(std::move(its_cell), std::move(its_codec)),
          field_(cell().config()),
          noise_(derive_seed(cell().config().seed, seed_for::hierarchical_noise)) {}

private:
    /// Precoders of devices and relays and the relays' combiners, for both kinds of sites.
    double settings_bytes() const override {
        const RelaysConfig& relays = cell().config().relays;
        double antennas = 2.0 * relays.antennas * relays.count;
        for (std::size_t n = 0; n < cell().config().devices.size(); ++n) {
            if (cell().takes_part(n)) antennas += cell().config().devices[n].antennas;
        }
        return 2.0 * antennas * cell().config().radio.streams * bytes_per_coefficient;
    }

    /// What relays know of their devices' channels, on its way to the coordinator.
    double estimates_bytes() const {
        double entries = 0;
        for (std::size_t n = 0; n < cell().config().devices.size(); ++n) {
            if (!cell().takes_part(n)) continue;
            entries += static_cast<double>(cell().config().devices[n].antennas) *
                       cell().config().relays.antennas;
        }
        return entries * bytes_per_coefficient;
    }

    void enter_block() override {
        block_ = field_.draw(cell().block().index);
        cell().charge_relay_sounding();
        cell().charge_control(estimates_bytes());
        for (const SiteKind kind : codec().kinds())
            links_[static_cast<std::size_t>(kind)] = design_link(kind);
    }

    std::vector<Cluster> clusters(const std::vector<double>& moments) const {
        std::vector<Cluster> all(field_.relays()), used;
        for (std::size_t n = 0; n < moments.size(); ++n) {
            if (moments[n] > 0) all[field_.relay_of(n)].devices.push_back(n);
        }
        for (std::size_t c = 0; c < all.size(); ++c) {
            if (!all[c].devices.empty()) used.push_back({c, all[c].devices});
        }
        return used;
    }

    Link design_link(SiteKind kind) const {
        const auto& moments = codec().second_moments(kind);
        Link link;
        link.clusters = clusters(moments);
        link.power_w.assign(moments.size(), 0);
        optimizer::HierarchyProblem problem;
        problem.noise_power_w = cell().noise_power_w();
        for (const Cluster& cluster : link.clusters) {
            problem.clusters.push_back(first_hop(cluster, moments));
            const SoundedLink& relay = block_.relays[cluster.relay];
            problem.relay_channels.push_back(relay.estimate());
            problem.relay_error_variances.push_back(relay.error_variance());
            // Partials are correlated, so that their sums are stronger than the design assumes.
            problem.relay_power_w.push_back(cell().config().relays.power_w /
                                            codec().sum_gain(kind));
        }
        link.design = optimizer::design_hierarchy(problem);
        for (std::size_t c = 0; c < link.clusters.size(); ++c) {
            const auto& devices = link.clusters[c].devices;
            for (std::size_t i = 0; i < devices.size(); ++i) {
                link.power_w[devices[i]] =
                    optimizer::transmit_power(problem.clusters[c],
                                              link.design.clusters[c].transceiver, i) /
                    link.hops();
            }
        }
        return link;
    }

    optimizer::TransceiverProblem first_hop(const Cluster& cluster,
                                            const std::vector<double>& moments) const {
        optimizer::TransceiverProblem problem;
        problem.streams = cell().config().radio.streams;
        problem.noise_power_w = cell().noise_power_w();
        std::vector<double> gains;
        for (const std::size_t n : cluster.devices) {
            problem.channels.push_back(block_.devices[n].estimate());
            problem.error_variances.push_back(block_.devices[n].error_variance());
            problem.second_moments.push_back(moments[n]);
            problem.power_w.push_back(cell().power_w()[n]);
            gains.push_back(field_.path_gains()[n]);
        }
        return optimizer::aged(problem, gains, correlation_of_design(cell().config().radio));
    }

    void transmit(const SumRequest& request, std::int64_t v, gsl::span<float> out) override {
        const Link& link = links_[static_cast<std::size_t>(request.site.kind)];
        const double scale = codec().common_scale(request, v);
        const double hop_s = cell().air_time_s(static_cast<double>(codec().channel_uses()));
        Eigen::MatrixXcf received =
            Eigen::MatrixXcf::Zero(cell().config().radio.server_antennas, codec().channel_uses());
        for (std::size_t c = 0; c < link.clusters.size(); ++c) {
            const Eigen::MatrixXcf estimate = relay_estimate(request, v, link, c, scale);
            const Eigen::MatrixXcf sent =
                link.design.relay_precoders[c].cast<std::complex<float>>() * estimate;
            const double power_w = static_cast<double>(sent.squaredNorm()) /
                                   static_cast<double>(codec().channel_uses());
            cell().charge_relays(power_w * hop_s);
            const Eigen::MatrixXcd channel =
                block_.relays[link.clusters[c].relay].channel(cell().block_age_s());
            received.noalias() += channel.cast<std::complex<float>>() * sent;
        }
        add_noise(received);
        codec().decode(link.design.combiner.cast<std::complex<float>>() * received, scale, out);
        cell().charge_uplink(link.hops() * hop_s,
                             codec().channel_uses() * static_cast<std::int64_t>(link.hops()),
                             link.power_w, {link.hops(), /*turnarounds=*/2});
    }

    /// What relay `c` of the link makes of its cluster's symbols, [streams, channel uses].
    Eigen::MatrixXcf relay_estimate(const SumRequest& request, std::int64_t v, const Link& link,
                                    std::size_t c, double scale) {
        const auto& moments = codec().second_moments(request.site.kind);
        const auto& [combiner, precoders] = link.design.clusters[c].transceiver;
        Eigen::MatrixXcf received = Eigen::MatrixXcf::Zero(combiner.cols(), codec().channel_uses());
        const auto& devices = link.clusters[c].devices;
        for (std::size_t i = 0; i < devices.size(); ++i) {
            const std::size_t n = devices[i];
            const auto sent = codec().encode(request.partial(n, v), scale, moments[n]);
            cell().ledger().add(clipped_reals, static_cast<double>(sent.clipped));
            const Eigen::MatrixXcd path =
                block_.devices[n].channel(cell().block_age_s()) * precoders[i];
            received.noalias() += path.cast<std::complex<float>>() * sent.symbols;
        }
        add_noise(received);
        return combiner.cast<std::complex<float>>() * received;
    }

    void add_noise(Eigen::MatrixXcf& received) {
        noise_.add({received.data(), static_cast<std::size_t>(received.size())},
                   cell().noise_power_w());
    }

    RelayField field_;
    NoiseGenerator noise_;
    RelayBlock block_;
    std::array<Link, inference::site_kinds.size()> links_;  // by SiteKind
};

}  // namespace

std::vector<Scheme> hierarchical_schemes() {
    Scheme hierarchical;
    hierarchical.name = "hierarchical";
    hierarchical.is = "two hops over the air: clusters sum at relays in turn, relays at the server";
    hierarchical.analog = true;
    hierarchical.uses_relays = true;
    hierarchical.entries = {clipped_reals, limited_vectors};
    hierarchical.compared = true;
    hierarchical.make = [](const MediumSetup& setup) {
        return std::make_unique<HierarchicalMedium>(
            RadioCell(setup.config, setup.power_w),
            AnalogCodec(setup.config, setup.length, setup.calibration));
    };
    return {hierarchical};
}

}  // namespace aircomp::runtime
