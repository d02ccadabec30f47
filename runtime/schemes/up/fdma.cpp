// SPDX-License-Identifier: GPL-3.0-or-later
// Scheme `fdma`: uncoded analog over a subband per device. A subband of W / N makes a vector N
// times as long and lets in an N-th of the noise; the server adds N links, noise and all.
#include <algorithm>
#include <array>

#include "air/noise.hpp"
#include "air/radio_cell.hpp"
#include "aircomp/optimizer/design.hpp"
#include "aircomp/optimizer/staleness.hpp"
#include "coding/analog_codec.hpp"
#include "schemes/entries.hpp"
#include "schemes/registry.hpp"
#include "schemes/up/analog_medium.hpp"

namespace aircomp::runtime {
namespace {

class FdmaMedium final : public AnalogMedium {
public:
    FdmaMedium(RadioCell its_cell, AnalogCodec its_codec)
        : AnalogMedium(std::move(its_cell), std::move(its_codec)),
          noise_(derive_seed(cell().config().seed, seed_for::fdma_noise)),
          subbands_(static_cast<double>(cell().participants())) {}

private:
    struct Link {
        Eigen::MatrixXcd precoder;  // B, N_t x L
        Eigen::MatrixXcf combiner;  // A, L x N_r
        double power_w = 0;
    };

    double noise_power_w() const { return cell().noise_power_w() / subbands_; }

    double settings_bytes() const override { return 0; }

    void enter_block() override {
        for (const SiteKind kind : codec().kinds()) {
            auto& links = links_[static_cast<std::size_t>(kind)];
            links.assign(cell().config().devices.size(), {});
            for (std::size_t n = 0; n < links.size(); ++n) {
                const double moment = codec().second_moments(kind)[n];
                if (moment > 0) links[n] = design_link(n, moment);
            }
        }
    }

    Link design_link(std::size_t n, double moment) const {
        optimizer::TransceiverProblem problem;
        problem.channels = {cell().block().estimates[n]};
        problem.error_variances = {cell().block().error_variances[n]};
        problem.second_moments = {moment};
        problem.power_w = {cell().power_w()[n]};
        problem.streams = cell().config().radio.streams;
        problem.noise_power_w = noise_power_w();
        problem = optimizer::aged(problem, {cell().path_gains()[n]},
                                  correlation_of_design(cell().config().radio));
        const auto design = optimizer::design_mmse(problem);
        return {design.transceiver.precoders[0],
                design.transceiver.combiner.cast<std::complex<float>>(),
                optimizer::transmit_power(problem, design.transceiver, 0)};
    }

    void transmit(const SumRequest& request, std::int64_t v, gsl::span<float> out) override {
        const auto& links = links_[static_cast<std::size_t>(request.site.kind)];
        const auto& moments = codec().second_moments(request.site.kind);
        const double scale = codec().common_scale(request, v);
        SymbolMatrix total =
            SymbolMatrix::Zero(cell().config().radio.streams, codec().channel_uses());
        std::vector<double> power_w(links.size(), 0);
        for (std::size_t n = 0; n < links.size(); ++n) {
            if (moments[n] == 0) continue;
            const auto sent = codec().encode(request.partial(n, v), scale, moments[n]);
            cell().ledger().add(clipped_reals, static_cast<double>(sent.clipped));
            const Eigen::MatrixXcd path = cell().block().channels[n] * links[n].precoder;
            Eigen::MatrixXcf received = path.cast<std::complex<float>>() * sent.symbols;
            noise_.add({received.data(), static_cast<std::size_t>(received.size())},
                       noise_power_w());
            total.noalias() += links[n].combiner * received;
            power_w[n] = links[n].power_w;
        }
        codec().decode(total, scale, out);
        const auto uses = static_cast<double>(codec().channel_uses()) * subbands_;
        cell().charge_uplink(cell().air_time_s(uses), static_cast<std::int64_t>(uses), power_w);
    }

    NoiseGenerator noise_;
    double subbands_;
    std::array<std::vector<Link>, inference::site_kinds.size()> links_;  // by SiteKind
};

}  // namespace

std::vector<Scheme> fdma_schemes() {
    Scheme fdma;
    fdma.name = "fdma";
    fdma.is = "uncoded analog, a subband for each device; the server adds what it received";
    fdma.analog = true;
    fdma.time_grows_with_devices = true;
    fdma.entries = {clipped_reals, limited_vectors};
    fdma.compared = true;
    fdma.make = [](const MediumSetup& setup) {
        return std::make_unique<FdmaMedium>(
            RadioCell(setup.config, setup.power_w),
            AnalogCodec(setup.config, setup.length, setup.calibration));
    };
    return {fdma};
}

}  // namespace aircomp::runtime
