// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp coordinator --serve: clients of a laboratory, and a device that is lost between texts.
#include <signal.h>

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

/// A coordinator that serves, and its four devices.
class ServingLaboratory {
public:
    ServingLaboratory() {
        coordinator_.emplace(
            std::vector<std::string>{"coordinator", source + "/configs/laboratory-exact.yaml",
                                     "--listen", "127.0.0.1:0", "--port-file", path("address"),
                                     "--serve", "127.0.0.1:0", "--log-level", "info"},
            path("log"));
        REQUIRE(eventually([&] { return std::filesystem::exists(path("address")); }));
        std::string address = contents(path("address"));
        address.pop_back();
        for (int n = 1; n <= 4; ++n) {
            const std::string name = "device-" + std::to_string(n);
            devices_.push_back(std::make_unique<Process>(
                std::vector<std::string>{"device", "--name", name, "--coordinator", address,
                                         "--model", source + "/inference/models/demo", "--threads",
                                         "1", "--once"},
                path(name + ".log")));
        }
        const std::string log = coordinator_->log(), words = "serving: address ";
        const std::size_t begin = log.find(words) + words.size();
        port_ = port_of(log.substr(begin, log.find('\n', begin) - begin));
    }

    std::string complete(int tokens) const {
        const std::string body = Json{
            {"model", "demo"},
            {"prompt", "The server"},
            {"max_tokens", tokens},
            {"temperature", 0}}.dump();
        const auto answer =
            body_of(http(port_,
                         "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                         "application/json\r\nContent-Length: " +
                             std::to_string(body.size()) + "\r\n\r\n" + body));
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

    Process& coordinator() { return *coordinator_; }
    Process& device(std::size_t number) { return *devices_.at(number - 1); }

private:
    std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

    TemporaryFolder folder_;
    std::optional<Process> coordinator_;
    std::vector<std::unique_ptr<Process>> devices_;
    std::uint16_t port_ = 0;
};

TEST_CASE("a coordinator serves texts, and a device that dies between them changes none") {
    ServingLaboratory laboratory;
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
    laboratory.coordinator().signal(SIGTERM);
    CHECK(laboratory.coordinator().wait() == 0);
    for (const std::size_t n : {1, 3, 4})
        CHECK(laboratory.device(n).wait() == 0);
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
