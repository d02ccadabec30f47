// SPDX-License-Identifier: GPL-3.0-or-later
// Which way to run a model in a given cell is the fastest among those whose loss is tolerated: how
// many devices, which scheme, streams and bits.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/simulation.hpp"
#include "experiment/error_budget.hpp"

namespace aircomp::runtime {

struct PlanOptions {
    double max_loss_nats = 0.01;  ///< Of a token, way up and down together.
    std::int64_t position = 512;  ///< Tokens in the KV cache.
    std::int64_t tokens = 2;      ///< Decoded for each choice.
    double bytes_per_weight = 2;
    /// Answered at a time: a token of each goes through the model at once.
    std::int64_t conversations = 1;
    std::int64_t prompt_tokens = 0;  ///< Of a prompt whose first token is timed; 0: of none.
    ErrorBudget budget;
    std::function<void(std::int64_t done, std::int64_t total)> progress = {};
};

/// One way to run the model.
struct PlanChoice {
    std::string kind;  ///< local, air, digital or gather.
    Config config;     ///< What runs it so.
    int devices = 1;
    int streams = 0;           ///< Of kind air; 0 for others.
    bool by_block = false;     ///< That many at most: each coherence block has what keeps the loss.
    double bits_up = 0;        ///< 0: values travel as they are.
    double bits_down = 0;      ///< 0: no way down.
    double loss_per_nmse = 0;  ///< Of what goes up, nats.
    TokenCost cost;            ///< Of a token; empty where it was not tried.
    double first_token_s = 0;  ///< From a prompt to the first token; 0 where none was asked for.
    double nmse = 0;           ///< Of the sums as the server has them, against exact ones.
    double loss_nats = 0;
    std::string reason;  ///< Why it is not valid; empty where it is.

    bool valid() const { return reason.empty(); }
    double compute_s() const { return cost.compute_s; }
    double air_s() const { return cost.total_s() - cost.compute_s; }
};

struct Plan {
    std::vector<PlanChoice> choices;
    std::optional<std::size_t> chosen;  ///< The valid one with the shortest token.
};

/// Tries one device alone, and for 2, 4, 8, ... and all devices of `config` (its first ones, fastest
/// first) sums over the air with 1, 2, 3, 4, 6, ... streams, digital sums and gathering, each at the
/// bits up and down that are fastest. A way down that closes the loop is coded by the model's
/// calibration where the budget has one. What takes time is simulated by run_link_trial(), losses follow
/// from the budget. Throws as run_link_trial() does.
Plan make_plan(const Config& config, const inference::ModelConfig& model,
               const PlanOptions& options);

/// Has `config` run the model as `choice` does; what a calibration is for stays as it is.
void take_over(const PlanChoice& choice, Config& config);

}  // namespace aircomp::runtime
