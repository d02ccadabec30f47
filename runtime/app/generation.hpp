// SPDX-License-Identifier: GPL-3.0-or-later
// What commands that continue a prompt share: sampling options, prompt, end, text as it comes.
#pragma once

#include <CLI/CLI.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "aircomp/inference/chat_template.hpp"
#include "aircomp/inference/continuation.hpp"
#include "daemon/testbed.hpp"
#include "engine/simulation.hpp"
#include "experiment/prompt.hpp"
#include "experiment_options.hpp"

namespace aircomp::app {

/// Prints tokens as they come, whole characters only.
class TextStream {
public:
    TextStream(const inference::Tokenizer& tokenizer, std::ostream& out)
        : tokenizer_(tokenizer), out_(out) {}

    void operator()(inference::Token token) {
        pending_ += tokenizer_.decode(token);
        const auto whole = inference::complete_utf8(pending_);
        out_ << whole << std::flush;
        pending_.erase(0, whole.size());
    }

private:
    const inference::Tokenizer& tokenizer_;
    std::ostream& out_;
    std::string pending_;
};

void add_sampling(CLI::App& command, inference::SamplingOptions& sampling);

/// --chat, --system TEXT: whether a prompt is a text to continue or a user's turn to answer.
struct ChatOptions {
    bool chat = false;
    std::string system;

    void add_to(CLI::App& command);
    /// The prompt's tokens: begun by BOS where the model has one; or, of a chat, as the model's
    /// template writes it. Throws std::invalid_argument where there are none, where the model has
    /// no template, and for --system without --chat.
    std::vector<inference::Token> encode(const Model& model, const std::string& prompt) const;
    /// What ends the text, by the model, its tokenizer and, of a chat, its template.
    std::vector<inference::Token> stop_tokens(const Model& model) const;
};

/// What continuing a prompt with a scheme of one's choice takes.
struct GenerationOptions : ExperimentOptions {
    std::string prompt;
    std::int64_t tokens = 64;
    ChatOptions turn;
    inference::SamplingOptions sampling;

    void add_to(CLI::App& command);
    inference::ContinuationOptions continuation(const Model& model) const;
    /// What is printed before the new tokens: the text to continue, nothing of a chat.
    std::string shown_prompt() const { return turn.chat ? "" : prompt; }
};

/// The template of a model. Throws std::invalid_argument where it has none.
inference::ChatTemplate require_chat_template(const Model& model);

/// --log text|json, --log-level debug|info|warning|error
void add_log(CLI::App& command, runtime::testbed::LogOptions& log);

/// What carrying the tokens has cost, as a line for people.
void print_cost(std::ostream& out, runtime::Simulation& simulation);

}  // namespace aircomp::app
