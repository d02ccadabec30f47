// SPDX-License-Identifier: GPL-3.0-or-later
// Keys of a request, each with what it may be.
#include "serve/text_request.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>

#include "config/nearest_name.hpp"
#include "serve/api_error.hpp"
#include "weights/json_reader.hpp"

namespace aircomp::runtime::serve {
namespace {

using inference::JsonNode;
using Reader = std::function<void(const JsonNode&, TextRequest&)>;
using Readers = std::map<std::string, Reader>;

constexpr std::size_t most_messages = 1024;
constexpr std::size_t most_stops = 4;
constexpr std::size_t most_stop_bytes = 256;
constexpr std::int64_t most_tokens = std::int64_t{1} << 40;

double number_between(const JsonNode& node, double least, double most) {
    const double value = node.number();
    if (value < least || value > most) {
        node.fail("a number from " + nlohmann::json(least).dump() + " to " +
                  nlohmann::json(most).dump());
    }
    return value;
}

/// A key that may be there as long as it asks for nothing.
Reader only(const nlohmann::json& value, const std::string& why) {
    return [=](const JsonNode& node, TextRequest&) {
        if (node.value() != value) node.fail(value.dump() + ", for " + why);
    };
}

void ignore(const JsonNode&, TextRequest&) {}

void read_tokens(const JsonNode& node, TextRequest& request) {
    request.tokens = node.integer(1, most_tokens);
}

void add_stop(const JsonNode& node, TextRequest& request) {
    const std::string& text = node.text();
    if (text.empty() || text.size() > most_stop_bytes)
        node.fail("a text of 1 to " + std::to_string(most_stop_bytes) + " bytes");
    request.stop.push_back(text);
}

void read_stop(const JsonNode& node, TextRequest& request) {
    if (node.value().is_string()) return add_stop(node, request);
    if (node.array_size() > most_stops)
        node.fail("a text, or at most " + std::to_string(most_stops));
    for (std::size_t i = 0; i < node.array_size(); ++i)
        add_stop(node.element(i), request);
}

// ---- prompts ----

void read_token_ids(const JsonNode& node, TextRequest& request) {
    constexpr std::int64_t most = std::numeric_limits<inference::Token>::max();
    for (std::size_t i = 0; i < node.array_size(); ++i)
        request.prompt_tokens.push_back(
            static_cast<inference::Token>(node.element(i).integer(0, most)));
}

/// A text, its tokens, or a list of one of them.
void read_prompt(const JsonNode& node, TextRequest& request) {
    const auto& value = node.value();
    if (value.is_string()) {
        request.prompt = node.text();
        return;
    }
    const bool holds_numbers = value.is_array() && !value.empty() && value[0].is_number();
    if (holds_numbers) return read_token_ids(node, request);
    if (!value.is_array() || value.size() != 1) node.fail("one text, or the tokens of one");
    if (value[0].is_array() && !value[0].empty()) return read_token_ids(node.element(0), request);
    request.prompt = node.element(0).text();
}

/// A message's text: a string, or parts that are all text.
std::string content_of(const JsonNode& node) {
    if (node.value().is_string()) return node.text();
    if (!node.value().is_array()) node.fail("a text, or parts of type text");
    std::string content;
    for (std::size_t i = 0; i < node.array_size(); ++i) {
        const JsonNode part = node.element(i);
        if (part.at("type").text() != "text") part.at("type").fail("\"text\", the one known kind");
        content += part.at("text").text();
    }
    return content;
}

void read_message(const JsonNode& node, TextRequest& request) {
    inference::ChatMessage message;
    message.role = node.at("role").text();
    // What newer models call what others know as the system.
    if (message.role == "developer") message.role = "system";
    if (message.role != "system" && message.role != "user" && message.role != "assistant")
        node.at("role").fail("system, developer, user or assistant; tools are not supported");
    message.content = content_of(node.at("content"));
    for (const auto& [key, value] : node.value().items())
        if (key != "role" && key != "content" && key != "name" && !value.is_null())
            node.at(key).fail("no key but role, content and name");
    request.messages.push_back(std::move(message));
}

void read_messages(const JsonNode& node, TextRequest& request) {
    const std::size_t size = node.array_size();
    if (size == 0 || size > most_messages)
        node.fail("1 to " + std::to_string(most_messages) + " messages");
    for (std::size_t i = 0; i < size; ++i)
        read_message(node.element(i), request);
}

// ---- keys ----

const Readers& common_keys() {
    static const Readers keys = {
        {"model", [](const JsonNode& node, TextRequest& r) { r.model = node.text(); }},
        {"max_tokens", read_tokens},
        {"temperature",
         [](const JsonNode& node, TextRequest& r) {
             r.sampling.temperature = number_between(node, 0, 2);
         }},
        {"top_p",
         [](const JsonNode& node, TextRequest& r) {
             r.sampling.top_p = number_between(node, 0, 1);
             if (r.sampling.top_p == 0) node.fail("a number above 0, at most 1");
         }},
        {"top_k",
         [](const JsonNode& node, TextRequest& r) {
             r.sampling.top_k = node.integer(0, std::numeric_limits<std::int32_t>::max());
         }},
        {"repetition_penalty",
         [](const JsonNode& node, TextRequest& r) {
             r.sampling.repetition_penalty = number_between(node, 0.01, 100);
         }},
        {"seed",
         [](const JsonNode& node, TextRequest& r) {
             using Limits = std::numeric_limits<std::int64_t>;
             r.seed = node.integer(Limits::min(), Limits::max());
         }},
        {"stop", read_stop},
        {"stream", [](const JsonNode& node, TextRequest& r) { r.stream = node.boolean(); }},
        {"stream_options",
         [](const JsonNode& node, TextRequest& r) {
             if (const auto usage = node.find("include_usage")) r.include_usage = usage->boolean();
         }},
        {"n", only(1, "one answer is made at a time")},
        {"frequency_penalty", only(0, "repetition_penalty is the penalty that is supported")},
        {"presence_penalty", only(0, "repetition_penalty is the penalty that is supported")},
        {"logit_bias", only(nlohmann::json::object(), "biases are not supported")},
        // What tells a provider about its customer changes nothing.
        {"user", ignore},
        {"metadata", ignore},
        {"store", ignore},
        {"service_tier", ignore},
        {"safety_identifier", ignore},
        {"prompt_cache_key", ignore}};
    return keys;
}

const Readers& completion_keys() {
    static const Readers keys = {
        {"prompt", read_prompt},
        {"logprobs",
         [](const JsonNode& node, TextRequest& r) { r.alternatives = node.integer(0, 5); }},
        {"best_of", only(1, "one answer is made at a time")},
        {"echo", only(false, "the prompt is not repeated")},
        {"suffix", only("", "texts are continued at their end")}};
    return keys;
}

const Readers& chat_keys() {
    static const Readers keys = {
        {"messages", read_messages},
        {"max_completion_tokens", read_tokens},
        {"logprobs",
         [](const JsonNode& node, TextRequest& r) {
             if (node.boolean()) r.alternatives = r.alternatives.value_or(0);
         }},
        {"top_logprobs",
         [](const JsonNode& node, TextRequest& r) { r.alternatives = node.integer(0, 20); }},
        {"response_format", only({{"type", "text"}}, "other formats are not supported")},
        {"modalities", only({"text"}, "the model knows text alone")},
        {"tools", only(nlohmann::json::array(), "tools are not supported")},
        {"tool_choice", only("none", "tools are not supported")},
        {"parallel_tool_calls", ignore}};
    return keys;
}

std::vector<std::string> names_of(const Readers& own) {
    std::vector<std::string> names;
    for (const Readers* readers : {&own, &common_keys()})
        for (const auto& [name, reader] : *readers)
            names.push_back(name);
    return names;
}

nlohmann::json parse(const std::string& body) {
    try {
        return inference::parse_json(body, "request");
    } catch (const std::runtime_error& error) {
        throw ApiError(400, error.what());
    }
}

TextRequest read(const std::string& body, const Readers& own) {
    const nlohmann::json document = parse(body);
    if (!document.is_object()) throw ApiError(400, "request: expected a JSON object");
    const JsonNode top(document, "request");
    TextRequest request;
    request.sampling.temperature = 1;  // As OpenAI has it.
    for (const auto& [key, value] : document.items()) {
        if (value.is_null()) continue;
        auto found = own.find(key);
        if (found == own.end()) found = common_keys().find(key);
        if (found == own.end() || found == common_keys().end()) {
            throw ApiError(400,
                           "request: " + key + ": is not known" + did_you_mean(key, names_of(own)),
                           key, "unknown_parameter");
        }
        try {
            found->second(top.at(key), request);
        } catch (const std::runtime_error& error) {
            throw ApiError(400, error.what(), key, "invalid_value");
        }
    }
    return request;
}

void require(const TextRequest& request, bool has_prompt, const char* key) {
    if (request.model.empty())
        throw ApiError(400, "request: model: expected a name, found none", "model");
    if (!has_prompt)
        throw ApiError(400, std::string("request: ") + key + ": expected some, found none", key);
    if (request.include_usage && !request.stream) {
        throw ApiError(400, "request: stream_options: expected stream true with it",
                       "stream_options");
    }
}

}  // namespace

TextRequest read_completion_request(const std::string& body) {
    TextRequest request = read(body, completion_keys());
    require(request, !request.prompt.empty() || !request.prompt_tokens.empty(), "prompt");
    return request;
}

TextRequest read_chat_request(const std::string& body) {
    TextRequest request = read(body, chat_keys());
    request.is_chat = true;
    require(request, !request.messages.empty(), "messages");
    return request;
}

}  // namespace aircomp::runtime::serve
