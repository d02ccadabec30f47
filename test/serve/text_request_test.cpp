// SPDX-License-Identifier: GPL-3.0-or-later
// Bodies of requests: what is read of them, and what is said to those that are wrong.
#include "serve/text_request.hpp"

#include <nlohmann/json.hpp>
#include <optional>

#include "serve/api_error.hpp"
#include "support/catch.hpp"

namespace aircomp::test {
namespace {

using namespace runtime::serve;
using Json = nlohmann::json;

/// A body that is right, with `change` over it; null takes a key out.
std::string chat_with(const Json& change) {
    Json body = {{"model", "m"}, {"messages", {{{"role", "user"}, {"content", "Hi"}}}}};
    body.merge_patch(change);
    return body.dump();
}

std::string completion_with(const Json& change) {
    Json body = {{"model", "m"}, {"prompt", "Hi"}};
    body.merge_patch(change);
    return body.dump();
}

std::optional<ApiError> error_of(TextRequest (*read)(const std::string&), const std::string& body) {
    try {
        read(body);
        return std::nullopt;
    } catch (const ApiError& error) {
        return error;
    }
}

TEST_CASE("a completion is read with all that it may have") {
    const auto request =
        read_completion_request(completion_with({{"max_tokens", 5},
                                                 {"temperature", 0.5},
                                                 {"top_p", 0.9},
                                                 {"top_k", 40},
                                                 {"repetition_penalty", 1.1},
                                                 {"seed", -3},
                                                 {"stop", "x"},
                                                 {"stream", true},
                                                 {"stream_options", {{"include_usage", true}}},
                                                 {"logprobs", 3},
                                                 {"n", 1},
                                                 {"echo", false},
                                                 {"user", "somebody"}}));
    CHECK_FALSE(request.is_chat);
    CHECK(request.prompt == "Hi");
    CHECK(request.tokens == 5);
    CHECK(request.sampling.temperature == 0.5);
    CHECK(request.sampling.top_p == 0.9);
    CHECK(request.sampling.top_k == 40);
    CHECK(request.sampling.repetition_penalty == 1.1);
    CHECK(request.seed == -3);
    CHECK(request.stop == std::vector<std::string>{"x"});
    CHECK(request.stream);
    CHECK(request.include_usage);
    CHECK(request.alternatives == 3);
}

TEST_CASE("a prompt is a text, its tokens, or a list of one of these") {
    CHECK(read_completion_request(completion_with({{"prompt", {"Hi"}}})).prompt == "Hi");
    const std::vector<inference::Token> tokens = {1, 2, 3};
    CHECK(read_completion_request(completion_with({{"prompt", {1, 2, 3}}})).prompt_tokens ==
          tokens);
    CHECK(read_completion_request(completion_with({{"prompt", {{1, 2, 3}}}})).prompt_tokens ==
          tokens);
    for (const Json& prompt : {Json({"a", "b"}), Json(7), Json({1, "a"}), Json({-1}), Json({1.5}),
                               Json(Json::array()), Json(""), Json({{1}, {2}})}) {
        CAPTURE(prompt.dump());
        const auto error = error_of(read_completion_request, completion_with({{"prompt", prompt}}));
        REQUIRE(error);
        CHECK(error->status == 400);
        CHECK(error->parameter == "prompt");
    }
}

TEST_CASE("a chat is read with its messages, and what is not said is as OpenAI has it") {
    const auto request = read_chat_request(chat_with(
        {{"messages",
          {{{"role", "developer"}, {"content", "Be brief."}},
           {{"role", "user"},
            {"content", {{{"type", "text"}, {"text", "a"}}, {{"type", "text"}, {"text", "b"}}}}},
           {{"role", "assistant"}, {"content", "c"}, {"tool_calls", nullptr}}}}}));
    REQUIRE(request.messages.size() == 3);
    CHECK(request.messages[0].role == "system");
    CHECK(request.messages[1].content == "ab");
    CHECK(request.sampling.temperature == 1);
    CHECK(request.sampling.top_p == 1);
    CHECK_FALSE(request.tokens);
    CHECK_FALSE(request.seed);
    CHECK_FALSE(request.alternatives);
    CHECK_FALSE(read_chat_request(chat_with({{"logprobs", false}})).alternatives);
    CHECK(read_chat_request(chat_with({{"logprobs", true}})).alternatives == 0);
    CHECK(read_chat_request(chat_with({{"logprobs", true}, {"top_logprobs", 20}})).alternatives ==
          20);
}

TEST_CASE("what is wrong with a chat is said with its key") {
    const std::vector<std::pair<const char*, Json>> wrong = {
        {"model", 7},
        {"messages", Json::array()},
        {"messages", "Hi"},
        {"messages", {{{"role", "tool"}, {"content", "a"}}}},
        {"messages", {{{"role", "user"}}}},
        {"messages", {{{"role", "user"}, {"content", nullptr}}}},
        {"messages",
         {{{"role", "user"}, {"content", {{{"type", "image_url"}, {"image_url", "x"}}}}}}},
        {"messages", {{{"role", "user"}, {"content", "a"}, {"tool_calls", {1}}}}},
        {"max_tokens", 0},
        {"max_tokens", 1.5},
        {"max_completion_tokens", "many"},
        {"temperature", 2.1},
        {"temperature", -1},
        {"temperature", "hot"},
        {"top_p", 0},
        {"top_p", 1.5},
        {"top_k", -1},
        {"seed", 1.5},
        {"stop", ""},
        {"stop", {"a", "b", "c", "d", "e"}},
        {"stop", 7},
        {"stop", std::string(257, 'x')},
        {"stream", 1},
        {"stream_options", {{"include_usage", true}}},
        {"n", 2},
        {"logprobs", 5},
        {"top_logprobs", 21},
        {"frequency_penalty", 0.5},
        {"presence_penalty", 0.5},
        {"logit_bias", {{"7", 100}}},
        {"response_format", {{"type", "json_object"}}},
        {"tools", {{{"type", "function"}}}},
        {"temprature", 1}};
    for (const auto& [key, value] : wrong) {
        const std::string body = chat_with({{key, value}});
        CAPTURE(body);
        const auto error = error_of(read_chat_request, body);
        // merge_patch() lets null alone remove a key.
        REQUIRE(error);
        CHECK(error->status == 400);
        CHECK(error->parameter == key);
        CHECK_THAT(error->what(), Catch::Contains(key));
    }
    CHECK_THAT(error_of(read_chat_request, chat_with({{"temprature", 1}}))->what(),
               Catch::Contains("did you mean temperature?"));
}

TEST_CASE("what is no request at all is refused") {
    for (const std::string& body :
         {std::string(), std::string("{"), std::string("[]"), std::string("7"),
          std::string("{\"model\": \"m\", \"model\": \"m\"}"), std::string("\xff"),
          std::string(200000, '['), std::string("{\"model\": \"m\"}"),
          std::string("{\"prompt\": \"m\"}")}) {
        CAPTURE(body.substr(0, 100));
        const auto error = error_of(read_completion_request, body);
        REQUIRE(error);
        CHECK(error->status == 400);
    }
}

TEST_CASE("an error is JSON, whatever is in it") {
    const auto error = Json::parse(error_json(ApiError(404, "no \"such\" \xff", "model", "code")));
    CHECK(error["error"]["type"] == "invalid_request_error");
    CHECK(error["error"]["param"] == "model");
    CHECK(error["error"]["code"] == "code");
    CHECK(Json::parse(error_json(ApiError(500, "x")))["error"]["type"] == "server_error");
    CHECK(error_answer(ApiError(401, "x")).headers.at(0).first == "WWW-Authenticate");
}

}  // namespace
}  // namespace aircomp::test
