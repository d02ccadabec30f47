// SPDX-License-Identifier: GPL-3.0-or-later
// Medium `symbol`: over the air, equations (2) and (3), channel use by channel use. Designs see the
// channel's estimate, transmissions go through the true one, and so do the pilots by which devices
// design their precoders themselves.
#include <array>

#include "air/noise.hpp"
#include "aircomp/optimizer/design.hpp"
#include "aircomp/optimizer/distributed.hpp"
#include "aircomp/optimizer/staleness.hpp"
#include "schemes/entries.hpp"
#include "schemes/up/analog_medium.hpp"
#include "schemes/up/block_use.hpp"
#include "schemes/up/media.hpp"

namespace aircomp::runtime {
namespace {

/// A transceiver as it acts in one coherence block, for the sites of one kind.
struct Link {
    optimizer::Design design;
    int streams = 0;
    int repetitions = 1;  ///< Of every vector; the server takes their mean.
    bool misses_target = false;
    Eigen::MatrixXcf combiner;    ///< A, L x N_r.
    std::vector<double> power_w;  ///< tr(v_n B_n B_n^H)
};

class SymbolMedium final : public AnalogMedium {
public:
    SymbolMedium(RadioCell its_cell, AnalogCodec its_codec, const std::string& design)
        : AnalogMedium(std::move(its_cell), std::move(its_codec)),
          designer_(optimizer::make_designer(design)),
          noise_(derive_seed(cell().config().seed, seed_for::symbol_noise)) {
        if (cell().config().accuracy.max_uplink_loss_nats > 0 && codec().loss_per_nmse() == 0) {
            throw std::invalid_argument(
                "accuracy.max_uplink_loss_nats: expected 0 where no calibration of a model tells "
                "what errors cost");
        }
    }

private:
    bool is_distributed() const {
        return cell().config().radio.design == PrecoderDesign::distributed;
    }

    /// Of the design for one kind of sites.
    optimizer::ControlCost control_cost() const {
        const RadioConfig& radio = cell().config().radio;
        if (is_distributed())
            return optimizer::distributed_cost(radio.streams, radio.design_pilots);
        std::int64_t antennas = 0;
        for (std::size_t n = 0; n < cell().config().devices.size(); ++n) {
            if (cell().takes_part(n)) antennas += cell().config().devices[n].antennas;
        }
        return optimizer::centralized_cost(radio.streams, antennas);
    }

    /// Of radio.streams, also where a block then takes fewer.
    double settings_bytes() const override {
        const optimizer::ControlCost cost = control_cost();
        const auto reals = static_cast<double>(cost.broadcast_reals + cost.unicast_reals);
        return static_cast<double>(codec().kinds().size()) * reals * bytes_per_real;
    }

    double expected_loss_nats(SiteKind kind) const override {
        return links_[static_cast<std::size_t>(kind)].design.nmse * codec().loss_per_nmse();
    }

    void enter_block() override {
        const auto block = static_cast<std::uint64_t>(cell().block().index);
        optimizer::Random pilots(
            derive_seed(cell().config().seed, seed_for::design_pilot_noise, block));
        for (const SiteKind kind : codec().kinds()) {
            optimizer::TransceiverProblem problem = problem_of(kind);
            Link& link = links_[static_cast<std::size_t>(kind)];
            choose_uses(problem, link);
            if (is_distributed()) link.design = devices_answer(problem, link.design, pilots);
            link.combiner = link.design.transceiver.combiner.cast<std::complex<float>>();
            link.power_w.clear();
            for (std::size_t n = 0; n < problem.channels.size(); ++n) {
                link.power_w.push_back(
                    optimizer::transmit_power(problem, link.design.transceiver, n));
            }
        }
    }

    optimizer::TransceiverProblem problem_of(SiteKind kind) const {
        optimizer::TransceiverProblem problem;
        problem.channels = cell().block().estimates;
        problem.error_variances = cell().block().error_variances;
        problem.second_moments = codec().second_moments(kind);
        problem.streams = cell().config().radio.streams;
        problem.noise_power_w = cell().noise_power_w();
        problem.power_w = cell().power_w();
        return optimizer::aged(problem, cell().path_gains(),
                               correlation_of_design(cell().config().radio));
    }

    /// The cheapest streams and repetitions whose expected error is within the target, and their
    /// design; `problem` becomes theirs.
    void choose_uses(optimizer::TransceiverProblem& problem, Link& link) {
        const AccuracyConfig& accuracy = cell().config().accuracy;
        const double target = accuracy.max_uplink_loss_nats / codec().loss_per_nmse();
        for (const BlockUse& use : block_uses(problem.streams, accuracy.max_repetitions)) {
            problem.streams = use.streams;
            // The mean of several receptions has their noise divided by their number.
            problem.noise_power_w = cell().noise_power_w() / use.repetitions;
            link.design = designer_(problem, {});
            link.streams = use.streams;
            link.repetitions = use.repetitions;
            link.misses_target = accuracy.max_uplink_loss_nats > 0 && link.design.nmse > target;
            if (!link.misses_target) return;
        }
    }

    /// The devices' own precoders for the server's combiner, from pilots at the block's begin. They
    /// are made for its middle, as the server's design is.
    optimizer::Design devices_answer(optimizer::TransceiverProblem problem,
                                     const optimizer::Design& central, optimizer::Random& pilots) {
        const RadioConfig& radio = cell().config().radio;
        cell().charge_design_pilots(control_cost().pilot_channel_uses);
        problem.channels = cell().block().channels;
        problem.error_variances.clear();
        const double correlation =
            optimizer::jakes_correlation(radio.doppler_hz, radio.coherence_block_s / 2);
        optimizer::DistributedOptions options;
        options.server_power_w = radio.server_power_w;
        // What a device heard is scaled by the correlation, noise and all.
        options.device_noise_power_w = correlation * correlation * cell().noise_power_w();
        options.repetitions = radio.design_pilots;
        return optimizer::design_distributed(
            optimizer::aged(problem, cell().path_gains(), correlation),
            central.transceiver.combiner, options, pilots);
    }

    void transmit(const SumRequest& request, std::int64_t v, gsl::span<float> out) override {
        const Link& link = links_[static_cast<std::size_t>(request.site.kind)];
        const auto& moments = codec().second_moments(request.site.kind);
        const double scale = codec().common_scale(request, v);
        const std::int64_t uses = codec().channel_uses_of(link.streams);
        Eigen::MatrixXcf received = Eigen::MatrixXcf::Zero(link.combiner.cols(), uses);
        for (std::size_t n = 0; n < request.partials.size(); ++n) {
            if (moments[n] == 0) continue;
            const auto sent =
                codec().encode(request.partial(n, v), scale, moments[n], link.streams);
            cell().ledger().add(clipped_reals, static_cast<double>(sent.clipped));
            const Eigen::MatrixXcd path =
                cell().block().channels[n] * link.design.transceiver.precoders[n];
            received.noalias() += path.cast<std::complex<float>>() * sent.symbols;
        }
        // The mean over repetitions, each with noise of its own.
        received *= static_cast<float>(link.repetitions);
        for (int i = 0; i < link.repetitions; ++i) {
            noise_.add({received.data(), static_cast<std::size_t>(received.size())},
                       cell().noise_power_w());
        }
        received /= static_cast<float>(link.repetitions);
        codec().decode(link.combiner * received, scale, out);
        const std::int64_t all_uses = link.repetitions * uses;
        cell().charge_uplink(cell().air_time_s(static_cast<double>(all_uses)), all_uses,
                             link.power_w);
        if (link.misses_target) cell().ledger().add(missed_targets, 1);
    }

    optimizer::Designer designer_;
    NoiseGenerator noise_;
    std::array<Link, inference::site_kinds.size()> links_;  // by SiteKind
};

}  // namespace

std::unique_ptr<Medium> make_symbol_medium(RadioCell cell, AnalogCodec codec,
                                           const std::string& design) {
    return std::make_unique<SymbolMedium>(std::move(cell), std::move(codec), design);
}

}  // namespace aircomp::runtime
