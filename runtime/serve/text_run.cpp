// SPDX-License-Identifier: GPL-3.0-or-later
// Prompt, draws, pieces, end.
#include "serve/text_run.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <numeric>
#include <utility>

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

std::vector<inference::Token> encode(const ServedModel& model, const TextRequest& request) {
    const auto& tokenizer = *model.tokenizer;
    try {
        if (request.is_chat) {
            if (!model.chat_template) {
                throw ApiError(400,
                               "the model has no chat template: it continues texts, see "
                               "/v1/completions",
                               "messages");
            }
            return tokenizer.encode(
                model.chat_template->render(request.messages, true, std::time(nullptr)));
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

std::vector<inference::Token> prompt_of(const ServedModel& model, const TextRequest& request) {
    auto tokens = request.prompt_tokens.empty() ? encode(model, request) : request.prompt_tokens;
    const inference::Token most = model.tokenizer->size();
    for (const inference::Token token : tokens) {
        if (token < most) continue;
        throw ApiError(400,
                       "prompt: expected tokens from 0 to " + std::to_string(most - 1) +
                           ", found " + std::to_string(token),
                       "prompt");
    }
    return tokens;
}

inference::SamplingOptions sampling_of(const TextRequest& request, std::uint64_t seed) {
    auto sampling = request.sampling;
    sampling.seed = request.seed ? static_cast<std::uint64_t>(*request.seed) : seed;
    return sampling;
}

}  // namespace

TextRun::TextRun(const ServedModel& model, std::shared_ptr<TextJob> job, std::uint64_t seed)
    : model_(model),
      job_(std::move(job)),
      tokens_(prompt_of(model, job_->request)),
      sampler_(sampling_of(job_->request, seed)),
      text_(job_->request.stop) {
    const TextRequest& request = job_->request;
    // The last token is shown, and nothing comes after it that would need its keys and values.
    const std::size_t size = tokens_.size();
    const std::int64_t room = model.context + 1 - static_cast<std::int64_t>(size);
    if (size == 0 || room < std::max<std::int64_t>(1, request.tokens.value_or(1)))
        throw too_long(size, model.context, request.tokens);
    most_new_ = std::min(
        room, request.tokens.value_or(request.is_chat ? model.chat_tokens : completion_tokens));
    end_.prompt_tokens = size;
}

std::int64_t TextRun::most_tokens() const {
    return static_cast<std::int64_t>(end_.prompt_tokens) + most_new_ - 1;
}

void TextRun::begin(std::size_t place, std::size_t held) {
    place_ = place;
    done_ = end_.held_tokens = held;
}

inference::FreshTokens TextRun::next() const {
    inference::FreshTokens fresh;
    fresh.sequence = place_;
    fresh.position = static_cast<std::int64_t>(done_);
    const auto left = gsl::span<const inference::Token>(tokens_).subspan(done_);
    const std::int64_t count =
        std::min(static_cast<std::int64_t>(left.size()), model_.prompt_chunk);
    fresh.tokens = left.first(static_cast<std::size_t>(count));
    fresh.wants_logits = fresh.tokens.size() == left.size();
    return fresh;
}

void TextRun::take(std::vector<float> logits) {
    const auto& stops = job_->request.is_chat ? model_.chat_stop_tokens : model_.stop_tokens;
    const auto vocabulary = static_cast<std::size_t>(model_.tokenizer->size());
    const auto known = gsl::span<const float>(logits).first(vocabulary);
    const inference::Token token = sampler_.sample(known, tokens_);
    if (std::find(stops.begin(), stops.end(), token) != stops.end()) {
        is_over_ = true;
        return;
    }
    tokens_.push_back(token);
    emit(token, known);
    const bool has_all = static_cast<std::int64_t>(end_.new_tokens) == most_new_;
    end_.is_cut = has_all && !text_.is_stopped();
    is_over_ = has_all || text_.is_stopped();
}

void TextRun::emit(inference::Token token, gsl::span<const float> logits) {
    ++end_.new_tokens;
    const std::string bytes = text_of(token);
    const std::string shown = text_.add(bytes);
    shown_bytes_ += shown.size();
    // A token that begins behind a stop is not part of the text.
    const bool is_part = !text_.is_stopped() || made_bytes_ < shown_bytes_;
    made_bytes_ += bytes.size();
    if (job_->request.alternatives && is_part) chosen_.push_back(chosen(token, logits));
    if (!shown.empty()) job_->emit({shown, std::exchange(chosen_, {})});
}

std::string TextRun::text_of(inference::Token token) const {
    // SentencePiece's models begin an answer with a space that is not part of it.
    const bool is_first_of_answer = job_->request.is_chat && end_.new_tokens == 1;
    return is_first_of_answer ? model_.tokenizer->decode_text({&token, 1})
                              : model_.tokenizer->decode(token);
}

ChosenToken TextRun::chosen(inference::Token token, gsl::span<const float> logits) const {
    const double total = log_of_sum(logits);
    const auto one = [&](inference::Token which) {
        return TokenLogprob{model_.tokenizer->decode(which),
                            static_cast<double>(logits[static_cast<std::size_t>(which)]) - total};
    };
    ChosenToken result;
    static_cast<TokenLogprob&>(result) = one(token);
    for (const inference::Token other : likeliest(logits, *job_->request.alternatives))
        result.likeliest.push_back(one(other));
    return result;
}

std::vector<inference::Token> TextRun::held() const {
    return {tokens_.begin(), tokens_.begin() + static_cast<std::ptrdiff_t>(done_)};
}

void TextRun::end() {
    const std::string rest = text_.rest();
    // Of a stop that took several tokens, the first ones wait here.
    if (text_.is_stopped()) chosen_.clear();
    if (!rest.empty() || !chosen_.empty()) job_->emit({rest, std::move(chosen_)});
    job_->is_over = true;
    job_->end(end_);
}

void TextRun::end_with(ApiError error) {
    end_.error = std::move(error);
    job_->is_over = true;
    job_->end(end_);
}

}  // namespace aircomp::runtime::serve
