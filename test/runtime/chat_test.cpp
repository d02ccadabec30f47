// SPDX-License-Identifier: GPL-3.0-or-later
// Conversations as a shell sees them: --chat, aircomp chat, ends of answers, Ctrl-C.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "program.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

namespace {

using aircomp::test::aircomp;
using aircomp::test::run;
using Json = nlohmann::json;
namespace fs = std::filesystem;

const fs::path demo = fs::path(AIRCOMP_SOURCE_DIR) / "inference/models/demo";

/// The demo model with a chat template, and a tokenizer that puts no BOS.
class ChatModel {
public:
    explicit ChatModel(const std::string& chat_template) {
        std::string name = (fs::temp_directory_path() / "aircomp-chat-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        folder_ = name;
        for (const char* file : {"config.json", "model.safetensors"})
            fs::create_symlink(demo / file, folder_ / file);
        Json tokenizer = Json::parse(std::ifstream(demo / "tokenizer.json"));
        tokenizer["post_processor"] = nullptr;
        write("tokenizer.json", tokenizer.dump());
        const Json config = {{"bos_token", nullptr},
                             {"eos_token", "<|end_of_text|>"},
                             {"chat_template", chat_template}};
        write("tokenizer_config.json", config.dump());
    }
    ~ChatModel() {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
    ChatModel(const ChatModel&) = delete;
    ChatModel& operator=(const ChatModel&) = delete;

    std::string write(const std::string& name, const std::string& contents) const {
        std::ofstream(folder_ / name) << contents;
        return (folder_ / name).string();
    }
    std::string path(const std::string& name = "") const { return (folder_ / name).string(); }

private:
    fs::path folder_;
};

const std::string plain =
    "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}";
const std::string exactly = " --scheme centralized --devices 1 --threads 1 ";

Json continuation(const ChatModel& model, const std::string& prompt, int tokens) {
    const auto text = model.write("prompt", prompt);
    const auto result =
        aircomp("generate --model " + model.path() + exactly + "--tokens " +
                std::to_string(tokens) + " --prompt \"$(cat " + text + ")\" --json -");
    REQUIRE(result.code == 0);
    return Json::parse(result.output);
}

TEST_CASE("generate --chat continues what the template makes of the turn") {
    const ChatModel model(plain);
    const auto result =
        aircomp("generate --model " + model.path() + exactly +
                "--tokens 8 --chat --system Brief --prompt \"What is it\" --json -");
    REQUIRE(result.code == 0);
    const auto chat = Json::parse(result.output);
    const std::string prompt = "system: Brief\nuser: What is it\nassistant:";
    const auto text = continuation(model, prompt, 8);
    CHECK(chat["tokens"] == text["tokens"]);
    CHECK(chat["text"] == prompt + chat["answer"].get<std::string>());
    // For people it is the answer alone.
    const auto shown = aircomp("generate --model " + model.path() + exactly +
                               "--tokens 8 --chat --system Brief --prompt \"What is it\"");
    CHECK(shown.output == chat["answer"].get<std::string>() + "\n");
}

TEST_CASE("chat goes on with what was said, and computes none of it twice") {
    const ChatModel model(plain);
    const auto result =
        run("printf 'The server\\nAnd then\\n' | " AIRCOMP_PROGRAM " chat --model " + model.path() +
            exactly + "--tokens 6 --json -");
    REQUIRE(result.code == 0);
    const auto chat = Json::parse(result.output);
    REQUIRE(chat["messages"].size() == 4);
    REQUIRE(chat["turns"].size() == 2);
    const auto content = [&](int i) { return chat["messages"][i]["content"].get<std::string>(); };
    CHECK(content(0) == "The server");
    const std::string first = "user: The server\nassistant:";
    // The template puts a space before an answer, which itself begins with one.
    const auto once = continuation(model, first, 6);
    CHECK(first + content(1) == once["text"].get<std::string>());
    const std::string second =
        "user: The server\nassistant: " + content(1) + "\nuser: And then\nassistant:";
    const auto twice = continuation(model, second, 6);
    CHECK(second + content(3) == twice["text"].get<std::string>());
    CHECK(chat["turns"][0]["held_tokens"] == 0);
    CHECK(chat["turns"][1]["held_tokens"].get<int>() >=
          chat["turns"][0]["prompt_tokens"].get<int>() - 1);
    CHECK(chat["turns"][1]["new_tokens"] == 6);
}

TEST_CASE("/reset forgets, /exit ends, empty lines say nothing") {
    const ChatModel model(plain);
    const auto result =
        run("printf 'The server\\n\\n/reset\\nThe server\\n/exit\\nAnd\\n' | " AIRCOMP_PROGRAM
            " chat --model " +
            model.path() + exactly + "--system Brief --tokens 4");
    REQUIRE(result.code == 0);
    const auto middle = result.output.find('\n', 0);
    REQUIRE(middle != std::string::npos);
    const std::string half = result.output.substr(0, result.output.size() / 2);
    CHECK(result.output == half + half);
    CHECK_FALSE(half.empty());
}

TEST_CASE("every end of text of generation_config.json ends an answer") {
    const ChatModel model(plain);
    const auto free = continuation(model, "user: The server\nassistant:", 6);
    const auto made = free["tokens"].size() - 6;
    const int end = free["tokens"][made + 3];
    model.write("generation_config.json", Json{{"eos_token_id", {4095, end}}}.dump());
    const auto ended = continuation(model, "user: The server\nassistant:", 6);
    CHECK(ended["new_tokens"].get<int>() <= 3);
    CHECK(ended["tokens"].size() == made + ended["new_tokens"].get<std::size_t>());
}

TEST_CASE("a chat that cannot be held is refused in words") {
    const auto refused = [](const std::string& command, std::vector<const char*> parts) {
        const auto result = run(command, true);
        CAPTURE(result.output);
        CHECK(result.code == 2);
        for (const char* part : parts)
            CHECK(result.output.find(part) != std::string::npos);
    };
    const std::string program = AIRCOMP_PROGRAM;
    const std::string silent = "</dev/null " + program + " chat" + exactly + "--model ";
    refused(silent + demo.string(), {"has no chat template", "tokenizer_config.json"});
    refused(program + " generate --prompt a --chat" + exactly + "--model " + demo.string(),
            {"has no chat template"});
    refused(program + " generate --prompt a --system b" + exactly + "--model " + demo.string(),
            {"--system: expected --chat"});
    const ChatModel strange("{{ messages }}\n{% include 'other' %}");
    refused(silent + strange.path(), {"tokenizer_config.json: chat_template: line 2", "include"});
    const ChatModel strict(
        "{% if messages[0].role == 'system' %}{{ raise_exception('No system "
        "turn') }}{% endif %}{{ messages[0].content }}");
    refused("echo Hi | " + program + " chat --system Brief" + exactly + "--model " + strict.path(),
            {"refuses the conversation: No system turn"});
    const ChatModel model(plain);
    refused("seq 1 300 | tr '\\n' ' ' | " + program + " chat" + exactly + "--model " + model.path(),
            {"the conversation: expected 1 to 256 tokens", "/reset"});
}

TEST_CASE("Ctrl-C stops an answer and keeps the conversation") {
    const ChatModel model(plain);
    const auto questions = model.path("questions");
    const auto result = model.path("result.json");
    REQUIRE(mkfifo(questions.c_str(), 0600) == 0);
    ::aircomp::test::Process chat(
        {"-c", "exec " AIRCOMP_PROGRAM " chat --model " + model.path() +
                   " --scheme mmse --medium waveform --tokens 200 --json " + result + " <" +
                   questions},
        model.path("log"), {}, "sh");
    const int in = open(questions.c_str(), O_WRONLY);
    REQUIRE(in >= 0);
    const auto say = [&](const std::string& line) {
        return write(in, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    };
    REQUIRE(say("The server\n"));
    REQUIRE(::aircomp::test::eventually([&] { return chat.log().size() > 3; }));
    chat.signal(SIGINT);
    REQUIRE(
        ::aircomp::test::eventually([&] { return chat.log().find('\n') != std::string::npos; }));
    REQUIRE(say("/exit\n"));
    close(in);
    CHECK(chat.wait() == 0);
    const auto held = Json::parse(::aircomp::test::contents(result));
    REQUIRE(held["turns"].size() == 1);
    CHECK(held["turns"][0]["interrupted"] == true);
    CHECK(held["turns"][0]["new_tokens"].get<int>() < 200);
    CHECK(held["messages"].size() == 2);
    CHECK_FALSE(held["messages"][1]["content"].get<std::string>().empty());
}

}  // namespace
