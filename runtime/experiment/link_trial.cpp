// SPDX-License-Identifier: GPL-3.0-or-later
// Gaussian partials through a medium, layer by layer.
#include "experiment/link_trial.hpp"

#include <algorithm>
#include <complex>
#include <stdexcept>

#include "air/noise.hpp"
#include "aircomp/inference/slice_cost.hpp"
#include "coding/exact_sum.hpp"
#include "config/seeds.hpp"
#include "engine/model_coding.hpp"
#include "schemes/calibrating_medium.hpp"
#include "schemes/entries.hpp"

namespace aircomp::runtime {
namespace {

class Trial {
public:
    Trial(const Config& config, const inference::ModelConfig& model, double bytes_per_weight)
        : Trial(lay_out(config, model, bytes_per_weight), model, bytes_per_weight) {}

    Trial(Layout layout, const inference::ModelConfig& model, double bytes_per_weight)
        : config_(std::move(layout.config)),
          model_(model),
          slices_(std::move(layout.slices)),
          coder_(coder_of(config_)),
          computing_(config_, model_, slices_, bytes_per_weight, static_cast<bool>(coder_)),
          partials_(slices_.size()),
          residual_(static_cast<std::size_t>(model.hidden_size), 1),
          noise_(derive_seed(config_.seed, seed_for::link_partials)) {
        reset();
        for (auto& partial : partials_)
            partial.resize(residual_.size());
    }

    LinkTrial run(std::int64_t tokens, std::int64_t position, double loss_per_nmse) {
        require_no_calibration(config_, "a trial without a model");
        Calibration calibration;
        if (find_scheme(config_.scheme).analog) {
            CalibratingMedium ruler(slices_.size(), model_);
            forward(0, ruler);
            forward(1, ruler);
            calibration = ruler.calibration();
            if (loss_per_nmse > 0) {
                SiteCoding alike;
                alike.sensitivity = loss_per_nmse / static_cast<double>(model_.sites());
                calibration.coding.assign(static_cast<std::size_t>(model_.sites()), alike);
            }
            reset();
        }
        const auto medium = make_medium(config_, model_.hidden_size,
                                        transmit_powers_w(config_, model_, slices_), calibration);
        for (std::int64_t t = 0; t < tokens; ++t)
            forward(position + t, *medium);
        const Ledger& link = medium->usage();
        const double sent = static_cast<double>(link.all_reduces * model_.hidden_size) *
                            static_cast<double>(slices_.size());
        return {token_cost(compute_, link, tokens), error_.nmse(),
                sent > 0 ? link.of(clipped_reals) / sent : 0};
    }

private:
    static inference::InputCoder coder_of(const Config& config) {
        const Scheme& scheme = find_scheme(config.scheme);
        return scheme.input_coder ? scheme.input_coder(config) : nullptr;
    }

    void reset() {
        compute_ = {};
        compute_.device_energy_j.assign(slices_.size(), 0);
        error_ = {};
    }

    void forward(std::int64_t position, Medium& medium) {
        for (std::int64_t index = 0; index < model_.sites(); ++index)
            reduce(model_.site(index), position, medium);
        medium.elapse(computing_.charge_head(1, compute_));
    }

    void reduce(Site site, std::int64_t position, Medium& medium) {
        for (std::size_t n = 0; n < slices_.size(); ++n)
            draw_partial(n, site.kind);
        const SiteWork work{site.kind, position};
        medium.elapse(computing_.charge_devices(work, compute_));

        SumRequest request;
        request.site = site;
        request.position = position;
        request.length = model_.hidden_size;
        request.last_site = site.index + 1 == static_cast<std::size_t>(model_.sites());
        request.partials = partials_;
        request.residual = residual_;
        std::vector<float> sum(residual_.size()), of_devices(sum), exact(sum);
        exact_sum(request, exact);
        std::vector<std::int64_t> widths;
        if (coder_) {
            for (std::size_t n = 0; n < slices_.size(); ++n) {
                widths.push_back(inference::input_width(model_, slices_[n], site.kind));
                // Codes err as much of a projection as of its inputs.
                if (widths.back() > 0) coder_(site, partials_[n]);
            }
            request.input_widths = widths;
        }
        medium.all_reduce(request, {sum, of_devices});
        medium.elapse(computing_.charge_server(work, 0, compute_));
        error_.add(sum, exact);
    }

    /// The power of a sum of independent terms is in proportion to their number.
    void draw_partial(std::size_t device, SiteKind kind) {
        const double held = inference::held_part(model_, slices_[device], kind);
        auto& partial = partials_[device];
        std::fill(partial.begin(), partial.end(), 0.0F);
        // Half of a complex sample's variance falls on each of its two reals.
        noise_.add({reinterpret_cast<std::complex<float>*>(partial.data()), partial.size() / 2},
                   2 * held);
    }

    Config config_;
    inference::ModelConfig model_;
    std::vector<inference::Slice> slices_;
    inference::InputCoder coder_;  // of schemes whose devices send inputs
    Computing computing_;
    std::vector<std::vector<float>> partials_;
    std::vector<float> residual_;
    NoiseGenerator noise_;
    ComputeUsage compute_;
    SumError error_;
};

}  // namespace

LinkTrial run_link_trial(const Config& config, const inference::ModelConfig& dimensions,
                         std::int64_t tokens, std::int64_t position, double bytes_per_weight,
                         double loss_per_nmse) {
    if (tokens < 1 || position < 0 || dimensions.hidden_size % 2 != 0) {
        throw std::invalid_argument(
            "link trial: expected at least 1 token, a position of 0 on and an even hidden size");
    }
    return Trial(config, dimensions, bytes_per_weight).run(tokens, position, loss_per_nmse);
}

}  // namespace aircomp::runtime
