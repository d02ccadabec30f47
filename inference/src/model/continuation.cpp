// SPDX-License-Identifier: GPL-3.0-or-later
// The loop from logits to token to logits.
#include "aircomp/inference/continuation.hpp"

#include <algorithm>

namespace aircomp::inference {

std::vector<Token> continue_text(const NextLogits& next_logits, Sampler& sampler,
                                 std::vector<Token> prompt, const ContinuationOptions& options,
                                 const std::function<void(Token)>& emit) {
    auto tokens = std::move(prompt);
    const auto& stop = options.stop_tokens;
    const auto vocabulary = static_cast<std::size_t>(options.sampled_vocabulary);
    std::size_t done = options.held;
    for (std::int64_t i = 0; i < options.tokens; ++i) {
        const auto logits = next_logits(gsl::span<const Token>(tokens).subspan(done),
                                        static_cast<std::int64_t>(done));
        done = tokens.size();
        if (options.interrupted && options.interrupted()) break;
        const Token next = sampler.sample(gsl::span<const float>(logits).first(vocabulary), tokens);
        if (std::find(stop.begin(), stop.end(), next) != stop.end()) break;
        tokens.push_back(next);
        emit(next);
    }
    return tokens;
}

}  // namespace aircomp::inference
