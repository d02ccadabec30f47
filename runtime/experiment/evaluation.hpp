// SPDX-License-Identifier: GPL-3.0-or-later
// Perplexity of one scheme and its divergence from the exact sum, as the commands `perplexity` and
// `compare` and experiments measure them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "aircomp/inference/perplexity.hpp"
#include "experiment/json.hpp"
#include "experiment/open_model.hpp"

namespace aircomp::runtime {

struct EvaluationOptions {
    std::string text_file;  ///< For whoever has no tokens yet.
    inference::Protocol protocol = inference::Protocol::windows;
    std::int64_t context = 0;  ///< Window in tokens; 0: 256, or what the model has of it.
    std::int64_t limit_tokens = 0;
    /// Also run the clean model, which is unsplit, on every window: twice the work, and more where
    /// the scheme costs little.
    bool reference = false;
    bool sites = false;
    /// Makes what is told how far the run with a label is; null: nobody is.
    std::function<std::function<void(std::int64_t done, std::int64_t total)>(const std::string&)>
        progress;
    /// Called before every sum, if there; what it throws ends the run.
    std::function<void()> poll;
};

/// The tokens of a text, which errors call `origin`. Throws std::invalid_argument for fewer than two.
std::vector<inference::Token> tokens_of_text(const std::string& text, const std::string& origin,
                                             const Model& model);

/// The same of a file's text.
std::vector<inference::Token> tokens_of(const std::string& text_file, const Model& model);

/// `forward` over the tokens of the text, window by window, as `options` has it.
inference::PerplexityResult score(const inference::Forward& forward, const Config& config,
                                  const Model& model, const std::vector<inference::Token>& tokens,
                                  const EvaluationOptions& options,
                                  const inference::Forward& reference = nullptr);

/// Runs the tokens through `config.scheme`; the result has the keys that docs/json.md lists.
Json evaluate(const Config& config, const Model& model, const std::vector<inference::Token>& tokens,
              const EvaluationOptions& options);

/// The same of the text in options.text_file.
Json evaluate(const Config& config, const Model& model, const EvaluationOptions& options);

}  // namespace aircomp::runtime
