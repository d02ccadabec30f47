// SPDX-License-Identifier: GPL-3.0-or-later
// Templates of model folders, the formats that models are taught, how answers end, and what of a
// conversation is computed once.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "aircomp/inference/chat_template.hpp"
#include "aircomp/inference/conversation.hpp"
#include "errors.hpp"
#include "gguf_builder.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace {

using namespace aircomp;
using inference::ChatMessage;
using inference::ChatTemplate;
using inference::Conversation;
using inference::Token;
using test::check_error;
using test::TemporaryFolder;
using Json = nlohmann::json;

/// One token a byte, and one for each mark in sharp brackets.
class MarkTokenizer final : public inference::Tokenizer {
public:
    Token size() const override { return 300; }

    std::vector<Token> encode(std::string_view text) const override {
        std::vector<Token> tokens;
        while (!text.empty()) {
            const auto mark = std::find_if(marks.begin(), marks.end(), [&](const auto& one) {
                return text.substr(0, one.size()) == one;
            });
            const bool is_mark = mark != marks.end();
            tokens.push_back(is_mark ? static_cast<Token>(256 + (mark - marks.begin()))
                                     : static_cast<unsigned char>(text[0]));
            text.remove_prefix(is_mark ? mark->size() : 1);
        }
        return tokens;
    }

    std::string decode(Token token) const override {
        return token < 256 ? std::string(1, static_cast<char>(token)) : "";
    }
    std::string piece(Token token) const override { return decode(token); }
    std::optional<Token> bos() const override { return std::nullopt; }
    std::optional<Token> eos() const override { return std::nullopt; }

    const std::vector<std::string> marks = {"<s>",        "</s>",          "<|im_start|>",
                                            "<|im_end|>", "<end_of_turn>", "<|eot_id|>"};
};

/// Our own words for what common templates say.
const std::string chatml =
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + "
    "'\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
const std::string llama2 =
    "{% if messages[0]['role'] == 'system' %}{% set said = '<<SYS>>\n' + messages[0]['content'] + "
    "'\n<</SYS>>\n\n' %}{% set turns = messages[1:] %}{% else %}{% set said = '' %}"
    "{% set turns = messages %}{% endif %}{% for m in turns %}"
    "{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}"
    "{% if m['role'] == 'user' %}{{ bos_token + '[INST] ' + (said if loop.first else '') + "
    "m['content'].strip() + ' [/INST]' }}{% else %}{{ ' ' + m['content'].strip() + ' ' + eos_token "
    "}}{% endif %}{% endfor %}";
const std::string gemma =
    "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}"
    "{% endif %}{% for m in messages %}{{ '<start_of_turn>' ~ ('model' if m.role == 'assistant' "
    "else m.role) ~ '\n' ~ m.content | trim ~ '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}";

ChatTemplate made(const std::string& text) {
    return ChatTemplate(text, "T", {{"bos_token", "<s>"}, {"eos_token", "</s>"}});
}

const std::vector<ChatMessage> talk = {
    {"system", "Be brief."}, {"user", " Hi? "}, {"assistant", "Hello."}, {"user", "And?"}};

std::string rendered(const std::string& text, std::size_t from = 0) {
    return made(text).render(gsl::span<const ChatMessage>(talk).subspan(from), true, 0);
}

TEST_CASE("a conversation is written as its model was taught") {
    CHECK(rendered(chatml) ==
          "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n Hi? <|im_end|>\n"
          "<|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\nAnd?<|im_end|>\n"
          "<|im_start|>assistant\n");
    CHECK(rendered(llama2) ==
          "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi? [/INST] Hello. </s><s>[INST] And? "
          "[/INST]");
    CHECK(rendered(gemma, 1) ==
          "<s><start_of_turn>user\nHi?<end_of_turn>\n<start_of_turn>model\nHello.<end_of_turn>\n"
          "<start_of_turn>user\nAnd?<end_of_turn>\n<start_of_turn>model\n");
    check_error<std::runtime_error>([] { rendered(gemma); },
                                    {"T: line 1", "refuses the conversation: no system"});
    check_error<std::runtime_error>([] { rendered(llama2, 2); }, {"roles must alternate"});
}

TEST_CASE("there are no tools, and templates that walk through them all the same are rendered") {
    CHECK(rendered("{{ tools is none }}{{ documents is none }}") == "TrueTrue");
    CHECK(rendered("{% for t in tools %}x{% endfor %}{{ messages | length }}") == "4");
    check_error<std::runtime_error>([] { rendered("{% for t in tools.a %}{% endfor %}{{ b.c }}"); },
                                    {"'b' is undefined"});
}

TEST_CASE("an answer ends with the token that the template puts behind it") {
    const MarkTokenizer tokenizer;
    const auto end = [&](const std::string& text) -> std::string {
        const auto token = inference::end_of_turn_token(made(text), tokenizer);
        return token ? tokenizer.marks.at(static_cast<std::size_t>(*token - 256)) : "";
    };
    CHECK(end(chatml) == "<|im_end|>");
    CHECK(end(llama2) == "</s>");
    CHECK(end(gemma) == "<end_of_turn>");
    CHECK(end("{% for m in messages %}{{ m.content }}<|eot_id|>{% endfor %}") == "<|eot_id|>");
    CHECK(end("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}").empty());
    CHECK(end("{% for m in messages %}{{ m.content }} USER:{% endfor %}").empty());
    CHECK(end("{{ messages[0].content }}<|eot_id|>").empty());
}

TEST_CASE("a folder's template is found where folders have it") {
    const TemporaryFolder folder;
    const auto render = [&]() -> std::string {
        const auto found = inference::read_chat_template(folder.path());
        return found ? found->render(talk, false, 0) : "none";
    };
    CHECK(render() == "none");
    folder.write("tokenizer_config.json", R"({"eos_token": "</s>"})");
    CHECK(render() == "none");
    folder.write("chat_template.json", R"({"chat_template": "J{{ eos_token }}"})");
    CHECK(render() == "J</s>");
    folder.write("tokenizer_config.json",
                 R"({"eos_token": "E", "bos_token": {"content": "B"}, "unk_token": null,
                     "chat_template": "{{ bos_token }}{{ eos_token }}{{ unk_token }}|"})");
    CHECK(render() == "BE|");
    folder.write("tokenizer_config.json", R"({"chat_template": [
        {"name": "tool_use", "template": "T"}, {"name": "default", "template": "D"}]})");
    CHECK(render() == "D");
    folder.write("special_tokens_map.json", R"({"eos_token": {"content": "M"}})");
    folder.write("chat_template.jinja", "own {{ eos_token }}\n");
    CHECK(render() == "own M");
}

TEST_CASE("a folder's template that is none is refused by file, key and line") {
    const TemporaryFolder folder;
    const auto check = [&](const char* config, std::initializer_list<const char*> parts) {
        const auto file = folder.write("tokenizer_config.json", config);
        check_error<std::runtime_error>([&] { inference::read_chat_template(folder.path()); },
                                        parts);
        check_error<std::runtime_error>([&] { inference::read_chat_template(folder.path()); },
                                        {file.string().c_str()});
    };
    check(R"({"chat_template": 3})", {"chat_template: expected", "found 3"});
    check(R"({"chat_template": [{"name": "rag", "template": ""}]})",
          {"expected one named default, found rag"});
    check(R"({"chat_template": [{"name": "default"}]})", {"chat_template[0]", "template"});
    check(R"({"chat_template": "a\n{% include 'b' %}"})",
          {"chat_template: line 2", "{% include %}"});
    check(R"({"chat_template": "", "eos_token": 5})", {"eos_token: expected", "found 5"});
}

TEST_CASE("generation_config.json tells one end of texts or several") {
    const TemporaryFolder folder;
    const auto read = [&] { return inference::read_end_tokens(folder.path(), 100); };
    CHECK(read().empty());
    folder.write("generation_config.json", R"({"eos_token_id": 7})");
    CHECK(read() == std::vector<Token>{7});
    folder.write("generation_config.json", R"({"eos_token_id": [7, 99], "temperature": 0.6})");
    CHECK(read() == std::vector<Token>{7, 99});
    folder.write("generation_config.json", R"({"eos_token_id": null})");
    CHECK(read().empty());
    for (const char* bad : {R"({"eos_token_id": 100})", R"({"eos_token_id": [7, -1]})",
                            R"({"eos_token_id": "</s>"})"}) {
        folder.write("generation_config.json", bad);
        check_error<std::runtime_error>(read, {"generation_config.json: eos_token_id", "0 to 99"});
    }
}

std::string names_of(const std::vector<std::string>& tokens) {
    std::string bytes;
    for (const std::string& token : tokens)
        bytes += test::bytes_of_text(token);
    return bytes;
}

TEST_CASE("a GGUF file has template, special tokens and ends within it") {
    const TemporaryFolder folder;
    test::GgufBuilder builder;
    builder.text("general.architecture", "llama")
        .array("tokenizer.ggml.tokens", inference::GgufType::text, 4,
               names_of({"a", "<s>", "</s>", "<|eot_id|>"}))
        .integer("tokenizer.ggml.bos_token_id", 1)
        .integer("tokenizer.ggml.eos_token_id", 2);
    const auto bare = folder.write("bare.gguf", builder.file());
    CHECK_FALSE(inference::read_chat_template(bare));
    CHECK(inference::read_end_tokens(bare, 4) == std::vector<Token>{2});

    builder.integer("tokenizer.ggml.eot_token_id", 3)
        .text("tokenizer.chat_template", "{{ bos_token }}{{ messages[1].content }}{{ eos_token }}");
    const auto whole = folder.write("whole.gguf", builder.file());
    const auto found = inference::read_chat_template(whole);
    REQUIRE(found);
    CHECK(found->render(talk, false, 0) == "<s> Hi? </s>");
    CHECK(inference::read_end_tokens(whole, 4) == std::vector<Token>{2, 3});
    check_error<std::runtime_error>([&] { inference::read_end_tokens(whole, 3); },
                                    {"whole.gguf", "tokenizer.ggml.eot_token_id", "found 3"});

    builder.text("tokenizer.chat_template.unknown", "");
    builder.integer("tokenizer.ggml.unknown_token_id", 4);
    const auto wrong = folder.write("wrong.gguf", builder.file());
    check_error<std::runtime_error>([&] { inference::read_chat_template(wrong); },
                                    {"wrong.gguf", "tokenizer.ggml.unknown_token_id", "found 4"});
}

TEST_CASE("of a conversation only what is new is computed") {
    const MarkTokenizer tokenizer;
    Conversation conversation(made(chatml), tokenizer, "Be brief.");
    auto first = conversation.ask("Hi?", 0);
    CHECK(first.held == 0);
    CHECK(first.tokens == tokenizer.encode("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>"
                                           "user\nHi?<|im_end|>\n<|im_start|>assistant\n"));
    auto sequence = first.tokens;
    const auto answer = tokenizer.encode("Hello.");
    sequence.insert(sequence.end(), answer.begin(), answer.end());
    conversation.answer(sequence);
    CHECK(conversation.messages().back().role == "assistant");
    CHECK(conversation.messages().back().content == "Hello.");

    const auto second = conversation.ask("And?", 0);
    CHECK(second.held == sequence.size() - 1);  // the last token was never computed with
    CHECK(std::equal(sequence.begin(), sequence.end(), second.tokens.begin()));

    SECTION("a question that failed is forgotten, and so is what the caches hold") {
        conversation.withdraw();
        CHECK(conversation.messages().size() == 3);
        CHECK(conversation.ask("And?", 0).held == 0);
    }
    SECTION("begun again, the system's turn stays") {
        conversation.withdraw();
        conversation.reset();
        REQUIRE(conversation.messages().size() == 1);
        CHECK(conversation.messages()[0].content == "Be brief.");
    }
    SECTION("an answer without a token") {
        conversation.answer(second.tokens);
        CHECK(conversation.messages().back().content.empty());
        CHECK(conversation.ask("So?", 0).held == second.tokens.size() - 1);
    }
}

TEST_CASE("the same conversation again, after a reset, needs one token computed") {
    const MarkTokenizer tokenizer;
    Conversation conversation(made(chatml), tokenizer, "");
    auto tokens = conversation.ask("Hi?", 0).tokens;
    tokens.push_back('!');
    conversation.answer(tokens);
    conversation.reset();
    const auto again = conversation.ask("Hi?", 0);
    CHECK(again.tokens.size() == tokens.size() - 1);
    CHECK(again.held == again.tokens.size() - 1);
}

TEST_CASE("a question that cannot be asked leaves the conversation as it was") {
    const MarkTokenizer tokenizer;
    Conversation conversation(made(gemma), tokenizer, "");
    CHECK_THROWS_AS(conversation.ask("\xFF", 0), std::runtime_error);
    CHECK(conversation.messages().empty());
    Conversation refused(made(gemma), tokenizer, "Be brief.");
    CHECK_THROWS_AS(refused.ask("Hi?", 0), std::runtime_error);
    CHECK(refused.messages().size() == 1);
}

}  // namespace
