// SPDX-License-Identifier: GPL-3.0-or-later
// Prompts, ends and sampling options.
#include "generation.hpp"

#include <algorithm>
#include <stdexcept>

#include "engine/layout.hpp"
#include "validators.hpp"

namespace aircomp::app {

void add_sampling(CLI::App& command, inference::SamplingOptions& sampling) {
    command.add_option("--temperature", sampling.temperature, "0: greedy")->capture_default_str();
    command.add_option("--top-k", sampling.top_k, "Keep the k most likely; 0: all")
        ->capture_default_str();
    command.add_option("--top-p", sampling.top_p, "Keep the most likely up to this probability")
        ->capture_default_str();
    command.add_option("--repetition-penalty", sampling.repetition_penalty, "1: off")
        ->capture_default_str();
}

void GenerationOptions::add_to(CLI::App& command) {
    ExperimentOptions::add_to(command);
    command.add_option("--prompt", prompt, "Text to continue")->required();
    command.add_option("--tokens", tokens, "How many tokens to make at most")
        ->check(above_zero())
        ->capture_default_str();
    add_sampling(command, sampling);
}

inference::ContinuationOptions GenerationOptions::continuation(const Model& model) const {
    return {tokens, stop_tokens(model), model.tokenizer->size(), /*held=*/0, /*interrupted=*/{}};
}

void add_log(CLI::App& command, runtime::testbed::LogOptions& log) {
    using runtime::testbed::LogFormat;
    using runtime::testbed::LogLevel;
    const std::vector<std::pair<std::string, LogFormat>> formats = {{"text", LogFormat::text},
                                                                    {"json", LogFormat::json}};
    command.add_option("--log", log.format, "Form of the events on standard error")
        ->transform(meaning(formats));
    const std::vector<std::pair<std::string, LogLevel>> levels = {{"debug", LogLevel::debug},
                                                                  {"info", LogLevel::info},
                                                                  {"warning", LogLevel::warning},
                                                                  {"error", LogLevel::error}};
    command.add_option("--log-level", log.level, "Events from this level on; info where not given")
        ->transform(meaning(levels));
}

std::vector<inference::Token> encode_prompt(const inference::Tokenizer& tokenizer,
                                            const std::string& prompt) {
    auto tokens = tokenizer.encode(prompt);
    if (tokenizer.bos()) tokens.insert(tokens.begin(), *tokenizer.bos());
    if (tokens.empty()) throw std::invalid_argument("--prompt: expected some text, found none");
    return tokens;
}

void require_context(const runtime::Config& config, const Model& model, std::size_t prompt_tokens,
                     std::int64_t tokens) {
    // The last token is shown, and nothing comes after it that would need its keys and values.
    const std::int64_t context = runtime::context_of(config, model.checkpoint.config());
    const std::int64_t most = context + 1 - static_cast<std::int64_t>(prompt_tokens);
    if (tokens <= most) return;
    throw std::invalid_argument(
        "--tokens: expected at most " + std::to_string(std::max<std::int64_t>(most, 0)) +
        ", the context of " + std::to_string(context) + " holds no more after a prompt of " +
        std::to_string(prompt_tokens) + " tokens, found " + std::to_string(tokens));
}

std::vector<inference::Token> stop_tokens(const Model& model) {
    auto stop = model.checkpoint.config().eos_tokens;
    if (model.tokenizer->eos()) stop.push_back(*model.tokenizer->eos());
    return stop;
}

}  // namespace aircomp::app
