// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp serve as its clients see it, well behaved and not.
#include <signal.h>
#include <sys/resource.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "runtime/program.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "testbed/watcher.hpp"

namespace aircomp::test {
namespace {

using Json = nlohmann::json;

const std::string demo = std::string(AIRCOMP_SOURCE_DIR) + "/inference/models/demo";

const std::vector<std::string> quick = {"--scheme", "exact", "--devices", "2"};
/// Some four tokens a second: the texts below would take a minute.
std::vector<std::string> slow(const std::string& conversations) {
    return {"--scheme", "mmse",    "--medium", "waveform",        "--devices",
            "32",       "--queue", "1",        "--conversations", conversations};
}

class Server {
public:
    explicit Server(const std::vector<std::string>& more = quick) {
        std::vector<std::string> arguments = {"serve",       "--model",     demo,
                                              "--threads",   "1",           "--listen",
                                              "127.0.0.1:0", "--port-file", path("port")};
        arguments.insert(arguments.end(), more.begin(), more.end());
        process_.emplace(arguments, path("log"));
        REQUIRE(eventually([&] { return std::filesystem::exists(path("port")); }));
        port_ = port_of(contents(path("port")));
    }

    std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
    std::uint16_t port() const { return port_; }
    Process& process() { return *process_; }

    std::string ask(const std::string& request) const { return http(port_, request); }

    std::string post(const std::string& target, const std::string& body,
                     const std::string& headers = "") const {
        return ask(posting(target, body, headers));
    }

    static std::string posting(const std::string& target, const std::string& body,
                               const std::string& headers = "") {
        return "POST " + target +
               " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + headers +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }

private:
    TemporaryFolder folder_;
    std::optional<Process> process_;
    std::uint16_t port_ = 0;
};

unsigned status_of(const std::string& answer) {
    return answer.rfind("HTTP/1.1 ", 0) == 0 ? static_cast<unsigned>(std::stoi(answer.substr(9, 3)))
                                             : 0;
}

std::string completion(const Json& change = Json::object()) {
    Json body = {
        {"model", "demo"}, {"prompt", "The server"}, {"max_tokens", 8}, {"temperature", 0}};
    body.merge_patch(change);
    return body.dump();
}

/// The data of a stream's events.
std::vector<std::string> events_of(const std::string& answer) {
    std::string text = body_of(answer);
    std::vector<std::string> events;
    for (std::size_t at = 0; (at = text.find("data: ", at)) != std::string::npos;) {
        const std::size_t end = text.find("\n\n", at);
        events.push_back(text.substr(at + 6, end - at - 6));
        at = end;
    }
    return events;
}

TEST_CASE("a completion is what aircomp generate writes, whole and as a stream") {
    const Server server;
    const auto generated = aircomp("generate --model " + demo +
                                   " --devices 2 --threads 1 --scheme exact --tokens 8 --prompt "
                                   "\"The server\" --json -");
    const auto expected = Json::parse(generated.output)["text"].get<std::string>();
    const auto answer = server.post("/v1/completions", completion());
    CHECK(status_of(answer) == 200);
    const auto json = Json::parse(body_of(answer));
    const auto text = json["choices"][0]["text"].get<std::string>();
    CHECK("The server" + text == expected);
    CHECK(json["choices"][0]["finish_reason"] == "length");
    CHECK(json["usage"]["completion_tokens"] == 8);
    CHECK(json["usage"]["prompt_tokens_details"]["cached_tokens"] == 0);

    const auto stream =
        server.post("/v1/completions",
                    completion({{"stream", true}, {"stream_options", {{"include_usage", true}}}}));
    CHECK(stream.find("\r\nTransfer-Encoding: chunked\r\n") != std::string::npos);
    CHECK(stream.find("\r\nContent-Type: text/event-stream\r\n") != std::string::npos);
    CHECK(stream.substr(stream.size() - 5) == "0\r\n\r\n");
    auto events = events_of(stream);
    REQUIRE(events.size() >= 4);
    CHECK(events.back() == "[DONE]");
    events.pop_back();
    // The same prompt again stands in the caches, but for its last token.
    CHECK(Json::parse(events.back())["usage"]["prompt_tokens_details"]["cached_tokens"] == 2);
    events.pop_back();
    CHECK(Json::parse(events.back())["choices"][0]["finish_reason"] == "length");
    std::string joined;
    for (const auto& event : events)
        joined += Json::parse(event)["choices"][0]["text"].get<std::string>();
    CHECK(joined == text);
}

TEST_CASE("what is wrong is an error object with its status") {
    const Server server;
    const auto check = [&](unsigned status, const std::string& answer, const char* words) {
        CAPTURE(answer);
        CHECK(status_of(answer) == status);
        const auto json = Json::parse(body_of(answer));
        CHECK_THAT(json["error"]["message"].get<std::string>(), Catch::Contains(words));
        CHECK(json["error"].contains("type"));
        CHECK(json["error"].contains("param"));
        CHECK(json["error"].contains("code"));
    };
    check(400, server.post("/v1/completions", "{"), "expected JSON");
    check(400, server.post("/v1/completions", completion({{"temperature", 9}})), "temperature");
    check(400, server.post("/v1/completions", completion({{"max_tokens", 4096}})), "context");
    check(404, server.post("/v1/completions", completion({{"model", "gpt"}})), "model");
    check(400,
          server.post("/v1/chat/completions",
                      R"({"model":"demo","messages":[{"role":"user","content":"Hi"}]})"),
          "no chat template");
    check(404, server.ask("GET /v2 HTTP/1.1\r\nHost: localhost\r\n\r\n"), "/v1/models");
    check(405, server.ask("GET /v1/completions HTTP/1.1\r\nHost: localhost\r\n\r\n"), "POST");
    check(405, server.ask("OPTIONS /v1/completions HTTP/1.1\r\nHost: localhost\r\n\r\n"), "POST");
    check(415,
          server.ask("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                     "text/plain\r\nContent-Length: 2\r\n\r\n{}"),
          "application/json");
    check(413,
          server.ask("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                     "application/json\r\nContent-Length: 99999999\r\n\r\n"),
          "1048576");
    check(403, server.ask("GET /v1/models HTTP/1.1\r\nHost: evil.example\r\n\r\n"), "Host");
    check(403, server.post("/v1/completions", completion(), "Origin: http://evil.example\r\n"),
          "Origin");
    check(431,
          server.ask("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(9000, 'x') +
                     "\r\n\r\n"),
          "8192");
    CHECK(status_of(server.post("/v1/completions", completion())) == 200);
}

TEST_CASE("requests that two readers would cut differently are refused") {
    const Server server;
    const std::string head =
        "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    for (const std::string& rest : {
             std::string("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
             std::string("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
             std::string("Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
             std::string("Content-Length: 5, 6\r\n\r\nhello!"),
             std::string("Content-Length: +5\r\n\r\nhello"),
             std::string("Content-Length: -1\r\n\r\n"),
             std::string("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
             std::string("Transfer-Encoding: identity\r\n\r\nhello"),
             std::string("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
             std::string(
                 "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
             std::string("Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"),
             std::string("Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n"),
             std::string("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
             std::string("Host: localhost\r\nContent-Length: 2\r\n\r\n{}"),
         }) {
        const auto answer = server.ask(head + rest);
        CAPTURE(rest, answer);
        const unsigned status = status_of(answer);
        CHECK((status == 400 || status == 501));
        // One connection, one answer.
        CHECK(answer.find("HTTP/1.1 ", 1) == std::string::npos);
    }
    const std::string second = "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const auto two = server.ask(Server::posting("/v1/completions", completion()) + second);
    CHECK(status_of(two) == 200);
    CHECK(two.find("HTTP/1.1 ", 1) == std::string::npos);
    // A body in chunks is fine.
    const std::string body = completion();
    char size[17];
    std::snprintf(size, sizeof size, "%zx", body.size());
    CHECK(status_of(server.ask(head + "Transfer-Encoding: chunked\r\n\r\n" + size + "\r\n" + body +
                               "\r\n0\r\n\r\n")) == 200);
    CHECK(server
              .ask(head + "Expect: 100-continue\r\nContent-Length: " + std::to_string(body.size()) +
                   "\r\n\r\n" + body)
              .find("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ") == 0);
}

constexpr int long_text = 250;

/// Asks for a long stream, and waits until it has begun.
int begin_stream(const Server& server) {
    const int socket = dial(server.port());
    const auto request = Server::posting("/v1/completions",
                                         completion({{"stream", true}, {"max_tokens", long_text}}));
    ::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
    char byte = 0;
    REQUIRE(::recv(socket, &byte, 1, 0) == 1);
    return socket;
}

/// Ends it in order. Returns how many tokens it has computed.
int end(Server& server) {
    server.process().signal(SIGTERM);
    CHECK(server.process().wait() == 0);
    const std::string log = server.process().log(), words = "ended: tokens ";
    const auto found = log.find(words);
    REQUIRE(found != std::string::npos);
    return std::stoi(log.substr(found + words.size()));
}

TEST_CASE("who comes when the queue is full is told so; who goes frees the model at once") {
    Server server(slow("1"));
    const int first = begin_stream(server);
    const int second = dial(server.port());
    const auto request = Server::posting("/v1/completions", completion({{"max_tokens", 1}}));
    ::send(second, request.data(), request.size(), MSG_NOSIGNAL);
    std::string answer;
    REQUIRE(eventually([&] {
        answer = server.post("/v1/completions", completion({{"max_tokens", 1}}));
        return status_of(answer) == 429;
    }));
    CHECK(answer.find("\r\nRetry-After: 1\r\n") != std::string::npos);
    CHECK(Json::parse(body_of(answer))["error"]["code"] == "queue_full");
    // The one that waits gets its own once the first has gone.
    ::close(first);
    char bytes[16] = {};
    REQUIRE(::recv(second, bytes, sizeof bytes - 1, MSG_WAITALL) == sizeof bytes - 1);
    CHECK(std::string(bytes).find("HTTP/1.1 200") == 0);
    ::close(second);
    CHECK(status_of(server.post("/v1/completions", completion({{"max_tokens", 1}}))) == 200);
    CHECK(end(server) < long_text);
}

TEST_CASE("a short text is not kept waiting by a long one") {
    Server server(slow("2"));
    const int stream = begin_stream(server);
    CHECK(status_of(server.post("/v1/completions", completion({{"max_tokens", 1}}))) == 200);
    CHECK(end(server) < long_text);
    ::close(stream);
}

TEST_CASE("SIGTERM ends what is being made, and the server") {
    Server server(slow("1"));
    const int stream = begin_stream(server);
    const int second = dial(server.port());
    const auto request = Server::posting("/v1/completions", completion({{"max_tokens", 1}}));
    ::send(second, request.data(), request.size(), MSG_NOSIGNAL);
    REQUIRE(eventually([&] {
        return status_of(server.post("/v1/completions", completion({{"max_tokens", 1}}))) == 429;
    }));
    CHECK(end(server) < long_text);
    std::string rest, refused;
    char bytes[4096];
    for (ssize_t size; (size = ::recv(stream, bytes, sizeof bytes, 0)) > 0;)
        rest.append(bytes, static_cast<std::size_t>(size));
    CHECK(rest.find("the server is ending") != std::string::npos);
    for (ssize_t size; (size = ::recv(second, bytes, sizeof bytes, 0)) > 0;)
        refused.append(bytes, static_cast<std::size_t>(size));
    CHECK(status_of(refused) == 503);
    ::close(stream);
    ::close(second);
}

TEST_CASE("with a token, all but the page's own files wants it") {
    const TemporaryFolder folder;
    const std::string file = (folder.path() / "token").string();
    std::ofstream(file) << "0123456789abcdef\n";
    using Permissions = std::filesystem::perms;
    std::filesystem::permissions(file, Permissions::owner_read | Permissions::owner_write);
    const Server server({"--scheme", "exact", "--devices", "2", "--token-file", file});
    const auto get = [&](const std::string& path, const std::string& headers) {
        return server.ask("GET " + path + " HTTP/1.1\r\nHost: laboratory\r\n" + headers + "\r\n");
    };
    CHECK(status_of(get("/", "")) == 200);
    CHECK(status_of(get("/v1/models", "Authorization: Bearer 0123456789abcdef\r\n")) == 200);
    for (const char* path : {"/v1/models", "/live", "/nothing"})
        CHECK(status_of(get(path, "")) == 401);
    CHECK(status_of(server.post("/v1/completions", completion())) == 401);
    CHECK(status_of(server.post("/v1/completions", completion(),
                                "Authorization: Bearer 0123456789abcdef\r\n")) == 200);
}

TEST_CASE("the page may load from its server alone, and its figures come as events") {
    const Server server;
    const auto page = server.ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(page.find("\r\nContent-Security-Policy: default-src 'none'") != std::string::npos);
    CHECK(page.find("\r\nX-Content-Type-Options: nosniff\r\n") != std::string::npos);
    CHECK(status_of(server.ask("GET /chart.js HTTP/1.1\r\nHost: localhost\r\n\r\n")) == 200);
    const int watcher = dial(server.port());
    const std::string request = "GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n";
    ::send(watcher, request.data(), request.size(), MSG_NOSIGNAL);
    std::string seen;
    const auto read_until = [&](const std::string& words) {
        char bytes[4096];
        while (seen.find(words) == std::string::npos) {
            const ssize_t size = ::recv(watcher, bytes, sizeof bytes, 0);
            if (size <= 0) return false;
            seen.append(bytes, static_cast<std::size_t>(size));
        }
        return true;
    };
    // Before the first token, and with every one.
    CHECK(read_until("\"tokens\":0,"));
    CHECK(status_of(server.post("/v1/completions", completion({{"max_tokens", 2}}))) == 200);
    CHECK(read_until("\"tokens\":4,"));
    CHECK(seen.find("\"nmse\":0.0,") != std::string::npos);
    ::close(watcher);
}

/// Of a process, resident.
std::size_t memory_bytes(pid_t process) {
    std::istringstream status(contents("/proc/" + std::to_string(process) + "/statm"));
    std::size_t whole = 0, resident = 0;
    status >> whole >> resident;
    return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

TEST_CASE("a thousand clients are served at a time, and none beyond") {
    rlimit limit{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    Server server;
    CHECK(status_of(server.post("/v1/completions", completion())) == 200);
    const std::size_t before = memory_bytes(server.process().id());
    const std::string request = "GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n";
    std::vector<int> watchers;
    const auto hears = [](int watcher) {
        char byte = 0;
        return ::recv(watcher, &byte, 1, 0) == 1;
    };
    for (int i = 0; i < 999; ++i) {
        watchers.push_back(dial(server.port()));
        ::send(watchers.back(), request.data(), request.size(), MSG_NOSIGNAL);
        REQUIRE(hears(watchers.back()));
    }
    CHECK(status_of(server.post("/v1/completions", completion())) == 200);
    watchers.push_back(dial(server.port()));
    ::send(watchers.back(), request.data(), request.size(), MSG_NOSIGNAL);
    CHECK(hears(watchers.back()));
    const int beyond = dial(server.port());
    CHECK_FALSE(hears(beyond));
    ::close(beyond);
    // Some 20 KiB each, and what they have not read of the figures: at most 64 MiB of all.
    CHECK(memory_bytes(server.process().id()) < before + 100 * 1024 * 1024);
    for (const int watcher : watchers)
        ::close(watcher);
    REQUIRE(eventually([&] {
        return status_of(server.ask("GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n")) == 200;
    }));
}

TEST_CASE("aircomp serve refuses what it cannot do, in words") {
    const auto refused = [](const std::string& arguments, const std::string& words) {
        const auto result = aircomp("serve --scheme exact --devices 2 " + arguments, true);
        CAPTURE(result.output);
        CHECK(result.code == 2);
        CHECK_THAT(result.output, Catch::Contains(words));
    };
    refused("--model " + demo + " --listen 0.0.0.0:0", "--token-file");
    refused("--model " + demo + " --listen nowhere", "HOST:PORT");
    refused("--model " + demo + " --token-file /nonexistent", "/nonexistent: no such file");
    refused("", "no model");
}

}  // namespace
}  // namespace aircomp::test
