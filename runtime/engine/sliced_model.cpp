// SPDX-License-Identifier: GPL-3.0-or-later
// One token's way through: partials, medium, residual, layer by layer.
#include "engine/sliced_model.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <string>

#include "aircomp/inference/add.hpp"
#include "aircomp/inference/slice_cost.hpp"
#include "aircomp/inference/thread_count.hpp"
#include "coding/exact_sum.hpp"
#include "config/registry.hpp"
#include "schemes/down/registry.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime {
namespace {

/// What the norm of each site's sum multiplies a coordinate with. From a site to the next it falls by
/// `least_ratio` at most: what codes have left behind of a coordinate that was heavy would otherwise
/// fill the vectors of sites where it is light, and grow from site to site.
std::vector<std::vector<float>> norm_weights(const inference::ModelConfig& model,
                                             const inference::Residual& residual) {
    constexpr float least_ratio = 0.3F;
    std::vector<std::vector<float>> weights;
    for (std::int64_t index = 0; index < model.sites(); ++index) {
        const auto own = residual.weights(model.site(index));
        std::vector<float> site(own.begin(), own.end());
        for (std::size_t i = 0; i < site.size(); ++i) {
            const float before = weights.empty() ? 0 : weights.back()[i];
            site[i] = std::max(std::abs(site[i]), least_ratio * before);
        }
        weights.push_back(std::move(site));
    }
    return weights;
}

}  // namespace

SlicedModel::SlicedModel(const inference::Checkpoint& checkpoint,
                         const std::vector<inference::Slice>& slices, const Config& config)
    : config_(config),
      model_(checkpoint.config()),
      context_(context_of(config, checkpoint.config())),
      slices_(slices),
      coordinator_(checkpoint, inference::thread_count(config.threads)),
      residual_(checkpoint),
      bytes_per_weight_(inference::bytes_per_weight(checkpoint, config.compute)),
      gathers_(static_cast<bool>(find_scheme(config.scheme).input_coder)),
      closes_loop_(find_row(downlinks(), "downlink", config.radio.downlink).closes_loop),
      capacity_(context_),
      errors_(static_cast<std::size_t>(model_.sites())) {
    if (slices.size() != config.devices.size()) {
        throw std::invalid_argument(std::to_string(slices.size()) + " slices for " +
                                    std::to_string(config.devices.size()) + " devices");
    }
    for (const auto& slice : slices) {
        devices_.emplace_back(checkpoint, slice, inference::thread_count(config.threads),
                              config.compute);
    }
    require_memory(1);
    if (closes_loop_) norm_weights_ = norm_weights(model_, residual_);
    partials_.resize(devices_.size());
    if (gathers_) code_inputs(nullptr);
    reset_statistics();
}

void SlicedModel::code_inputs(const PartialsObserver& uncoded) {
    for (std::size_t n = 0; n < devices_.size(); ++n) {
        inference::PartialObserver of_device;
        if (uncoded) of_device = [=](gsl::span<const float> partial) { uncoded(n, partial); };
        devices_[n].code_inputs(find_scheme(config_.scheme).input_coder(config_), of_device);
    }
}

void SlicedModel::measure_errors() {
    measures_errors_ = true;
    if (!gathers_) return;
    uncoded_.resize(devices_.size());
    code_inputs([this](std::size_t device, gsl::span<const float> partial) {
        const gsl::span<float> whole = uncoded_[device];
        inference::add(partial, whole.subspan(uncoded_begin_, partial.size()));
    });
}

/// What a split is compared with is the model on one device, however little that has.
std::optional<std::string> SlicedModel::lacking_memory(std::int64_t tokens) const {
    if (find_scheme(config_.scheme).one_device) return std::nullopt;
    for (std::size_t n = 0; n < devices_.size(); ++n) {
        const double needed = static_cast<double>(devices_[n].weight_bytes()) +
                              inference::cache_bytes(model_, slices_[n], tokens);
        if (needed <= config_.devices[n].memory_bytes) continue;
        std::ostringstream message;
        message << "devices[" << n << "].memory_bytes: " << config_.devices[n].name
                << "'s slice and the KV cache of " << tokens << " tokens need "
                << static_cast<std::int64_t>(needed) << " bytes, it has "
                << static_cast<std::int64_t>(config_.devices[n].memory_bytes);
        return message.str();
    }
    return std::nullopt;
}

void SlicedModel::require_memory(std::int64_t tokens) const {
    if (const auto lacking = lacking_memory(tokens)) throw std::invalid_argument(*lacking);
}

SlicedModel::Sequence& SlicedModel::grow(std::size_t sequence, std::int64_t tokens) {
    Sequence& grown = sequences_[sequence];
    if (tokens > grown.tokens) {
        std::int64_t all = tokens - grown.tokens;
        for (const auto& [number, other] : sequences_)
            all += other.tokens;
        require_memory(all);
        grown.tokens = tokens;
    }
    while (grown.caches.size() < slices_.size())
        grown.caches.emplace_back(model_, slices_[grown.caches.size()], capacity_);
    return grown;
}

void SlicedModel::reserve(std::int64_t tokens) {
    tokens = std::min(tokens, context_);
    sequences_.clear();
    capacity_ = tokens;
    grow(0, tokens);
}

Computing SlicedModel::computing() const {
    return {config_, model_, slices_, bytes_per_weight_, gathers_};
}

void SlicedModel::reset_statistics() {
    std::fill(errors_.begin(), errors_.end(), SumError{});
    compute_ = {};
    compute_.device_energy_j.assign(devices_.size(), 0);
    tokens_ = 0;
}

double SlicedModel::nmse() const {
    SumError total;
    for (const SumError& site : errors_) {
        total.error += site.error;
        total.signal += site.signal;
    }
    return total.nmse();
}

void SlicedModel::foretell(const inference::Checkpoint& checkpoint,
                           const std::shared_ptr<const inference::SitePredictions>& predictions) {
    reference_.emplace(checkpoint, predictions);
    for (inference::DeviceModel& device : devices_)
        device.leave_out(predictions);
}

/// The devices of one process, and the medium between them.
class SlicedModel::OverMedium final : public Partials, public AllReduce {
public:
    /// `together`: the tokens go through the model at once. Otherwise they stand for tokens that
    /// are decoded one after the other, and cost what these would.
    OverMedium(SlicedModel& model, Medium& medium, bool together)
        : model_(model), medium_(medium), together_(together) {}

    std::optional<PassFailure> compute(const SiteCall& call, gsl::span<const float> x) override {
        if (model_.poll_) model_.poll_();
        for (std::size_t n = 0; n < model_.devices_.size(); ++n) {
            auto& partial = model_.partials_[n];
            partial.resize(x.size());
            if (!model_.uncoded_.empty()) model_.uncoded_[n].assign(x.size(), 0.0F);
            compute(n, call, x, partial);
        }
        medium_.elapse(model_.computing().charge_devices(
            work_of(call, coding_flops_of_devices(call)), model_.compute_));
        return std::nullopt;
    }

    std::optional<PassFailure> sum(const SiteCall& call, const TwoCopies& x,
                                   SiteSum& sum) override {
        SumRequest request;
        request.site = call.site;
        request.position = call.position;
        request.vectors = call.vectors;
        const std::vector<std::int64_t> positions = positions_of(call.stretches);
        request.positions = positions;
        request.length = call.length;
        request.last_site = call.site.index + 1 == static_cast<std::size_t>(model_.model_.sites());
        request.together = together_;
        request.partials = model_.partials_;
        request.residual = x.devices;
        request.server_residual = x.server;
        request.features = call.features;
        request.foretold = call.foretold;
        request.updates = model_.updates_.get();
        request.put_right = [&](std::int64_t v, gsl::span<const float> copy) {
            if (sum.copy.empty()) sum.copy = x.devices;
            std::copy(copy.begin(), copy.end(),
                      sum.copy.begin() + v * static_cast<std::ptrdiff_t>(copy.size()));
        };
        const std::vector<std::int64_t> widths = input_widths(call.site.kind);
        request.input_widths = widths;
        std::vector<float> received(model_.measures_errors_ ? sum.server.size() : 0);
        if (call.finish && model_.closes_loop_) {
            request.norm_weights = model_.norm_weights_[call.site.index];
            request.finish = [&](std::int64_t v, gsl::span<float> one) {
                if (!received.empty())
                    std::copy(one.begin(), one.end(),
                              received.begin() + v * static_cast<std::ptrdiff_t>(one.size()));
                call.finish(v, one);
                sum.finished = true;
            };
        }
        medium_.all_reduce(request, {sum.server, sum.devices});
        const double coding = model_.coding_flops_ ? model_.coding_flops_->of_server(call.site) *
                                                         static_cast<double>(call.vectors)
                                                   : 0;
        medium_.elapse(
            model_.computing().charge_server(work_of(call, {}), coding, model_.compute_));
        if (model_.measures_errors_)
            measure(request, call.foretold, sum.finished ? received : sum.server);
        return std::nullopt;
    }

private:
    /// Stretch by stretch: a token's partial is the same, whoever travels beside it.
    void compute(std::size_t device, const SiteCall& call, gsl::span<const float> x,
                 gsl::span<float> partial) {
        std::size_t begin = 0;
        for (const Stretch& stretch : call.stretches) {
            const auto size = static_cast<std::size_t>(stretch.vectors * call.length);
            model_.uncoded_begin_ = begin;
            model_.devices_[device].partial(call.site, x.subspan(begin, size), stretch.position,
                                            model_.sequences_.at(stretch.sequence).caches[device],
                                            partial.subspan(begin, size));
            begin += size;
        }
    }

    SiteWork work_of(const SiteCall& call, gsl::span<const double> coding_flops) const {
        return {call.site.kind,
                {call.stretches.begin(), call.stretches.end()},
                together_,
                coding_flops};
    }

    /// Where devices send inputs.
    std::vector<std::int64_t> input_widths(SiteKind kind) const {
        std::vector<std::int64_t> widths;
        if (!model_.gathers_) return widths;
        for (const inference::Slice& slice : model_.slices_)
            widths.push_back(inference::input_width(model_.model_, slice, kind));
        return widths;
    }

    std::vector<double> coding_flops_of_devices(const SiteCall& call) const {
        std::vector<double> flops;
        if (!model_.coding_flops_) return flops;
        for (const inference::Slice& slice : model_.slices_) {
            flops.push_back(static_cast<double>(call.vectors) *
                            model_.coding_flops_->of_device(slice, call.site));
        }
        return flops;
    }

    /// Errors are held against the whole sum, whatever of it was sent.
    void measure(const SumRequest& request, gsl::span<const float> foretold,
                 std::vector<float> received) {
        std::vector<float> exact(received.size());
        SumRequest uncoded = request;
        if (!model_.uncoded_.empty()) uncoded.partials = model_.uncoded_;
        exact_sum(uncoded, exact);
        inference::add(foretold, received);
        inference::add(foretold, exact);
        model_.errors_[request.site.index].add(received, exact);
    }

    SlicedModel& model_;
    Medium& medium_;
    bool together_;
};

std::vector<float> SlicedModel::forward(gsl::span<const inference::Token> tokens,
                                        std::int64_t position, Medium& medium) {
    const auto last = run(tokens, position, medium, /*last_only=*/true);
    std::vector<float> result(static_cast<std::size_t>(model_.vocabulary_size));
    coordinator_.logits(last, result);
    return result;
}

std::vector<std::vector<float>> SlicedModel::forward(gsl::span<const inference::FreshTokens> fresh,
                                                     Medium& medium) {
    const auto hidden = static_cast<std::size_t>(model_.hidden_size);
    if (fresh.empty()) throw std::invalid_argument("forward needs at least one token");
    std::vector<Stretch> stretches;
    TwoCopies x;
    for (const inference::FreshTokens& next : fresh) {
        check_tokens(next.tokens, next.position, context_);
        const auto count = static_cast<std::int64_t>(next.tokens.size());
        grow(next.sequence, next.position + count);
        stretches.push_back({next.position, count, next.sequence});
        const std::size_t begin = x.server.size();
        x.server.resize(begin + next.tokens.size() * hidden);
        coordinator_.embed(next.tokens, gsl::span<float>(x.server).subspan(begin));
    }
    x.devices = x.server;
    OverMedium devices(*this, medium, /*together=*/true);
    run_sites(model_, residual_, stretches, x, devices, devices,
              reference_ ? &*reference_ : nullptr);
    tokens_ += static_cast<std::int64_t>(x.server.size() / hidden);
    return logits_of(fresh, x.server, medium);
}

std::vector<std::vector<float>> SlicedModel::logits_of(
    gsl::span<const inference::FreshTokens> fresh, gsl::span<const float> streams, Medium& medium) {
    const auto hidden = static_cast<std::size_t>(model_.hidden_size);
    std::vector<std::vector<float>> all;
    std::size_t end = 0;
    for (const inference::FreshTokens& next : fresh) {
        end += next.tokens.size() * hidden;
        if (!next.wants_logits) continue;
        all.emplace_back(static_cast<std::size_t>(model_.vocabulary_size));
        coordinator_.logits(streams.subspan(end - hidden, hidden), all.back());
    }
    if (!all.empty())
        medium.elapse(computing().charge_head(compute_, static_cast<std::int64_t>(all.size())));
    return all;
}

inference::RowLogits SlicedModel::run_sequence(gsl::span<const inference::Token> tokens,
                                               Medium& medium) {
    return [this, stream = run(tokens, 0, medium, /*last_only=*/false)](std::int64_t first,
                                                                        gsl::span<float> logits) {
        const auto hidden = static_cast<std::size_t>(model_.hidden_size);
        const auto rows = logits.size() / static_cast<std::size_t>(model_.vocabulary_size);
        coordinator_.logits(gsl::span<const float>(stream).subspan(
                                static_cast<std::size_t>(first) * hidden, rows * hidden),
                            logits);
    };
}

TwoCopies SlicedModel::begin_sequence(gsl::span<const inference::Token> tokens) {
    check_tokens(tokens, 0, context_);
    grow(0, static_cast<std::int64_t>(tokens.size()));
    TwoCopies x;
    x.server.resize(tokens.size() * static_cast<std::size_t>(model_.hidden_size));
    coordinator_.embed(tokens, x.server);
    x.devices = x.server;
    return x;
}

void SlicedModel::run_some_sites(inference::Range sites, TwoCopies& x, Medium& medium) {
    OverMedium devices(*this, medium, /*together=*/true);
    const Stretch all = {0, static_cast<std::int64_t>(x.server.size()) / model_.hidden_size};
    runtime::run_some_sites(model_, residual_, sites, {&all, 1}, x, devices, devices,
                            reference_ ? &*reference_ : nullptr);
}

std::vector<float> SlicedModel::run(gsl::span<const inference::Token> tokens, std::int64_t position,
                                    Medium& medium, bool last_only) {
    grow(0, std::min(context_, position + static_cast<std::int64_t>(tokens.size())));
    // Who asks for all logits scores tokens as if they were decoded one after the other.
    OverMedium devices(*this, medium, /*together=*/last_only);
    const auto run_chunk = [&](std::int64_t at, TwoCopies& x) {
        return run_sites(model_, residual_, at, x, devices, devices,
                         reference_ ? &*reference_ : nullptr);
    };
    auto result =
        forward_stream(coordinator_, model_, {context_, config_.model.prefill_chunk, last_only},
                       tokens, position, run_chunk);
    const std::int64_t rows = static_cast<std::int64_t>(result.stream.size()) / model_.hidden_size;
    for (std::int64_t row = 0; row < rows; ++row)
        medium.elapse(computing().charge_head(compute_));
    tokens_ += static_cast<std::int64_t>(tokens.size());
    return std::move(result.stream);
}

}  // namespace aircomp::runtime
