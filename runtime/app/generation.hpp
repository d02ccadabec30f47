// SPDX-License-Identifier: GPL-3.0-or-later
// What commands that continue a prompt share: sampling options, prompt, end, text as it comes.
#pragma once

#include <CLI/CLI.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "aircomp/inference/continuation.hpp"
#include "daemon/testbed.hpp"
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

/// What continuing a prompt with a scheme of one's choice takes.
struct GenerationOptions : ExperimentOptions {
    std::string prompt;
    std::int64_t tokens = 64;
    inference::SamplingOptions sampling;

    void add_to(CLI::App& command);
    inference::ContinuationOptions continuation(const Model& model) const;
};

/// --log text|json, --log-level debug|info|warning|error
void add_log(CLI::App& command, runtime::testbed::LogOptions& log);

/// The prompt's tokens, begun by BOS where the model has one. Throws std::invalid_argument where
/// there are none.
std::vector<inference::Token> encode_prompt(const inference::Tokenizer& tokenizer,
                                            const std::string& prompt);

/// Before the first token costs anything: throws std::invalid_argument, naming the limit, where
/// `tokens` more than the prompt's do not fit into the context.
void require_context(const runtime::Config& config, const Model& model, std::size_t prompt_tokens,
                     std::int64_t tokens);

/// What ends a text, by the model and by its tokenizer.
std::vector<inference::Token> stop_tokens(const Model& model);

}  // namespace aircomp::app
