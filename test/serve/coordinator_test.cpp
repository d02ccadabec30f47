// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp coordinator --serve: clients of a laboratory, and a device that is lost between texts.
#include <signal.h>

#include <future>
#include <nlohmann/json.hpp>

#include "runtime/program.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "testbed/watcher.hpp"

namespace aircomp::test {
namespace {

using Json = nlohmann::json;

const std::string source = AIRCOMP_SOURCE_DIR;

/// The data of the events in an answer of /live.
std::vector<Json> events_in(const std::string& answer) {
    std::vector<Json> events;
    for (std::size_t at = 0; (at = answer.find("data: ", at)) != std::string::npos;) {
        const std::size_t end = answer.find("\n\n", at);
        if (end == std::string::npos) break;
        events.push_back(Json::parse(answer.substr(at + 6, end - at - 6)));
        at = end;
    }
    return events;
}

/// A coordinator with a page, and its four devices.
class PagedLaboratory {
public:
    /// `task`: what the coordinator is to do.
    explicit PagedLaboratory(const std::vector<std::string>& task) {
        std::vector<std::string> words = {"coordinator", source + "/configs/laboratory-exact.yaml",
                                          "--listen",    "127.0.0.1:0",
                                          "--port-file", path("address"),
                                          "--page-file", path("page"),
                                          "--log-level", "info"};
        words.insert(words.end(), task.begin(), task.end());
        coordinator_.emplace(words, path("log"));
        REQUIRE(eventually([&] { return std::filesystem::exists(path("address")); }));
        port_ = port_of(line_of("page"));
    }

    void start_devices() {
        for (int n = 1; n <= 4; ++n) {
            const std::string name = "device-" + std::to_string(n);
            devices_.push_back(std::make_unique<Process>(
                std::vector<std::string>{
                    "device", "--name", name, "--coordinator", line_of("address"), "--model",
                    source + "/inference/models/demo", "--threads", "1", "--once"},
                path(name + ".log")));
        }
    }

    std::string complete(int tokens, const std::string& prompt = "The server") const {
        return text_of(ask(tokens, prompt));
    }

    /// What the endpoint answers; from any thread.
    std::string ask(int tokens, const std::string& prompt) const {
        const std::string body = Json{
            {"model", "demo"},
            {"prompt", prompt},
            {"max_tokens", tokens},
            {"temperature", 0}}.dump();
        return body_of(http(port_,
                            "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                            "application/json\r\nContent-Length: " +
                                std::to_string(body.size()) + "\r\n\r\n" + body));
    }

    static std::string text_of(const std::string& answer) {
        CAPTURE(answer);
        REQUIRE(Json::parse(answer).contains("choices"));
        return Json::parse(answer)["choices"][0]["text"];
    }

    /// Of the first event that /live sends.
    Json figures() const {
        const int socket = dial(port_);
        const std::string request = "GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n";
        ::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
        std::string seen;
        char bytes[4096];
        for (ssize_t size; seen.find("}\n\n") == std::string::npos &&
                           (size = ::recv(socket, bytes, sizeof bytes, 0)) > 0;)
            seen.append(bytes, static_cast<std::size_t>(size));
        ::close(socket);
        const std::size_t begin = seen.find("data: ") + 6;
        return Json::parse(seen.substr(begin, seen.find("\n\n", begin) - begin));
    }

    /// All that /live sends until the coordinator ends.
    std::vector<Json> all_figures() const {
        return events_in(http(port_, "GET /live HTTP/1.0\r\nHost: localhost\r\n\r\n"));
    }

    std::uint16_t port() const { return port_; }
    Process& coordinator() { return *coordinator_; }
    Process& device(std::size_t number) { return *devices_.at(number - 1); }

private:
    std::string line_of(const std::string& file) const {
        std::string line = contents(path(file));
        line.pop_back();
        return line;
    }
    std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

    TemporaryFolder folder_;
    std::optional<Process> coordinator_;
    std::vector<std::unique_ptr<Process>> devices_;
    std::uint16_t port_ = 0;
};

TEST_CASE("a coordinator serves texts, and a device that dies between them changes none") {
    PagedLaboratory laboratory({"--serve", "127.0.0.1:0"});
    laboratory.start_devices();
    const std::string text = laboratory.complete(12);
    const auto generated = aircomp("generate --model " + source +
                                   "/inference/models/demo --devices 2 --threads 1 --scheme exact "
                                   "--tokens 12 --prompt \"The server\" --json -");
    CHECK("The server" + text == Json::parse(generated.output)["text"].get<std::string>());
    auto figures = laboratory.figures();
    CHECK(figures["tokens"] == 12);
    CHECK(figures["tokens_per_s"].get<double>() > 0);
    CHECK(figures["devices"].size() == 4);
    CHECK(figures["devices"][1]["is_there"] == true);
    laboratory.device(2).signal(SIGKILL);
    REQUIRE(eventually([&] { return laboratory.figures()["devices"][1]["is_there"] == false; }));
    CHECK(laboratory.complete(12) == text);

    const auto top = aircomp("top 127.0.0.1:" + std::to_string(laboratory.port()));
    CHECK(top.code == 0);
    CHECK_THAT(top.output, Catch::Contains("24 tokens"));
    CHECK_THAT(top.output, Catch::Matches("(.|\n)*device-2 +0.0 .* [1-9][0-9]* +away(.|\n)*"));
    CHECK_THAT(top.output, Catch::Contains("device lost: device device-2"));
    CHECK_THAT(top.output, Catch::Contains("slice assigned: device device-1, epoch 2"));
    const auto json =
        aircomp("top 127.0.0.1:" + std::to_string(laboratory.port()) + " --json --once");
    CHECK(Json::parse(json.output)["tokens"] == 24);
    laboratory.coordinator().signal(SIGTERM);
    CHECK(laboratory.coordinator().wait() == 0);
    for (const std::size_t n : {1, 3, 4})
        CHECK(laboratory.device(n).wait() == 0);
}

TEST_CASE("several conversations at a time have the texts that they have alone, whoever is lost") {
    PagedLaboratory laboratory({"--serve", "127.0.0.1:0", "--conversations", "2"});
    laboratory.start_devices();
    const std::vector<std::string> prompts = {"The server", "A radio wave", "Every device"};
    std::vector<std::string> alone;
    for (const std::string& prompt : prompts)
        alone.push_back(laboratory.complete(40, prompt));
    const auto all_at_once = [&] {
        std::vector<std::future<std::string>> answers;
        for (const std::string& prompt : prompts) {
            answers.push_back(
                std::async(std::launch::async, [&] { return laboratory.ask(40, prompt); }));
        }
        return answers;
    };
    auto undisturbed = all_at_once();
    for (std::size_t i = 0; i < prompts.size(); ++i)
        CHECK(PagedLaboratory::text_of(undisturbed[i].get()) == alone[i]);
    // Caches of both conversations are built again, each before its next token.
    auto disturbed = all_at_once();
    const int before = laboratory.figures()["tokens"];
    REQUIRE(eventually([&] { return laboratory.figures()["tokens"].get<int>() > before + 4; }));
    laboratory.device(2).signal(SIGKILL);
    for (std::size_t i = 0; i < prompts.size(); ++i)
        CHECK(PagedLaboratory::text_of(disturbed[i].get()) == alone[i]);
    CHECK(laboratory.figures()["devices"][1]["is_there"] == false);
    laboratory.coordinator().signal(SIGTERM);
    CHECK(laboratory.coordinator().wait() == 0);
}

TEST_CASE("a coordinator that continues a prompt shows text and figures, and answers nobody") {
    PagedLaboratory laboratory({"--page", "127.0.0.1:0", "--prompt", "The server", "--tokens", "12",
                                "--temperature", "0"});
    const auto ask = [&](const std::string& what) {
        return http(laboratory.port(), what + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    };
    CHECK_THAT(ask("GET /"), Catch::StartsWith("HTTP/1.1 200") && Catch::Contains("<title>"));
    CHECK_THAT(ask("GET /v1/models"), Catch::StartsWith("HTTP/1.1 404"));
    CHECK_THAT(ask("POST /live"), Catch::StartsWith("HTTP/1.1 405"));
    CHECK(laboratory.figures()["phase"] == "waiting for devices");
    CHECK(laboratory.figures()["answers"] == false);

    auto watching = std::async(std::launch::async, [&] { return laboratory.all_figures(); });
    laboratory.start_devices();
    CHECK(laboratory.coordinator().wait() == 0);
    const auto events = watching.get();
    REQUIRE(events.size() > 1);
    const auto generated = aircomp("generate --model " + source +
                                   "/inference/models/demo --devices 2 --threads 1 --scheme exact "
                                   "--tokens 12 --prompt \"The server\" --json -");
    CHECK(events.back()["text"] == Json::parse(generated.output)["text"]);
    CHECK(events.back()["tokens"] == 12);
    CHECK(events.back()["phase"] == "ending");
    CHECK(events.back()["tokens_per_s"].get<double>() > 0);
}

TEST_CASE("who reads a page that is not there, or without its token, is told so") {
    const auto gone = aircomp("top 127.0.0.1:1", true);
    CHECK(gone.code == 2);
    CHECK_THAT(gone.output, Catch::Contains("127.0.0.1:1: Connection refused"));
    CHECK_THAT(aircomp("top nowhere", true).output, Catch::Contains("address: expected HOST:PORT"));
    const TemporaryFolder folder;
    const auto token = folder.write("token.txt", std::string(40, 'x') + "\n");
    std::filesystem::permissions(token, std::filesystem::perms::owner_read);
    PagedLaboratory laboratory(
        {"--page", "127.0.0.1:0", "--token-file", token.string(), "--prompt", "The server"});
    const std::string address = "127.0.0.1:" + std::to_string(laboratory.port());
    const auto refused = aircomp("top " + address, true);
    CHECK(refused.code == 2);
    CHECK_THAT(refused.output, Catch::Contains(address + ": expected figures, found status 401"));
    const auto shown = aircomp("top " + address + " --token-file " + token.string());
    CHECK_THAT(shown.output, Catch::Contains("waiting for devices"));
    laboratory.coordinator().signal(SIGTERM);
    CHECK(laboratory.coordinator().wait() == 0);
}

TEST_CASE("a page that other machines reach needs a token") {
    const auto result = aircomp(
        "coordinator " + source + "/configs/laboratory-exact.yaml --page 0.0.0.0:0 --prompt a",
        true);
    CHECK(result.code == 2);
    CHECK_THAT(result.output, Catch::Contains("page: expected a loopback address where there is no "
                                              "token (--token-file), found 0.0.0.0:0"));
}

TEST_CASE("a token's file without a page to guard is refused") {
    const auto result =
        aircomp("coordinator " + source +
                    "/configs/laboratory-exact.yaml --token-file token.txt --prompt a",
                true);
    CHECK(result.code == 2);
    CHECK_THAT(result.output, Catch::Contains("--token-file: expected --serve or a status.page"));
}

TEST_CASE("a coordinator serves or continues a prompt, not both") {
    const auto result = aircomp(
        "coordinator " + source + "/configs/laboratory-exact.yaml --serve 127.0.0.1:0 --prompt a",
        true);
    CHECK(result.code == 2);
    CHECK_THAT(result.output, Catch::Contains("--serve: expected none of --prompt"));
}

}  // namespace
}  // namespace aircomp::test
