// SPDX-License-Identifier: GPL-3.0-or-later
// Pages over HTTP: what clients ask for, and clients that are slow, many or out of their minds.
#include "serve/http.hpp"
#include "daemon/link/certificates.hpp"

#include <atomic>
#include <random>
#include <thread>

#include "daemon/testbed.hpp"
#include "runtime/program.hpp"
#include "testbed/laboratory.hpp"
#include "testbed/watcher.hpp"

namespace aircomp::test {
namespace {

namespace control = runtime::control;
namespace testbed = runtime::testbed;

/// A server with one page and one that throws, its loop in a thread of its own.
class Server {
public:
    explicit Server(const control::TlsIdentity* identity = nullptr)
        : http_(loop_, {"127.0.0.1", 0},
                {{"/page", control::page("text/plain", [] { return std::string("a page\n"); })},
                 {"/broken",
                  control::page("text/plain",
                                []() -> std::string { throw std::runtime_error("no page"); })}},
                rules(identity)),
          port_(port_of(http_.url())),
          thread_([this] { loop_.run_until([this] { return ending_.load(); }, 3600); }) {}
    ~Server() {
        loop_.post([this] { ending_ = true; });
        thread_.join();
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    std::uint16_t port() const { return port_; }

private:
    static control::HttpRules rules(const control::TlsIdentity* identity) {
        control::HttpRules rules;
        rules.identity = identity;
        return rules;
    }

    control::Loop loop_;
    control::HttpServer http_;
    std::uint16_t port_;
    std::atomic<bool> ending_ = false;
    std::thread thread_;
};

TEST_CASE("GET and HEAD are answered, other methods and paths get told what is expected") {
    const Server server;
    const auto ask = [&](const std::string& request) { return http(server.port(), request); };
    const auto page = ask("GET /page?x=1 HTTP/1.1\r\nHost: lab\r\n\r\n");
    CHECK(page.find("HTTP/1.1 200 ") == 0);
    CHECK(page.find("\r\nContent-Type: text/plain\r\n") != std::string::npos);
    CHECK(body_of(page) == "a page\n");
    const auto head = ask("HEAD /page HTTP/1.1\r\nHost: lab\r\n\r\n");
    CHECK(head.find("HTTP/1.1 200 ") == 0);
    CHECK(head.find("\r\nContent-Length: 7\r\n") != std::string::npos);
    CHECK(body_of(head).empty());
    CHECK(body_of(ask("GET /page HTTP/1.0\r\n\r\n")) == "a page\n");
    CHECK(body_of(ask("GET / HTTP/1.1\r\nHost: lab\r\n\r\n")) ==
          "expected one of /broken, /page\n");
    CHECK(ask("GET /nothing HTTP/1.1\r\nHost: lab\r\n\r\n").find("HTTP/1.1 404 ") == 0);
    const auto post = ask("POST /page HTTP/1.1\r\nHost: lab\r\nContent-Length: 5\r\n\r\nhello");
    CHECK(post.find("HTTP/1.1 405 ") == 0);
    CHECK(post.find("\r\nAllow: GET, HEAD\r\n") != std::string::npos);
    CHECK(ask("GET /broken HTTP/1.1\r\nHost: lab\r\n\r\n").find("HTTP/1.1 500 ") == 0);
}

TEST_CASE("what is no request of bearable size is refused") {
    const Server server;
    const auto ask = [&](const std::string& request) { return http(server.port(), request); };
    CHECK(ask("GET /page SMTP/1.1\r\n\r\n").find("HTTP/1.1 400 ") == 0);
    CHECK(ask("GET /page HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n")
              .find("HTTP/1.1 431 ") == 0);
    // So much is left unread that the answer may be lost with the connection.
    const auto flood = ask("GET /" + std::string(1 << 20, 'x'));
    CHECK((flood.empty() || flood.find("HTTP/1.1 431 ") == 0));
    std::mt19937 random(7);
    for (int i = 0; i < 50; ++i) {
        std::string noise(1 + random() % 2000, ' ');
        std::generate(noise.begin(), noise.end(), [&] { return static_cast<char>(random()); });
        const auto answer = ask(noise + "\r\n\r\n");
        CHECK((answer.empty() || answer.find("HTTP/1.1 400 ") == 0));
    }
    CHECK(body_of(ask("GET /page HTTP/1.1\r\n\r\n")) == "a page\n");
}

TEST_CASE("silent clients take nobody's place but their own, and not for long") {
    const Server server;
    std::vector<int> silent(15);
    for (int& client : silent)
        client = dial(server.port());
    // One place is left, and is free again after each.
    for (int i = 0; i < 3; ++i) {
        CHECK(eventually([&] {
            return body_of(http(server.port(), "GET /page HTTP/1.1\r\n\r\n")) == "a page\n";
        }));
    }
    silent.push_back(dial(server.port()));
    // Nobody is served beyond sixteen, until their time is over.
    CHECK(eventually([&] { return http(server.port(), "GET /page HTTP/1.1\r\n\r\n").empty(); }));
    CHECK(eventually(
        [&] { return body_of(http(server.port(), "GET /page HTTP/1.1\r\n\r\n")) == "a page\n"; }));
    for (const int client : silent) {
        char byte = 0;
        CHECK(::recv(client, &byte, 1, 0) == 0);  // It was hung up on.
        ::close(client);
    }
}

TEST_CASE("with certificates, pages are for those who have one of the same laboratory") {
    const TemporaryFolder folder;
    using testbed::CertificateRole;
    testbed::make_authority(folder.path() / "pki", "laboratory", 30);
    testbed::make_authority(folder.path() / "other", "elsewhere", 30);
    const auto own =
        issue_certificate(folder.path() / "pki", "coordinator", CertificateRole::coordinator, 30);
    const auto watcher =
        issue_certificate(folder.path() / "pki", "watcher", CertificateRole::device, 30);
    const auto stranger =
        issue_certificate(folder.path() / "other", "watcher", CertificateRole::device, 30);
    const control::TlsIdentity identity(own, control::Role::coordinator);
    const Server server(&identity);
    const auto ask = [&](const std::filesystem::path& certificate) {
        return run("printf 'GET /page HTTP/1.1\\r\\n\\r\\n' | timeout 60 openssl s_client -quiet "
                   "-verify_return_error -verify_hostname coordinator -connect 127.0.0.1:" +
                   std::to_string(server.port()) + " -CAfile " +
                   (watcher / "authority.pem").string() + " -cert " +
                   (certificate / "certificate.pem").string() + " -key " +
                   (certificate / "key.pem").string())
            .output;
    };
    CHECK(body_of(ask(watcher)) == "a page\n");
    CHECK(ask(stranger).find("HTTP") == std::string::npos);
    CHECK(http(server.port(), "GET /page HTTP/1.1\r\n\r\n").find("HTTP") == std::string::npos);
}

}  // namespace
}  // namespace aircomp::test
