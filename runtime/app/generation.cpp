// SPDX-License-Identifier: GPL-3.0-or-later
// Prompts, ends and sampling options.
#include "generation.hpp"

#include <ctime>
#include <stdexcept>

#include "output.hpp"
#include "validators.hpp"

namespace aircomp::app {
void add_sampling(CLI::App& command, inference::SamplingOptions& sampling) {
    command.add_option("--temperature", sampling.temperature, "0: greedy")->capture_default_str();
    command
        .add_option("--top-k", sampling.top_k, "Sample from the k most likely tokens; 0: from all")
        ->capture_default_str();
    command
        .add_option("--top-p", sampling.top_p,
                    "Sample from the most likely tokens that have this probability together")
        ->capture_default_str();
    command.add_option("--repetition-penalty", sampling.repetition_penalty, "1: off")
        ->capture_default_str();
}

void GenerationOptions::add_to(CLI::App& command) {
    ExperimentOptions::add_to(command);
    command.add_option("--prompt", prompt, "Text to continue")->required();
    command.add_option("--tokens", tokens, "Largest number of tokens to generate")
        ->check(above_zero())
        ->capture_default_str();
    turn.add_to(command);
    add_sampling(command, sampling);
}

inference::ContinuationOptions GenerationOptions::continuation(const Model& model) const {
    inference::ContinuationOptions continuation;
    continuation.tokens = tokens;
    continuation.stop_tokens = turn.stop_tokens(model);
    continuation.sampled_vocabulary = model.tokenizer->size();
    return continuation;
}

void ChatOptions::add_to(CLI::App& command) {
    command.add_flag("--chat", chat,
                     "Give the model the prompt as a user's turn, in its chat template");
    command.add_option("--system", system,
                       "With --chat: system prompt, text for the model before the user's turn");
}

std::vector<inference::Token> ChatOptions::encode(const Model& model,
                                                  const std::string& prompt) const {
    if (!chat) {
        if (!system.empty()) throw std::invalid_argument("--system: expected --chat with it");
        return runtime::prompt_tokens(model, prompt);
    }
    std::vector<inference::ChatMessage> messages;
    if (!system.empty()) messages.push_back({"system", system});
    messages.push_back({"user", prompt});
    const std::string text =
        require_chat_template(model).render(messages, /*begin_answer=*/true, std::time(nullptr));
    return model.tokenizer->encode(text);
}

std::vector<inference::Token> ChatOptions::stop_tokens(const Model& model) const {
    auto stop = runtime::stop_tokens(model);
    if (chat) {
        const auto end =
            inference::end_of_turn_token(require_chat_template(model), *model.tokenizer);
        if (end) stop.push_back(*end);
    }
    return stop;
}

inference::ChatTemplate require_chat_template(const Model& model) {
    const auto& folder = model.checkpoint.folder();
    auto found = inference::read_chat_template(folder);
    if (!found) {
        throw std::invalid_argument(
            folder.string() +
            ": has no chat template: expected chat_template.jinja, or the key chat_template in "
            "tokenizer_config.json, or tokenizer.chat_template in a GGUF file; a model that was "
            "not taught to chat continues texts: aircomp "
            "generate without --chat");
    }
    return *std::move(found);
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
    command
        .add_option("--log-level", log.level,
                    "Lowest level of the events that are shown; info by default")
        ->transform(meaning(levels));
}

void print_cost(std::ostream& out, runtime::Simulation& simulation) {
    const auto& config = simulation.config();
    const auto cost = simulation.cost();
    out << config.scheme << " over " << config.devices.size() << " devices: NMSE "
        << number("%.3g", simulation.model().nmse()) << ", simulated " << duration(cost.total_s())
        << " a token (compute " << duration(cost.compute_s) << ", uplink "
        << duration(cost.uplink_s) << ", downlink " << duration(cost.downlink_s) << ", sounding "
        << duration(cost.sounding_s) << ", control " << duration(cost.control_s) << ", frames "
        << duration(cost.frame_s) << ")\n";
}

}  // namespace aircomp::app
