// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of a calibration, each a run over text: predictions, transforms and bases, energies,
// sensitivities of sums and of the copies of the stream.
#include "engine/calibrate.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "aircomp/inference/perplexity.hpp"
#include "aircomp/inference/prediction_fit.hpp"
#include "aircomp/inference/slice_cost.hpp"
#include "aircomp/inference/update_basis.hpp"
#include "config/seeds.hpp"
#include "engine/layout.hpp"
#include "engine/model_hash.hpp"
#include "engine/probing_media.hpp"
#include "engine/sliced_model.hpp"
#include "schemes/calibrating_medium.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime {
namespace {

/// A calibration holds for any split; where it needs one, it takes as many devices as this.
constexpr std::int64_t nominal_devices = 8;

using Tokens = std::vector<inference::Token>;
using Progress = std::function<void(std::int64_t done, std::int64_t total)>;

/// The text as sequences of one length; what is left at its end is dropped.
std::vector<Tokens> windows_of(gsl::span<const inference::Token> text,
                               const CalibrateOptions& options) {
    const auto begin = static_cast<std::size_t>(options.bos ? 1 : 0);
    const std::size_t fresh = static_cast<std::size_t>(options.window) - begin;
    std::vector<Tokens> windows;
    for (std::size_t at = 0; at + fresh <= text.size(); at += fresh) {
        Tokens& window = windows.emplace_back();
        if (options.bos) window.push_back(*options.bos);
        const auto part = text.subspan(at, fresh);
        window.insert(window.end(), part.begin(), part.end());
    }
    return windows;
}

/// The whole model on one device, whose sites are observed.
class ObservedModel final : public Partials, public AllReduce {
public:
    ObservedModel(const inference::Checkpoint& checkpoint, const CalibrateOptions& options)
        : checkpoint_(checkpoint),
          slice_(inference::whole_model(checkpoint.config())),
          coordinator_(checkpoint, options.threads),
          residual_(checkpoint),
          device_(checkpoint, slice_, options.threads),
          window_(options.window) {}

    /// `x` is the stream before the site.
    using Observer =
        std::function<void(const inference::SiteInputs& inputs, gsl::span<const float> x)>;

    void observe(Observer observer) {
        device_.observe(
            [this, observer = std::move(observer)](const auto& inputs) { observer(inputs, x_); });
    }

    void leave_out(const std::shared_ptr<const inference::SitePredictions>& predictions) {
        device_.leave_out(predictions);
        reference_.emplace(checkpoint_, predictions);
    }

    std::vector<float> output_weights(const Site& site) const {
        return device_.output_weights(site);
    }

    void run(gsl::span<const Tokens> windows, const Progress& progress) {
        for (std::size_t w = 0; w < windows.size(); ++w) {
            if (progress)
                progress(static_cast<std::int64_t>(w), static_cast<std::int64_t>(windows.size()));
            inference::KvCache cache(checkpoint_.config(), slice_, window_);
            cache_ = &cache;
            forward_stream(coordinator_, checkpoint_.config(), {window_, window_, true}, windows[w],
                           0, [this](std::int64_t position, TwoCopies& x) {
                               return run_sites(checkpoint_.config(), residual_, position, x, *this,
                                                *this, reference_ ? &*reference_ : nullptr);
                           });
        }
        if (progress)
            progress(static_cast<std::int64_t>(windows.size()),
                     static_cast<std::int64_t>(windows.size()));
    }

    std::optional<PassFailure> compute(const SiteCall& call, gsl::span<const float> x) override {
        partial_.resize(x.size());
        x_ = x;
        device_.partial(call.site, x, call.position, *cache_, partial_);
        return std::nullopt;
    }

    std::optional<PassFailure> sum(const SiteCall&, const TwoCopies&, SiteSum& sum) override {
        sum.server = partial_;
        sum.devices = partial_;
        return std::nullopt;
    }

private:
    const inference::Checkpoint& checkpoint_;
    inference::Slice slice_;
    inference::CoordinatorModel coordinator_;
    inference::Residual residual_;
    inference::DeviceModel device_;
    std::optional<inference::ReferenceStream> reference_;
    std::int64_t window_;
    inference::KvCache* cache_ = nullptr;
    gsl::span<const float> x_;
    std::vector<float> partial_;
};

/// The steps, and what they have found so far.
class Calibrator {
public:
    Calibrator(const inference::Checkpoint& checkpoint, gsl::span<const inference::Token> tokens,
               const CalibrateOptions& options)
        : checkpoint_(checkpoint),
          model_(checkpoint.config()),
          options_(options),
          windows_(windows_of(tokens, options)),
          sites_(static_cast<std::size_t>(model_.sites())) {
        if (options.window < 2 || options.window > model_.context) {
            throw std::invalid_argument("window: expected 2 to " + std::to_string(model_.context) +
                                        " tokens, the model's context, found " +
                                        std::to_string(options.window));
        }
        if (windows_.size() < 2) {
            throw std::invalid_argument(options.text + ": expected at least two windows, " +
                                        std::to_string(2 * options.window) + " tokens, found " +
                                        std::to_string(tokens.size()));
        }
    }

    inference::ModelCalibration run() {
        result_.model_hash = to_hex(model_hash(checkpoint_));
        {
            ObservedModel whole(checkpoint_, options_);
            fit_predictions(whole);
            fit_transforms(whole);
        }
        SlicedModel split = make_split();
        fit_energies(split);
        measure_sensitivities(split);
        measure_copy_sensitivities(split);
        return std::move(result_);
    }

private:
    Progress progress(const std::string& label) const {
        return options_.progress ? options_.progress(label) : Progress();
    }

    /// As many windows as hold so many tokens, spread over the whole text; the beginning of one where
    /// that is longer.
    std::vector<Tokens> some_windows(std::int64_t tokens) const {
        const auto wanted =
            static_cast<std::size_t>((tokens + options_.window - 1) / options_.window);
        const std::size_t count = std::clamp<std::size_t>(wanted, 1, windows_.size());
        std::vector<Tokens> some;
        for (std::size_t i = 0; i < count; ++i) {
            const Tokens& window = windows_[i * windows_.size() / count];
            const auto size = std::min(static_cast<std::size_t>(tokens), window.size());
            some.emplace_back(window.begin(), window.begin() + static_cast<std::ptrdiff_t>(size));
        }
        return some;
    }

    std::int64_t pieces() const { return std::min(nominal_devices, model_.heads); }

    bool can_be_foretold(std::size_t site) const { return width(site) > 0; }
    std::int64_t width(std::size_t site) const {
        return inference::input_width(model_, model_.site(static_cast<std::int64_t>(site)));
    }

    std::vector<float> output_weights(const ObservedModel& whole, std::size_t site) const {
        return whole.output_weights(model_.site(static_cast<std::int64_t>(site)));
    }

    void fit_predictions(ObservedModel& whole) {
        std::vector<inference::PredictionFit> fits;
        for (std::size_t s = 0; s < sites_; ++s)
            fits.emplace_back(model_.hidden_size, width(s));
        whole.observe([&](const auto& inputs, gsl::span<const float>) {
            fits[inputs.site.index].add(inputs);
        });
        whole.run(windows_, progress("predictions"));
        auto predictions = std::make_shared<inference::SitePredictions>(sites_);
        const Progress fitted = progress("fits");
        for (std::size_t s = 0; s < sites_; ++s) {
            if (fitted) fitted(static_cast<std::int64_t>(s), static_cast<std::int64_t>(sites_));
            if (!can_be_foretold(s)) continue;
            (*predictions)[s] =
                fits[s].fit(output_weights(whole, s), options_.prediction_rank, pieces());
        }
        result_.predictions = std::move(predictions);
    }

    void fit_transforms(ObservedModel& whole) {
        std::vector<inference::CovarianceFit> fits;
        std::vector<inference::UpdateFit> updates;
        for (std::size_t s = 0; s < sites_; ++s) {
            fits.emplace_back(model_.hidden_size, width(s), pieces());
            updates.emplace_back(model_.hidden_size, options_.update_rank);
        }
        whole.leave_out(result_.predictions);
        whole.observe([&](const auto& inputs, gsl::span<const float> x) {
            fits[inputs.site.index].add(inputs, x);
            updates[inputs.site.index].add(inputs, x);
        });
        whole.run(some_windows(options_.covariance_tokens), progress("transforms"));
        for (std::size_t s = 0; s < sites_; ++s) {
            const auto output =
                can_be_foretold(s) ? output_weights(whole, s) : std::vector<float>();
            result_.transforms.push_back(fits[s].transform(output, options_.transform_rank));
            result_.updates.push_back(updates[s].basis());
        }
    }

    SlicedModel make_split() const {
        Config config = default_config(pieces());
        config.scheme = wired_scheme().name;
        config.threads = options_.threads;
        config.model.prefill_chunk = options_.window;
        for (DeviceConfig& device : config.devices)
            device.memory_bytes = 1e15;
        const Layout layout = lay_out(config, model_, inference::bytes_per_weight(checkpoint_));
        SlicedModel split(checkpoint_, layout.slices, layout.config);
        split.reserve(options_.window);
        split.foretell(checkpoint_, result_.predictions);
        return split;
    }

    std::vector<SiteTransform> transforms() const {
        std::vector<SiteTransform> all;
        for (const auto& factors : result_.transforms)
            all.emplace_back(factors, model_.hidden_size);
        return all;
    }

    void fit_energies(SlicedModel& split) {
        CalibratingMedium medium(split.devices(), model_, transforms());
        const auto windows = some_windows(options_.energy_tokens);
        const Progress told = progress("energies");
        for (std::size_t w = 0; w < windows.size(); ++w) {
            if (told) told(static_cast<std::int64_t>(w), static_cast<std::int64_t>(windows.size()));
            split.forward(windows[w], 0, medium);
        }
        for (const auto& samples : medium.samples()) {
            result_.energy_weights.push_back(fit_energy(samples));
            double root = 0;
            for (const EnergySample& sample : samples)
                root += std::exp(sample.log_energy / 2);
            root_energies_.push_back(root / static_cast<double>(samples.size()));
        }
    }

    void measure_sensitivities(SlicedModel& split);
    void measure_copy_sensitivities(SlicedModel& split);
    /// What a probe of that energy costs at each of the first `sites` sites, over the energy, in windows
    /// of one length.
    template <typename Probing>
    std::vector<float> divergences(const std::vector<Tokens>& windows, SlicedModel& split,
                                   Probing& medium, std::size_t sites, double energy,
                                   const std::string& label);

    const inference::Checkpoint& checkpoint_;
    const inference::ModelConfig& model_;
    const CalibrateOptions& options_;
    std::vector<Tokens> windows_;
    std::size_t sites_;
    inference::ModelCalibration result_;
    std::vector<double> root_energies_;  // mean of sqrt(p_t) by site
};

template <typename Probing>
std::vector<float> Calibrator::divergences(const std::vector<Tokens>& windows, SlicedModel& split,
                                           Probing& medium, std::size_t sites, double energy,
                                           const std::string& label) {
    const Progress told = progress(label);
    std::vector<float> found(sites_, 0);
    for (std::size_t w = 0; w < windows.size(); ++w) {
        std::vector<float> clean(windows[w].size() *
                                 static_cast<std::size_t>(model_.vocabulary_size));
        std::vector<float> noisy(clean.size());
        medium.probe(std::nullopt);
        TwoCopies before = split.begin_sequence(windows[w]);  // the site at hand
        TwoCopies x = before;
        split.run_some_sites({0, model_.sites()}, x, medium);
        split.logits(x.server, clean);
        for (std::size_t s = 0; s < sites; ++s) {
            const auto site = static_cast<std::int64_t>(s);
            if (told)
                told(static_cast<std::int64_t>(w * sites + s),
                     static_cast<std::int64_t>(windows.size() * sites));
            medium.probe(s);
            x = before;
            split.run_some_sites({site, model_.sites()}, x, medium);
            split.logits(x.server, noisy);
            const double divergence =
                inference::mean_divergence(clean, noisy, model_.vocabulary_size);
            found[s] +=
                static_cast<float>(divergence / (energy * static_cast<double>(windows.size())));
            if (s + 1 == sites) break;
            medium.probe(std::nullopt);
            split.run_some_sites({site, site + 1}, before, medium);
        }
    }
    for (float& value : found)
        value = std::max(value, 0.0F);
    return found;
}

void Calibrator::measure_sensitivities(SlicedModel& split) {
    const auto all = transforms();
    ProbingMedium medium(split.devices(), all, root_energies_,
                         derive_seed(options_.seed, seed_for::sensitivities));
    result_.sensitivities = divergences(some_windows(options_.sensitivity_tokens), split, medium,
                                        sites_, ProbingMedium::energy, "sensitivities");
}

/// No device computes from what the last site's sum makes of its copy.
void Calibrator::measure_copy_sensitivities(SlicedModel& split) {
    // Sums that are normed before they are added have no such codes.
    if (model_.design.norm_after) {
        result_.copy_sensitivities.assign(sites_, 0);
        return;
    }
    CopyProbingMedium medium(split.devices(),
                             derive_seed(options_.seed, seed_for::copy_sensitivities));
    result_.copy_sensitivities =
        divergences(some_windows(options_.copy_sensitivity_tokens), split, medium, sites_ - 1,
                    CopyProbingMedium::energy, "sensitivities of copies");
}

}  // namespace

inference::ModelCalibration calibrate_model(const inference::Checkpoint& checkpoint,
                                            gsl::span<const inference::Token> tokens,
                                            const CalibrateOptions& options) {
    return Calibrator(checkpoint, tokens, options).run();
}

}  // namespace aircomp::runtime
