// SPDX-License-Identifier: GPL-3.0-or-later
// Text through a scheme: windows, scores, and what the run has cost.
#include "experiment/evaluation.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "aircomp/inference/thread_count.hpp"
#include "engine/layout.hpp"
#include "experiment/cost_json.hpp"
#include "schemes/entries.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime {
namespace {

constexpr std::int64_t default_window = 256;

std::vector<std::int64_t> token_lengths(const inference::Tokenizer& tokenizer,
                                        std::int64_t vocabulary) {
    std::vector<std::int64_t> lengths(static_cast<std::size_t>(vocabulary), 0);
    for (inference::Token t = 0; t < tokenizer.size(); ++t) {
        lengths[static_cast<std::size_t>(t)] =
            static_cast<std::int64_t>(tokenizer.decode(t).size());
    }
    return lengths;
}

std::int64_t window_of(const EvaluationOptions& options, const Config& config, const Model& model) {
    const std::int64_t context = context_of(config, model.checkpoint.config());
    if (options.context == 0) return std::min(default_window, context);
    if (options.context > context) {
        throw std::invalid_argument("context: expected at most " + std::to_string(context) +
                                    ", the model's, found " + std::to_string(options.context));
    }
    return options.context;
}

Json to_json(const inference::Divergence& divergence) {
    const auto& error = divergence.kl_standard_error_nats;
    return {{"kl_nats", divergence.kl_nats},
            {"kl_standard_error_nats", error ? Json(*error) : Json()},
            {"top1_agreement", divergence.top1_agreement}};
}

Json site_nmse(const SlicedModel& model, const inference::ModelConfig& dimensions) {
    Json sites = Json::array();
    for (std::size_t i = 0; i < model.errors().size(); ++i) {
        const inference::Site site = dimensions.site(static_cast<std::int64_t>(i));
        sites.push_back({{"layer", site.layer},
                         {"site", inference::name_of(site.kind)},
                         {"nmse", model.errors()[i].nmse()}});
    }
    return sites;
}

}  // namespace

std::vector<inference::Token> tokens_of_text(const std::string& text, const std::string& origin,
                                             const Model& model) {
    auto tokens = model.tokenizer->encode(text);
    if (tokens.size() < 2) {
        throw std::invalid_argument(origin + ": expected a text of at least two tokens");
    }
    return tokens;
}

std::vector<inference::Token> tokens_of(const std::string& text_file, const Model& model) {
    return tokens_of_text(read_text(text_file), text_file, model);
}

inference::PerplexityResult score(const inference::Forward& forward, const Config& config,
                                  const Model& model, const std::vector<inference::Token>& tokens,
                                  const EvaluationOptions& options,
                                  const inference::Forward& reference) {
    const std::int64_t vocabulary = model.checkpoint.config().vocabulary_size;
    inference::PerplexityOptions perplexity;
    perplexity.protocol = options.protocol;
    perplexity.window = window_of(options, config, model);
    perplexity.bos = model.tokenizer->bos();
    perplexity.limit_tokens = options.limit_tokens;
    perplexity.threads = inference::thread_count(config.threads);
    if (options.progress) perplexity.progress = options.progress(config.scheme);
    return inference::measure_perplexity(forward, vocabulary, tokens,
                                         token_lengths(*model.tokenizer, vocabulary), perplexity,
                                         reference);
}

Json evaluate(const Config& config, const Model& model, const std::vector<inference::Token>& tokens,
              const EvaluationOptions& options) {
    const std::int64_t window = window_of(options, config, model);
    Simulation simulation(config, model.checkpoint, model.tokenizer.get(), options.poll);
    std::unique_ptr<Simulation> reference;
    if (options.reference) {
        auto whole = config;
        whole.scheme = unsplit_scheme().name;
        reference = std::make_unique<Simulation>(whole, model.checkpoint, model.tokenizer.get(),
                                                 options.poll);
    }
    const auto begin = std::chrono::steady_clock::now();
    const auto measured = score(simulation.forward(), config, model, tokens, options,
                                reference ? reference->forward() : inference::Forward());
    const double wall_s =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

    Json result = {{"perplexity", measured.perplexity},
                   {"bits_per_byte", measured.bits_per_byte},
                   {"protocol", inference::name_of(options.protocol)},
                   {"tokens", measured.tokens},
                   {"windows", measured.windows},
                   {"nmse", simulation.model().nmse()}};
    result.update(describe(simulation.config()));
    result["context_tokens"] = window;
    if (measured.divergence) result.update(to_json(*measured.divergence));
    result["clipped_fraction"] = simulation.clipped_fraction();
    result["repeated_rounds"] =
        static_cast<std::int64_t>(simulation.medium().usage().of(repeated_rounds));
    result["coherence_blocks"] = simulation.medium().usage().coherence_blocks;
    result["time_per_token"] = to_json(simulation.cost());
    result["software_s"] = wall_s;
    if (options.sites) result["sites"] = site_nmse(simulation.model(), model.checkpoint.config());
    return result;
}

Json evaluate(const Config& config, const Model& model, const EvaluationOptions& options) {
    return evaluate(config, model, tokens_of(options.text_file, model), options);
}

}  // namespace aircomp::runtime
