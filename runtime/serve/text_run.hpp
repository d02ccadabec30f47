// SPDX-License-Identifier: GPL-3.0-or-later
// One text while it is made: from a request to tokens to text, a pass at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "serve/held_text.hpp"
#include "serve/served_model.hpp"
#include "serve/text_job.hpp"

namespace aircomp::runtime::serve {

class TextRun {
public:
    /// `seed`: of a request that names none. The model must outlive the run. Throws ApiError where the
    /// request cannot be answered.
    TextRun(const ServedModel& model, std::shared_ptr<TextJob> job, std::uint64_t seed);

    const TextJob& job() const { return *job_; }
    const std::vector<inference::Token>& prompt() const { return tokens_; }
    /// That will have keys and values at most.
    std::int64_t most_tokens() const;

    /// Goes to the sequence `place`, which has the first `held` tokens of the prompt.
    void begin(std::size_t place, std::size_t held);
    std::size_t place() const { return place_; }

    bool reads_prompt() const { return end_.new_tokens == 0; }
    /// For the next pass, valid until passed(): of a prompt, a chunk.
    inference::FreshTokens next() const;
    /// They have gone through the model.
    void passed(const inference::FreshTokens& fresh) { done_ += fresh.tokens.size(); }
    /// Draws a token from the logits behind all tokens.
    void take(std::vector<float> logits);
    bool is_over() const { return is_over_; }

    /// The tokens whose keys and values the sequence has.
    std::vector<inference::Token> held() const;

    /// Emits what is left of the text and ends the job.
    void end();
    void end_with(ApiError error);

private:
    void emit(inference::Token token, gsl::span<const float> logits);
    std::string text_of(inference::Token token) const;
    ChosenToken chosen(inference::Token token, gsl::span<const float> logits) const;

    const ServedModel& model_;
    std::shared_ptr<TextJob> job_;
    std::vector<inference::Token> tokens_;  ///< The prompt's, then what was made of it.
    std::int64_t most_new_ = 0;
    inference::Sampler sampler_;
    HeldText text_;
    std::vector<ChosenToken> chosen_;  ///< Whose text has not been emitted.
    std::size_t made_bytes_ = 0, shown_bytes_ = 0;
    std::size_t place_ = 0;
    std::size_t done_ = 0;  ///< Tokens that have gone through the model.
    bool is_over_ = false;
    TextEnd end_;
};

}  // namespace aircomp::runtime::serve
