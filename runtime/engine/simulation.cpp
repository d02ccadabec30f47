// SPDX-License-Identifier: GPL-3.0-or-later
// Puts slices, calibration and medium together and accounts for a token.
#include "engine/simulation.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <stdexcept>

#include "aircomp/inference/slice_cost.hpp"
#include "aircomp/inference/thread_count.hpp"
#include "config/seeds.hpp"
#include "engine/assignment.hpp"
#include "engine/calibration_text.hpp"
#include "engine/default_calibration.hpp"
#include "engine/layout.hpp"
#include "schemes/calibrating_medium.hpp"
#include "schemes/entries.hpp"

namespace aircomp::runtime {
namespace {

constexpr std::int64_t most_calibration_tokens = 256;

}  // namespace

double TokenCost::total_energy_j() const {
    return std::accumulate(device_energy_j.begin(), device_energy_j.end(),
                           server_energy_j + relay_energy_j);
}

std::vector<inference::Token> calibration_tokens(const Config& config,
                                                 const inference::ModelConfig& model,
                                                 const inference::Tokenizer* tokenizer) {
    const auto most = std::min(most_calibration_tokens, context_of(config, model));
    std::vector<inference::Token> tokens;
    if (tokenizer != nullptr) {
        tokens = tokenizer->encode(calibration_text);
        if (tokenizer->bos()) tokens.insert(tokens.begin(), *tokenizer->bos());
    } else {
        std::mt19937_64 generator(derive_seed(config.seed, seed_for::calibration_tokens));
        for (std::int64_t i = 0; i < most; ++i) {
            tokens.push_back(static_cast<inference::Token>(
                generator() % static_cast<std::uint64_t>(model.vocabulary_size)));
        }
        // Where massive activations sit on BOS, scales have to know of them.
        if (model.bos_token) tokens.front() = *model.bos_token;
    }
    tokens.resize(std::min(tokens.size(), static_cast<std::size_t>(most)));
    return tokens;
}

Simulation::Simulation(const Config& config, const inference::Checkpoint& checkpoint,
                       const inference::Tokenizer* tokenizer, std::function<void()> poll)
    : hidden_size_(checkpoint.config().hidden_size) {
    auto layout = lay_out(config, checkpoint.config(),
                          inference::bytes_per_weight(checkpoint, config.compute));
    config_ = std::move(layout.config);
    slices_ = std::move(layout.slices);
    if (tokenizer != nullptr) inference::require_same_vocabulary(*tokenizer, checkpoint.config());
    // What lacks of a sum cannot be made up for once it has been normed.
    if (checkpoint.config().design.norm_after) config_.digital.error_feedback = false;
    model_ = std::make_unique<SlicedModel>(checkpoint, slices_, config_);
    model_->poll_with(std::move(poll));
    Calibration calibration;
    const Scheme& scheme = find_scheme(config_.scheme);
    if (uses_calibration(config_)) use_coding(checkpoint, tokenizer);
    if (scheme.analog || coding_) calibration = calibrate(checkpoint, tokenizer);
    medium_ = make_medium(config_, hidden_size_,
                          transmit_powers_w(config_, checkpoint.config(), slices_), calibration);
    model_->measure_errors();
}

Calibration Simulation::calibrate(const inference::Checkpoint& checkpoint,
                                  const inference::Tokenizer* tokenizer) {
    const auto& model = checkpoint.config();
    const auto tokens = calibration_tokens(config_, model, tokenizer);
    CalibratingMedium medium(
        model_->devices(), model,
        coding_ ? coding_->shared().shape.transforms : std::vector<SiteTransform>());
    model_->forward(tokens, 0, medium);
    model_->forget(0);
    model_->reset_statistics();
    Calibration calibration = medium.calibration();
    if (coding_) coding_->complete(medium, calibration);
    return calibration;
}

void Simulation::use_coding(const inference::Checkpoint& checkpoint,
                            const inference::Tokenizer* tokenizer) {
    settle_calibration_file(config_, checkpoint, tokenizer);
    coding_ = std::make_shared<ModelCoding>(config_, checkpoint);
    model_->foretell(checkpoint, coding_->shared().predictions);
    model_->code_updates(coding_->updates());
    model_->charge_coding(
        {[coding = coding_](const inference::Slice& slice, const Site& site) {
             return coding->device_flops(slice, site);
         },
         [coding = coding_](const Site& site) { return coding->server_flops(site); }});
}

TokenCost token_cost(const ComputeUsage& compute, const Ledger& link, std::int64_t count) {
    const auto tokens = static_cast<double>(std::max<std::int64_t>(1, count));
    TokenCost cost;
    cost.compute_s = compute.seconds / tokens;
    cost.uplink_s = link.uplink_s / tokens;
    cost.downlink_s = link.downlink_s / tokens;
    cost.sounding_s = link.sounding_s / tokens;
    cost.control_s = link.control_s / tokens;
    cost.frame_s = link.frame_s / tokens;
    cost.uplink_channel_uses = static_cast<double>(link.uplink_channel_uses) / tokens;
    for (const LedgerEntry& entry : entries_per_token())
        cost.own.emplace_back(entry, link.of(entry) / tokens);
    cost.server_energy_j = (compute.server_energy_j + link.server_energy_j) / tokens;
    cost.relay_energy_j = link.relay_energy_j / tokens;
    for (std::size_t n = 0; n < compute.device_energy_j.size(); ++n) {
        cost.device_energy_j.push_back(
            (compute.device_energy_j[n] + link.transmit_energy_j[n] + link.standby_energy_j[n]) /
            tokens);
    }
    return cost;
}

TokenCost Simulation::cost() const {
    return token_cost(model_->compute(), medium_->usage(), model_->tokens());
}

double Simulation::elapsed_s() const {
    return model_->compute().seconds + medium_->usage().total_s();
}

double Simulation::clipped_fraction() const {
    const Ledger& link = medium_->usage();
    if (link.all_reduces == 0) return 0;
    return link.of(clipped_reals) /
           (static_cast<double>(link.all_reduces) * static_cast<double>(hidden_size_) *
            static_cast<double>(slices_.size()));
}

inference::Forward Simulation::forward() {
    return [this](gsl::span<const inference::Token> tokens) {
        return model_->run_sequence(tokens, *medium_);
    };
}

inference::NextLogits Simulation::next_logits() {
    return [this](gsl::span<const inference::Token> fresh, std::int64_t position) {
        return model_->forward(fresh, position, *medium_);
    };
}

}  // namespace aircomp::runtime
