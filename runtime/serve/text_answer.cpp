// SPDX-License-Identifier: GPL-3.0-or-later
// The four shapes of an answer: completion or chat, whole or in chunks.
#include "serve/text_answer.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace aircomp::runtime::serve {
namespace {

using Json = nlohmann::ordered_json;

/// A token may hold a part of a character only.
std::string text_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string event(const Json& json) {
    return "data: " + text_of(json) + "\n\n";
}

/// Of UTF-8, by the bytes that begin one.
std::size_t characters(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned>(c) & 0xc0U) != 0x80U;
    }));
}

Json bytes_of(const std::string& text) {
    Json bytes = Json::array();
    for (const char c : text)
        bytes.push_back(static_cast<unsigned char>(c));
    return bytes;
}

Json chat_logprob(const TokenLogprob& token) {
    return {{"token", token.bytes}, {"logprob", token.logprob}, {"bytes", bytes_of(token.bytes)}};
}

Json chat_logprobs(const std::vector<ChosenToken>& tokens) {
    Json content = Json::array();
    for (const ChosenToken& token : tokens) {
        Json one = chat_logprob(token);
        one["top_logprobs"] = Json::array();
        for (const TokenLogprob& other : token.likeliest)
            one["top_logprobs"].push_back(chat_logprob(other));
        content.push_back(std::move(one));
    }
    return {{"content", std::move(content)}, {"refusal", nullptr}};
}

Json completion_logprobs(const std::vector<ChosenToken>& tokens, std::size_t offset) {
    Json json = {{"tokens", Json::array()},
                 {"token_logprobs", Json::array()},
                 {"top_logprobs", Json::array()},
                 {"text_offset", Json::array()}};
    for (const ChosenToken& token : tokens) {
        json["tokens"].push_back(token.bytes);
        json["token_logprobs"].push_back(token.logprob);
        Json likeliest = Json::object();
        for (const TokenLogprob& other : token.likeliest)
            likeliest[other.bytes] = other.logprob;
        json["top_logprobs"].push_back(std::move(likeliest));
        json["text_offset"].push_back(offset);
        offset += characters(token.bytes);
    }
    return json;
}

Json usage(const TextEnd& end) {
    return {{"prompt_tokens", end.prompt_tokens},
            {"completion_tokens", end.new_tokens},
            {"total_tokens", end.prompt_tokens + end.new_tokens},
            {"prompt_tokens_details", {{"cached_tokens", end.held_tokens}}}};
}

const char* reason(const TextEnd& end) {
    return end.is_cut ? "length" : "stop";
}

std::string id_of(bool is_chat, std::uint64_t number) {
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(number));
    return (is_chat ? "chatcmpl-" : "cmpl-") + std::string(digits);
}

}  // namespace

TextAnswer::TextAnswer(const TextRequest& request, std::string model, std::uint64_t id,
                       std::int64_t created_s)
    : is_chat_(request.is_chat),
      wants_logprobs_(request.alternatives.has_value()),
      include_usage_(request.include_usage),
      model_(std::move(model)),
      id_(id_of(request.is_chat, id)),
      created_s_(created_s) {}

Json TextAnswer::frame(const char* object) const {
    return {{"id", id_},
            {"object", object},
            {"created", created_s_},
            {"model", model_},
            {"choices", Json::array()}};
}

Json TextAnswer::logprobs(const std::vector<ChosenToken>& tokens, std::size_t offset) const {
    if (!wants_logprobs_) return nullptr;
    return is_chat_ ? chat_logprobs(tokens) : completion_logprobs(tokens, offset);
}

Json TextAnswer::chunk_of(Json choice) const {
    Json json = frame(is_chat_ ? "chat.completion.chunk" : "text_completion");
    json["choices"].push_back(std::move(choice));
    return json;
}

std::string TextAnswer::opening() const {
    if (!is_chat_) return "";
    return event(chunk_of({{"index", 0},
                           {"delta", {{"role", "assistant"}, {"content", ""}}},
                           {"logprobs", nullptr},
                           {"finish_reason", nullptr}}));
}

std::string TextAnswer::chunk(const TextPiece& piece) {
    Json choice = {{"index", 0}};
    if (is_chat_) {
        choice["delta"] = {{"content", piece.text}};
    } else {
        choice["text"] = piece.text;
    }
    choice["logprobs"] = logprobs(piece.tokens, offset_);
    choice["finish_reason"] = nullptr;
    for (const ChosenToken& token : piece.tokens)
        offset_ += characters(token.bytes);
    return event(chunk_of(std::move(choice)));
}

std::string TextAnswer::closing(const TextEnd& end) const {
    if (end.error) return "data: " + error_json(*end.error) + "\n\n";
    Json choice = {{"index", 0}};
    if (is_chat_) {
        choice["delta"] = Json::object();
    } else {
        choice["text"] = "";
    }
    choice["logprobs"] = nullptr;
    choice["finish_reason"] = reason(end);
    std::string events = event(chunk_of(std::move(choice)));
    if (include_usage_) {
        Json last = frame(is_chat_ ? "chat.completion.chunk" : "text_completion");
        last["usage"] = usage(end);
        events += event(last);
    }
    return events + "data: [DONE]\n\n";
}

void TextAnswer::add(const TextPiece& piece) {
    text_ += piece.text;
    tokens_.insert(tokens_.end(), piece.tokens.begin(), piece.tokens.end());
}

std::string TextAnswer::whole(const TextEnd& end) const {
    Json choice = {{"index", 0}};
    if (is_chat_) {
        choice["message"] = {{"role", "assistant"}, {"content", text_}, {"refusal", nullptr}};
    } else {
        choice["text"] = text_;
    }
    choice["logprobs"] = logprobs(tokens_, 0);
    choice["finish_reason"] = reason(end);
    Json json = frame(is_chat_ ? "chat.completion" : "text_completion");
    json["choices"].push_back(std::move(choice));
    json["usage"] = usage(end);
    return text_of(json) + "\n";
}

}  // namespace aircomp::runtime::serve
