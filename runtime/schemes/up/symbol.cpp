// SPDX-License-Identifier: GPL-3.0-or-later
// Medium `symbol`: over the air, equations (2) and (3), channel use by channel use. Designs see the
// channel's estimate, transmissions go through the true one.
#include "air/noise.hpp"
#include "aircomp/optimizer/design.hpp"
#include "aircomp/optimizer/staleness.hpp"
#include "schemes/down/registry.hpp"
#include "schemes/entries.hpp"
#include "schemes/up/media.hpp"
#include "schemes/up/rounds.hpp"

namespace aircomp::runtime {
namespace {

/// A transceiver as it acts in one coherence block, for the sites of one kind.
struct Link {
    optimizer::Design design;
    Eigen::MatrixXcf combiner;    ///< A, L x N_r.
    std::vector<double> power_w;  ///< tr(v_n B_n B_n^H)
};

class SymbolMedium final : public Medium {
public:
    SymbolMedium(RadioCell cell, AnalogCodec codec, const std::string& design)
        : cell_(std::move(cell)),
          down_(make_way_down(cell_.config())),
          codec_(std::move(codec)),
          designer_(optimizer::make_designer(design)),
          noise_(derive_seed(cell_.config().seed, seed_for::symbol_noise)) {}

    void all_reduce(const SumRequest& request, gsl::span<float> sum) override {
        all_reduce_by({settings_bytes(), [this] { design_links(); },
                       [&](std::int64_t v, gsl::span<float> out) { transmit(request, v, out); }},
                      cell_, *down_, request, sum);
    }
    void elapse(double seconds) override { cell_.elapse(seconds); }
    const Ledger& usage() const override { return cell_.ledger(); }

private:
    double settings_bytes() const {
        double coefficients = 0;
        for (std::size_t n = 0; n < cell_.config().devices.size(); ++n) {
            if (!cell_.takes_part(n)) continue;
            coefficients += 2.0 * cell_.config().devices[n].antennas * cell_.config().radio.streams;
        }
        return coefficients * bytes_per_coefficient;
    }

    void design_links() {
        for (const SiteKind kind : inference::site_kinds) {
            optimizer::TransceiverProblem problem;
            problem.channels = cell_.block().estimates;
            problem.error_variances = cell_.block().error_variances;
            problem.second_moments = codec_.second_moments(kind);
            problem.streams = cell_.config().radio.streams;
            problem.noise_power_w = cell_.noise_power_w();
            problem.power_w = cell_.power_w();
            problem = optimizer::aged(problem, cell_.path_gains(),
                                      correlation_of_design(cell_.config().radio));
            Link& link = links_[static_cast<std::size_t>(kind)];
            link.design = designer_(problem, {});
            link.combiner = link.design.transceiver.combiner.cast<std::complex<float>>();
            link.power_w.clear();
            for (std::size_t n = 0; n < problem.channels.size(); ++n) {
                link.power_w.push_back(
                    optimizer::transmit_power(problem, link.design.transceiver, n));
            }
        }
    }

    void transmit(const SumRequest& request, std::int64_t v, gsl::span<float> out) {
        const Link& link = links_[static_cast<std::size_t>(request.site.kind)];
        const auto& moments = codec_.second_moments(request.site.kind);
        const double scale = codec_.common_scale(request, v);
        Eigen::MatrixXcf received =
            Eigen::MatrixXcf::Zero(link.combiner.cols(), codec_.channel_uses());
        for (std::size_t n = 0; n < request.partials.size(); ++n) {
            if (moments[n] == 0) continue;
            const auto sent = codec_.encode(request.partial(n, v), scale, moments[n]);
            cell_.ledger().add(clipped_reals, static_cast<double>(sent.clipped));
            const Eigen::MatrixXcd path =
                cell_.block().channels[n] * link.design.transceiver.precoders[n];
            received.noalias() += path.cast<std::complex<float>>() * sent.symbols;
        }
        noise_.add({received.data(), static_cast<std::size_t>(received.size())},
                   cell_.noise_power_w());
        codec_.decode(link.combiner * received, scale, out);
        cell_.charge_uplink(cell_.air_time_s(static_cast<double>(codec_.channel_uses())),
                            codec_.channel_uses(), link.power_w);
    }

    RadioCell cell_;
    std::unique_ptr<WayDown> down_;
    AnalogCodec codec_;
    optimizer::Designer designer_;
    NoiseGenerator noise_;
    Link links_[2];  // by SiteKind
};

}  // namespace

std::unique_ptr<Medium> make_symbol_medium(RadioCell cell, AnalogCodec codec,
                                           const std::string& design) {
    return std::make_unique<SymbolMedium>(std::move(cell), std::move(codec), design);
}

}  // namespace aircomp::runtime
