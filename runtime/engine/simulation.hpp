// SPDX-License-Identifier: GPL-3.0-or-later
// One scheme of one configuration, ready to run a model: slices, calibration, medium.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aircomp/inference/continuation.hpp"
#include "aircomp/inference/perplexity.hpp"
#include "engine/model_coding.hpp"
#include "engine/sliced_model.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime {

/// Mean cost of a token in simulated time and energy.
struct TokenCost {
    double compute_s = 0;
    double uplink_s = 0;
    double downlink_s = 0;
    double sounding_s = 0;
    double control_s = 0;
    double frame_s = 0;  ///< Headers and turnarounds.
    double uplink_channel_uses = 0;
    /// entries_per_token(), with their means.
    std::vector<std::pair<LedgerEntry, double>> own;
    std::vector<double> device_energy_j;  ///< Computing and transmitting.
    double server_energy_j = 0;
    double relay_energy_j = 0;  ///< Transmitting; of scheme hierarchical.

    double total_s() const {
        return compute_s + uplink_s + downlink_s + sounding_s + control_s + frame_s;
    }
    double total_energy_j() const;
};

/// The mean over `count` tokens of what computing and the link have taken.
TokenCost token_cost(const ComputeUsage& compute, const Ledger& link, std::int64_t count);

/// The text that analog schemes are calibrated by, 256 tokens at most and no more than the context
/// holds; without a tokenizer, random tokens of the seed.
std::vector<inference::Token> calibration_tokens(const Config& config,
                                                 const inference::ModelConfig& model,
                                                 const inference::Tokenizer* tokenizer);

/// A model over a medium. The checkpoint and the tokenizer must outlive the object.
class Simulation {
public:
    /// `tokenizer` may be null: calibration then runs on random tokens of the seed. `poll`, if there,
    /// is called before every sum, those of the calibration included; what it throws ends the run.
    /// Throws std::invalid_argument or std::runtime_error where configuration and model do not fit.
    Simulation(const Config& config, const inference::Checkpoint& checkpoint,
               const inference::Tokenizer* tokenizer, std::function<void()> poll = nullptr);

    const Config& config() const { return config_; }
    SlicedModel& model() { return *model_; }
    Medium& medium() { return *medium_; }
    const std::vector<inference::Slice>& slices() const { return slices_; }

    TokenCost cost() const;
    /// Simulated time of all passes so far, s.
    double elapsed_s() const;
    /// Clipped reals over reals sent.
    double clipped_fraction() const;

    /// Logits of a new sequence.
    inference::Forward forward();

    /// One sequence, token after token.
    inference::NextLogits next_logits();

private:
    /// Has devices and codec do what the calibration file of the configuration says.
    void use_coding(const inference::Checkpoint& checkpoint, const inference::Tokenizer* tokenizer);
    Calibration calibrate(const inference::Checkpoint& checkpoint,
                          const inference::Tokenizer* tokenizer);

    Config config_;
    std::shared_ptr<const ModelCoding> coding_;  ///< Null: none.
    std::int64_t hidden_size_;
    std::vector<inference::Slice> slices_;
    std::unique_ptr<SlicedModel> model_;
    std::unique_ptr<Medium> medium_;
};

}  // namespace aircomp::runtime
