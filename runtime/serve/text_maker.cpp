// SPDX-License-Identifier: GPL-3.0-or-later
// From a request to tokens to text.
#include "serve/text_maker.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "serve/held_text.hpp"

namespace aircomp::runtime::serve {
namespace {

constexpr std::int64_t completion_tokens = 16;  // As OpenAI has it.

double log_of_sum(gsl::span<const float> logits) {
    const double largest = *std::max_element(logits.begin(), logits.end());
    const double sum =
        std::accumulate(logits.begin(), logits.end(), 0.0, [&](double total, float logit) {
            return total + std::exp(static_cast<double>(logit) - largest);
        });
    return largest + std::log(sum);
}

std::vector<inference::Token> likeliest(gsl::span<const float> logits, std::int64_t count) {
    std::vector<inference::Token> tokens(logits.size());
    std::iota(tokens.begin(), tokens.end(), inference::Token{0});
    const auto middle = tokens.begin() +
                        std::min<std::ptrdiff_t>(count, static_cast<std::ptrdiff_t>(tokens.size()));
    std::partial_sort(tokens.begin(), middle, tokens.end(),
                      [&](inference::Token a, inference::Token b) {
                          const float x = logits[static_cast<std::size_t>(a)];
                          const float y = logits[static_cast<std::size_t>(b)];
                          return x > y || (x == y && a < b);
                      });
    tokens.erase(middle, tokens.end());
    return tokens;
}

ApiError too_long(std::size_t prompt, std::int64_t context, std::optional<std::int64_t> tokens) {
    return {400,
            "the context holds " + std::to_string(context) + " tokens: expected a prompt of 1 to " +
                std::to_string(context) + " and at most as many more as it leaves, found " +
                std::to_string(prompt) + " tokens" +
                (tokens ? " and " + std::to_string(*tokens) + " more" : ""),
            "", "context_length_exceeded"};
}

}  // namespace

void TextMaker::make(TextJob& job) {
    TextEnd end;
    try {
        const Prompt prompt = prompt_of(job.request);
        end.prompt_tokens = prompt.tokens.size();
        end.held_tokens = prompt.held;
        continue_prompt(job, prompt, end);
    } catch (const inference::Interrupted&) {
        end.error = ApiError(503, "the server is ending");
    } catch (const ApiError& error) {
        end.error = error;
    } catch (const std::exception& error) {
        end.error = ApiError(500, error.what());
    }
    if (job.is_cancelled && !end.error) end.error = ApiError(503, "the server is ending");
    job.end(std::move(end));
}

std::vector<inference::Token> TextMaker::encode(const TextRequest& request) const {
    const auto& tokenizer = *model_.tokenizer;
    try {
        if (request.is_chat) {
            if (!model_.chat_template) {
                throw ApiError(400,
                               "the model has no chat template: it continues texts, see "
                               "/v1/completions",
                               "messages");
            }
            return tokenizer.encode(
                model_.chat_template->render(request.messages, true, std::time(nullptr)));
        }
        auto tokens = tokenizer.encode(request.prompt);
        if (tokenizer.bos()) tokens.insert(tokens.begin(), *tokenizer.bos());
        return tokens;
    } catch (const ApiError&) {
        throw;
    } catch (const std::runtime_error& error) {  // What template or tokenizer refuse.
        throw ApiError(400, error.what(), request.is_chat ? "messages" : "prompt");
    }
}

TextMaker::Prompt TextMaker::prompt_of(const TextRequest& request) const {
    Prompt prompt;
    prompt.tokens = request.prompt_tokens.empty() ? encode(request) : request.prompt_tokens;
    const inference::Token most = model_.tokenizer->size();
    for (const inference::Token token : prompt.tokens) {
        if (token < most) continue;
        throw ApiError(400,
                       "prompt: expected tokens from 0 to " + std::to_string(most - 1) +
                           ", found " + std::to_string(token),
                       "prompt");
    }
    // The last token is shown, and nothing comes after it that would need its keys and values.
    const std::size_t size = prompt.tokens.size();
    prompt.room = model_.context + 1 - static_cast<std::int64_t>(size);
    if (size == 0 || prompt.room < std::max<std::int64_t>(1, request.tokens.value_or(1)))
        throw too_long(size, model_.context, request.tokens);
    // The first logits come from at least one token.
    const auto most_held = static_cast<std::ptrdiff_t>(std::min(held_.size(), size - 1));
    const auto same =
        std::mismatch(held_.begin(), held_.begin() + most_held, prompt.tokens.begin()).first;
    prompt.held = static_cast<std::size_t>(same - held_.begin());
    return prompt;
}

void TextMaker::continue_prompt(TextJob& job, const Prompt& prompt, TextEnd& end) {
    const TextRequest& request = job.request;
    HeldText text(request.stop);
    std::vector<ChosenToken> tokens;  // Whose text has not been emitted.
    std::size_t made_bytes = 0, shown_bytes = 0;
    std::vector<float> logits;
    const auto poll = [&] {
        if (job.is_cancelled) throw inference::Interrupted();
    };

    inference::ContinuationOptions options;
    options.tokens =
        std::min(prompt.room,
                 request.tokens.value_or(request.is_chat ? model_.chat_tokens : completion_tokens));
    options.stop_tokens = request.is_chat ? model_.chat_stop_tokens : model_.stop_tokens;
    options.sampled_vocabulary = model_.tokenizer->size();
    options.held = prompt.held;
    options.interrupted = [&] { return job.is_cancelled || text.is_stopped(); };
    const auto next_logits = [&](gsl::span<const inference::Token> fresh, std::int64_t position) {
        // A stop ends the text without another pass.
        if (!text.is_stopped()) logits = model_.next_logits(fresh, position, poll);
        return logits;
    };
    const auto emit = [&](inference::Token token) {
        ++end.new_tokens;
        const std::string bytes = text_of(token, request.is_chat && end.new_tokens == 1);
        const std::string shown = text.add(bytes);
        shown_bytes += shown.size();
        // A token that begins behind a stop is not part of the text.
        const bool is_part = !text.is_stopped() || made_bytes < shown_bytes;
        made_bytes += bytes.size();
        if (request.alternatives && is_part)
            tokens.push_back(chosen(token, logits, *request.alternatives));
        if (!shown.empty()) job.emit({shown, std::exchange(tokens, {})});
    };
    inference::Sampler sampler = sampler_for(request);
    held_.clear();  // Not known while a pass may throw.
    auto sequence = inference::continue_text(next_logits, sampler, prompt.tokens, options, emit);
    const bool has_all = static_cast<std::int64_t>(end.new_tokens) == options.tokens;
    end.is_cut = has_all && !text.is_stopped();
    // Of the sequence, the last token may not have been passed on.
    sequence.pop_back();
    held_ = std::move(sequence);
    const std::string rest = text.rest();
    // Of a stop that took several tokens, the first ones wait here.
    if (text.is_stopped()) tokens.clear();
    if (!rest.empty() || !tokens.empty()) job.emit({rest, std::move(tokens)});
}

inference::Sampler TextMaker::sampler_for(const TextRequest& request) {
    auto sampling = request.sampling;
    sampling.seed = request.seed ? static_cast<std::uint64_t>(*request.seed) : model_.seed + texts_;
    ++texts_;
    return inference::Sampler(sampling);
}

std::string TextMaker::text_of(inference::Token token, bool is_first_of_answer) const {
    // SentencePiece's models begin an answer with a space that is not part of it.
    return is_first_of_answer ? model_.tokenizer->decode_text({&token, 1})
                              : model_.tokenizer->decode(token);
}

ChosenToken TextMaker::chosen(inference::Token token, gsl::span<const float> logits,
                              std::int64_t alternatives) const {
    logits = logits.first(static_cast<std::size_t>(model_.tokenizer->size()));
    const double total = log_of_sum(logits);
    const auto one = [&](inference::Token which) {
        return TokenLogprob{model_.tokenizer->decode(which),
                            static_cast<double>(logits[static_cast<std::size_t>(which)]) - total};
    };
    ChosenToken result;
    static_cast<TokenLogprob&>(result) = one(token);
    for (const inference::Token other : likeliest(logits, alternatives))
        result.likeliest.push_back(one(other));
    return result;
}

}  // namespace aircomp::runtime::serve
