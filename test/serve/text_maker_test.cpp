// SPDX-License-Identifier: GPL-3.0-or-later
// Texts of a model that says what a test wants: ends, stops, probabilities, and what is computed
// twice.
#include "serve/text_maker.hpp"

#include <cmath>
#include <filesystem>

#include "support/catch.hpp"

namespace aircomp::test {
namespace {

using namespace runtime::serve;
using inference::Token;

/// The demo model's tokenizer before a model that goes on with a given text, and then with its end.
class Script {
public:
    explicit Script(const std::string& text)
        : tokenizer_(inference::load_tokenizer(std::filesystem::path(AIRCOMP_SOURCE_DIR) /
                                               "inference/models/demo")),
          prompt_(tokenizer_->encode("Once")),
          answer_(tokenizer_->encode(text)) {
        prompt_.insert(prompt_.begin(), *tokenizer_->bos());
        answer_.push_back(*tokenizer_->eos());
    }

    ServedModel model() {
        ServedModel model;
        model.name = "script";
        model.tokenizer = tokenizer_.get();
        model.stop_tokens = {*tokenizer_->eos()};
        model.context = 64;
        model.next_logits = [this](gsl::span<const inference::FreshTokens> fresh,
                                   const std::function<void()>& poll) {
            const auto& next = fresh[0];
            passes_.emplace_back(next.position, next.tokens.size());
            if (before_pass) before_pass();
            poll();
            const std::size_t place =
                static_cast<std::size_t>(next.position) + next.tokens.size() - prompt_.size();
            std::vector<float> logits(static_cast<std::size_t>(tokenizer_->size()), 0.0F);
            logits.at(static_cast<std::size_t>(answer_.at(place))) = 10;
            return std::vector<std::vector<float>>{logits};
        };
        return model;
    }

    std::size_t prompt_size() const { return prompt_.size(); }
    std::size_t answer_size() const { return answer_.size() - 1; }
    const inference::Tokenizer& tokenizer() const { return *tokenizer_; }
    /// Position and size of all so far.
    const std::vector<std::pair<std::int64_t, std::size_t>>& passes() const { return passes_; }

    std::function<void()> before_pass;

private:
    std::unique_ptr<inference::Tokenizer> tokenizer_;
    std::vector<Token> prompt_, answer_;
    std::vector<std::pair<std::int64_t, std::size_t>> passes_;
};

struct Result {
    std::string text;
    std::vector<ChosenToken> tokens;
    std::size_t pieces = 0;
    TextEnd end;
};

TextRequest once() {
    TextRequest request;
    request.prompt = "Once";
    request.tokens = 32;
    return request;
}

Result make(TextMaker& maker, const TextRequest& request) {
    Result result;
    int ends = 0;
    const auto job = std::make_shared<TextJob>();
    job->request = request;
    job->emit = [&](const TextPiece& piece) {
        result.text += piece.text;
        result.tokens.insert(result.tokens.end(), piece.tokens.begin(), piece.tokens.end());
        ++result.pieces;
    };
    job->end = [&](TextEnd end) {
        result.end = std::move(end);
        ++ends;
    };
    maker.make(job);
    CHECK(ends == 1);
    CHECK(job->is_over);
    return result;
}

TEST_CASE("a text comes token by token and ends with the model's end") {
    Script script(" upon a time there was");
    TextMaker maker(script.model());
    const auto result = make(maker, once());
    CHECK(result.text == " upon a time there was");
    CHECK(result.pieces == script.answer_size());
    CHECK_FALSE(result.end.is_cut);
    CHECK_FALSE(result.end.error);
    CHECK(result.end.prompt_tokens == script.prompt_size());
    CHECK(result.end.new_tokens == script.answer_size());
    CHECK(result.end.held_tokens == 0);
    CHECK(result.tokens.empty());
}

TEST_CASE("a text is cut after as many tokens as were asked for") {
    Script script(" upon a time there was");
    TextMaker maker(script.model());
    auto request = once();
    request.tokens = 2;
    const auto result = make(maker, request);
    CHECK(result.end.is_cut);
    CHECK(result.end.new_tokens == 2);
    CHECK(std::string(" upon a time there was").find(result.text) == 0);
}

TEST_CASE("a stop ends the text before itself, in whichever tokens it comes") {
    Script script(" upon a time there was a server");
    TextMaker maker(script.model());
    auto request = once();
    request.stop = {"me ther", "server"};
    request.alternatives = 0;
    const auto result = make(maker, request);
    CHECK(result.text == " upon a ti");
    CHECK_FALSE(result.end.is_cut);
    // No pass is made for what comes behind it.
    CHECK(script.passes().size() == result.end.new_tokens);
    std::string chosen;
    for (const auto& token : result.tokens)
        chosen += token.bytes;
    CHECK(chosen.find(" upon a ti") == 0);
    CHECK(chosen.find("there") == std::string::npos);
}

TEST_CASE("logprobs are those of the model's own distribution") {
    Script script(" upon a time");
    TextMaker maker(script.model());
    auto request = once();
    request.alternatives = 2;
    request.sampling.temperature = 0.25;
    const auto result = make(maker, request);
    REQUIRE(result.tokens.size() == script.answer_size());
    // One logit is 10, the others are 0.
    const double others = static_cast<double>(script.tokenizer().size() - 1);
    const double expected = -std::log1p(others * std::exp(-10));
    for (const auto& token : result.tokens) {
        CHECK(token.logprob == Approx(expected));
        REQUIRE(token.likeliest.size() == 2);
        CHECK(token.likeliest[0].bytes == token.bytes);
        CHECK(token.likeliest[1].logprob == Approx(expected - 10));
    }
}

TEST_CASE("what a prompt shares with the sequence before is not computed again") {
    Script script(" upon a time there was");
    TextMaker maker(script.model());
    auto request = once();
    request.tokens = 3;
    const auto first = make(maker, request);
    // The same text, grown by the answer.
    request.prompt += first.text;
    const std::size_t before = script.passes().size();
    const auto second = make(maker, request);
    CHECK(second.text + first.text != second.text);
    CHECK(first.text + second.text == " upon a time there was");
    CHECK(second.end.held_tokens == script.prompt_size() + 2);
    CHECK(script.passes().at(before) ==
          std::pair(static_cast<std::int64_t>(script.prompt_size()) + 2, std::size_t{1}));
    // The very same prompt again: its last token has to give the logits.
    request.prompt = "Once";
    const auto third = make(maker, request);
    CHECK(third.end.held_tokens == script.prompt_size() - 1);
    CHECK(third.text == first.text);
}

TEST_CASE("a pass that fails ends its text alone, and leaves nothing in the caches") {
    Script script(" upon a time");
    TextMaker maker(script.model());
    script.before_pass = [] { throw std::runtime_error("no air"); };
    const auto failed = make(maker, once());
    REQUIRE(failed.end.error);
    CHECK(failed.end.error->status == 500);
    CHECK(failed.end.error->what() == std::string("no air"));
    script.before_pass = nullptr;
    const auto next = make(maker, once());
    CHECK(next.text == " upon a time");
    CHECK(next.end.held_tokens == 0);
}

TEST_CASE("who is cancelled frees the model within the pass") {
    Script script(" upon a time there was");
    TextMaker maker(script.model());
    const auto job = std::make_shared<TextJob>();
    job->request = once();
    TextEnd ended;
    job->emit = [](const TextPiece&) {};
    job->end = [&](TextEnd end) { ended = std::move(end); };
    script.before_pass = [&] { job->is_cancelled = script.passes().size() == 3; };
    maker.make(job);
    CHECK(script.passes().size() == 3);
    CHECK(ended.new_tokens == 2);
    script.before_pass = nullptr;
    CHECK(make(maker, once()).end.held_tokens == 0);
}

TEST_CASE("what does not fit, or is not of the vocabulary, is refused before any pass") {
    Script script(" upon");
    TextMaker maker(script.model());
    const auto status_and_code = [&](const TextRequest& request) {
        const auto result = make(maker, request);
        REQUIRE(result.end.error);
        return std::pair(result.end.error->status, result.end.error->code);
    };
    auto request = once();
    request.tokens = 64;
    CHECK(status_and_code(request) == std::pair(400U, std::string("context_length_exceeded")));
    request = once();
    for (int i = 0; i < 100; ++i)
        request.prompt += " and";
    CHECK(status_and_code(request) == std::pair(400U, std::string("context_length_exceeded")));
    request = once();
    request.prompt_tokens = {4096};
    CHECK(status_and_code(request).first == 400);
    request = once();
    request.prompt = "\xff";
    CHECK(status_and_code(request).first == 400);
    request = once();
    request.is_chat = true;
    request.messages = {{"user", "Hi"}};
    CHECK(status_and_code(request).first == 400);
    CHECK(script.passes().empty());
}

TEST_CASE("a chat is written by the template, and ends with what ends its answers") {
    Script script(" upon a time");
    auto model = script.model();
    model.chat_template.emplace("{% for m in messages %}{{ m.content }}{% endfor %}", "template",
                                std::vector<std::pair<std::string, std::string>>{});
    // No BOS: the template would write it.
    std::vector<Token> seen;
    model.next_logits = [&](gsl::span<const inference::FreshTokens> fresh,
                            const std::function<void()>&) {
        seen.insert(seen.end(), fresh[0].tokens.begin(), fresh[0].tokens.end());
        std::vector<float> logits(static_cast<std::size_t>(script.tokenizer().size()), 0.0F);
        logits.at(seen.size() > 3 ? 7 : 9) = 10;
        return std::vector<std::vector<float>>{logits};
    };
    model.chat_stop_tokens = {7};
    TextMaker maker(std::move(model));
    TextRequest request;
    request.is_chat = true;
    request.messages = {{"system", "On"}, {"user", "ce"}};
    const auto result = make(maker, request);
    CHECK_FALSE(result.end.error);
    const auto prompt = script.tokenizer().encode("Once");
    CHECK(std::vector<Token>(seen.begin(), seen.begin() + static_cast<long>(prompt.size())) ==
          prompt);
    CHECK_FALSE(result.end.is_cut);
    CHECK(result.end.new_tokens == 4 - prompt.size());
}

}  // namespace
}  // namespace aircomp::test
