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
    Trial(const Config& config, const inference::ModelConfig& model, const TrialOptions& options)
        : Trial(lay_out(config, model, options.bytes_per_weight), model, options) {}

    Trial(Layout layout, const inference::ModelConfig& model, const TrialOptions& options)
        : config_(std::move(layout.config)),
          model_(model),
          slices_(std::move(layout.slices)),
          options_(options),
          coder_(coder_of(config_)),
          computing_(config_, model_, slices_, options.bytes_per_weight, static_cast<bool>(coder_)),
          partials_(slices_.size()),
          noise_(derive_seed(config_.seed, seed_for::link_partials)) {
        reset();
    }

    LinkTrial run() {
        require_no_calibration(config_, "a trial without a model");
        const Calibration calibration = calibrate();
        const auto medium = medium_of(calibration);
        for (std::int64_t t = 0; t < options_.tokens; ++t) {
            forward(tokens_at(options_.position + t), *medium);
            medium->elapse(computing_.charge_head(compute_, options_.conversations));
        }
        const Ledger& link = medium->usage();
        const double sent = static_cast<double>(link.all_reduces * model_.hidden_size) *
                            static_cast<double>(slices_.size());
        LinkTrial trial = {token_cost(compute_, link, options_.tokens * options_.conversations),
                           error_.nmse(), sent > 0 ? link.of(clipped_reals) / sent : 0};
        if (options_.prompt_tokens > 0) trial.first_token_s = first_token_s(calibration);
        return trial;
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

    Calibration calibrate() {
        Calibration calibration;
        if (!find_scheme(config_.scheme).analog) return calibration;
        CalibratingMedium ruler(slices_.size(), model_);
        for (const std::int64_t position : {0, 1}) {
            forward({{position}}, ruler);
            ruler.elapse(computing_.charge_head(compute_));
        }
        calibration = ruler.calibration();
        if (options_.loss_per_nmse > 0) {
            SiteCoding alike;
            alike.sensitivity = options_.loss_per_nmse / static_cast<double>(model_.sites());
            calibration.coding.assign(static_cast<std::size_t>(model_.sites()), alike);
        }
        reset();
        return calibration;
    }

    std::unique_ptr<Medium> medium_of(const Calibration& calibration) const {
        return make_medium(config_, model_.hidden_size, transmit_powers_w(config_, model_, slices_),
                           calibration);
    }

    double first_token_s(const Calibration& calibration) {
        reset();
        const std::int64_t sent = std::min(options_.prompt_tokens, config_.frame.max_vectors);
        const auto medium = medium_of(calibration);
        forward({{0, sent}}, *medium);
        const double air_s = medium->usage().total_s() *
                             static_cast<double>(options_.prompt_tokens) /
                             static_cast<double>(sent);
        reset();
        for (std::int64_t at = 0; at < options_.prompt_tokens; at += config_.model.prefill_chunk)
            compute(at, std::min(config_.model.prefill_chunk, options_.prompt_tokens - at));
        computing_.charge_head(compute_);
        return air_s + compute_.seconds;
    }

    /// One of each conversation.
    std::vector<Stretch> tokens_at(std::int64_t position) const {
        std::vector<Stretch> tokens;
        for (std::int64_t i = 0; i < options_.conversations; ++i)
            tokens.push_back({position, 1, static_cast<std::size_t>(i)});
        return tokens;
    }

    /// What devices and server compute for a chunk of a prompt.
    void compute(std::int64_t position, std::int64_t vectors) {
        for (std::int64_t index = 0; index < model_.sites(); ++index) {
            const SiteWork work = {model_.site(index).kind, {{position, vectors}}, true};
            computing_.charge_devices(work, compute_);
            computing_.charge_server(work, 0, compute_);
        }
    }

    void forward(const std::vector<Stretch>& stretches, Medium& medium) {
        for (std::int64_t index = 0; index < model_.sites(); ++index)
            reduce(model_.site(index), stretches, medium);
    }

    void reduce(Site site, const std::vector<Stretch>& stretches, Medium& medium) {
        const SiteWork work = {site.kind, stretches, /*together=*/true};
        const auto reals = static_cast<std::size_t>(work.vectors() * model_.hidden_size);
        for (std::size_t n = 0; n < slices_.size(); ++n)
            draw_partial(n, site.kind, reals);
        medium.elapse(computing_.charge_devices(work, compute_));

        SumRequest request;
        request.site = site;
        request.position = stretches[0].position;
        request.vectors = work.vectors();
        const std::vector<std::int64_t> positions = positions_of(stretches);
        request.positions = positions;
        request.together = true;
        request.length = model_.hidden_size;
        request.last_site = site.index + 1 == static_cast<std::size_t>(model_.sites());
        request.partials = partials_;
        const std::vector<float> residual(reals, 1);
        request.residual = residual;
        std::vector<float> sum(reals), of_devices(sum), exact(sum);
        exact_sum(request, exact);
        std::vector<std::int64_t> widths;
        if (coder_) {
            for (std::size_t n = 0; n < slices_.size(); ++n) {
                widths.push_back(inference::input_width(model_, slices_[n], site.kind));
                if (widths.back() > 0) code(site, partials_[n]);
            }
            request.input_widths = widths;
        }
        medium.all_reduce(request, {sum, of_devices});
        medium.elapse(computing_.charge_server(work, 0, compute_));
        error_.add(sum, exact);
    }

    /// Codes err as much of a projection as of its inputs.
    void code(const Site& site, gsl::span<float> partials) const {
        const auto length = static_cast<std::size_t>(model_.hidden_size);
        for (std::size_t begin = 0; begin < partials.size(); begin += length)
            coder_(site, partials.subspan(begin, length));
    }

    /// The power of a sum of independent terms is in proportion to their number.
    void draw_partial(std::size_t device, SiteKind kind, std::size_t reals) {
        const double held = inference::held_part(model_, slices_[device], kind);
        auto& partial = partials_[device];
        partial.assign(reals, 0.0F);
        // Half of a complex sample's variance falls on each of its two reals.
        noise_.add({reinterpret_cast<std::complex<float>*>(partial.data()), partial.size() / 2},
                   2 * held);
    }

    Config config_;
    inference::ModelConfig model_;
    std::vector<inference::Slice> slices_;
    TrialOptions options_;
    inference::InputCoder coder_;  // of schemes whose devices send inputs
    Computing computing_;
    std::vector<std::vector<float>> partials_;
    NoiseGenerator noise_;
    ComputeUsage compute_;
    SumError error_;
};

}  // namespace

LinkTrial run_link_trial(const Config& config, const inference::ModelConfig& dimensions,
                         const TrialOptions& options) {
    if (options.tokens < 1 || options.conversations < 1 || options.position < 0 ||
        options.prompt_tokens < 0 || dimensions.hidden_size % 2 != 0) {
        throw std::invalid_argument(
            "link trial: expected at least 1 token and 1 conversation, a position and a prompt of "
            "0 on and an even hidden size");
    }
    return Trial(config, dimensions, options).run();
}

}  // namespace aircomp::runtime
