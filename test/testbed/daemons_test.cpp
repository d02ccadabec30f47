// SPDX-License-Identifier: GPL-3.0-or-later
// Coordinator and devices as processes on the loopback interface: the text that one process makes,
// whatever happens to them on the way.
#include <algorithm>
#include <map>
#include <memory>
#include <random>

#include "daemon/link/certificates.hpp"
#include "daemon/link/codec.hpp"
#include "daemon/testbed.hpp"
#include "testbed/laboratory.hpp"
#include "testbed/relay.hpp"
#include "testbed/watcher.hpp"

namespace aircomp::test {
namespace {

namespace testbed = runtime::testbed;

TEST_CASE("four processes write what one writes") {
    Laboratory lab;
    lab.start_coordinator();
    lab.start_devices();
    const auto result = lab.result();
    CHECK(result["tokens"] == Laboratory::undisturbed());
    CHECK(result["epochs"] == 1);
    CHECK(result["repeated_rounds"] == 0);
    for (std::size_t n = 1; n <= 4; ++n)
        CHECK(lab.device(n).wait() == 0);
}

TEST_CASE("with a seed and a temperature, processes draw what one process draws") {
    const std::vector<std::string> drawn = {"--temperature", "0.8",    "--top-p",
                                            "0.9",           "--seed", "7"};
    const auto& expected = Laboratory::undisturbed(Laboratory::prompt, drawn);
    REQUIRE(expected != Laboratory::undisturbed());
    Laboratory lab;
    lab.start_coordinator(drawn);
    lab.start_devices();
    REQUIRE(lab.reaches(20));
    lab.device(2).signal(SIGKILL);  // What is drawn after it is as if nothing had been.
    CHECK(lab.result()["tokens"] == expected);
}

TEST_CASE("a killed and a stopped device are noticed, and not one token is lost or changed") {
    Laboratory lab;
    lab.start_coordinator();
    lab.start_devices();
    REQUIRE(lab.reaches(20));
    lab.device(2).signal(SIGKILL);
    REQUIRE(lab.reaches(40));
    lab.device(1).signal(SIGSTOP);
    const auto result = lab.result();
    CHECK(result["tokens"] == Laboratory::undisturbed());
    CHECK(result["devices"][1]["losses"] >= 1);
    CHECK(result["devices"][0]["losses"] >= 1);
    CHECK(lab.coordinator().says("silent for"));
}

TEST_CASE("a device that comes back is taken in, and the run waits where it cannot do without") {
    Laboratory lab("", small_devices());
    lab.start_coordinator();
    lab.start_devices();
    REQUIRE(lab.reaches(10));
    lab.device(3).signal(SIGKILL);
    REQUIRE(eventually([&] { return lab.coordinator().says("waiting for devices"); }));
    lab.start_device(3);
    const auto result = lab.result();
    CHECK(result["tokens"] == Laboratory::undisturbed());
    CHECK(result["epochs"] == 2);
    CHECK(result["devices"][2]["losses"] == 1);
    CHECK(lab.device(3).wait() == 0);
}

TEST_CASE("a connection that is cut is made again, and a lost round is asked for again") {
    Laboratory lab("  round_timeout_s: 0.4\n");
    lab.start_coordinator();
    Relay relay(lab.port());
    for (const std::size_t n : {2, 3, 4})
        lab.start_device(n);
    lab.start_device(1, {}, relay.address());
    REQUIRE(lab.reaches(10));
    relay.lose(1);
    REQUIRE(eventually([&] { return relay.left_to_lose() == 0; }));
    REQUIRE(lab.reaches(lab.made() + 5));  // No token is made while the round is not repeated.
    relay.cut();
    const auto result = lab.result();
    CHECK(result["tokens"] == Laboratory::undisturbed());
    CHECK(result["repeated_rounds"] >= 1);
    CHECK(result["devices"][0]["losses"] >= 1);
}

TEST_CASE("a device that is lost again has to stay away for a while, and is told for how long") {
    Laboratory lab("", small_devices());
    lab.start_coordinator();
    Relay relay(lab.port());
    for (const std::size_t n : {2, 3, 4})
        lab.start_device(n);
    lab.start_device(1, {}, relay.address());
    int losses = 0;  // Only a busy machine, whose devices come late, needs more than two.
    while (!lab.coordinator().says("may come back in")) {
        REQUIRE(++losses < 6);
        REQUIRE(lab.reaches(lab.made() + 10));
        relay.cut();  // No token is made without it.
        REQUIRE(eventually(
            [&] { return lab.coordinator().says("epoch " + std::to_string(losses + 1)); }));
    }
    CHECK(losses >= 2);
    const auto result = lab.result();
    CHECK(result["tokens"] == Laboratory::undisturbed());
    CHECK(result["epochs"] == losses + 1);
    CHECK(result["devices"][0]["losses"] == losses);
    CHECK(lab.coordinator().says("'device-1' was lost " + std::to_string(losses) + " times"));
    CHECK(lab.device(1).says("may come back in"));
    CHECK(lab.device(1).wait() == 0);
}

TEST_CASE("a device that was away when the run ended does not look for it for ever") {
    Laboratory lab;
    lab.start_coordinator();
    lab.start_device(1, {"--patience-s", "1"});
    for (const std::size_t n : {2, 3, 4})
        lab.start_device(n);
    REQUIRE(lab.reaches(10));
    lab.device(1).signal(SIGSTOP);
    CHECK(lab.result()["tokens"] == Laboratory::undisturbed());
    lab.device(1).signal(SIGCONT);
    CHECK(lab.device(1).wait() == 2);
    CHECK(lab.device(1).says("is gone for longer than --patience-s"));
}

TEST_CASE("a device that lives but does not answer is taken out") {
    Laboratory lab("  round_timeout_s: 0.2\n");
    lab.start_coordinator();
    Relay relay(lab.port());
    for (const std::size_t n : {2, 3, 4})
        lab.start_device(n);
    lab.start_device(1, {}, relay.address());
    REQUIRE(lab.reaches(10));
    relay.lose(2);
    CHECK(lab.result()["tokens"] == Laboratory::undisturbed());
    CHECK(lab.coordinator().says("asked twice"));
}

TEST_CASE("a slow device is asked again, and what it says twice counts once") {
    Laboratory lab("  round_timeout_s: 1\n");
    lab.start_coordinator();
    Relay relay(lab.port());
    for (const std::size_t n : {2, 3, 4})
        lab.start_device(n);
    lab.start_device(1, {}, relay.address());
    REQUIRE(lab.reaches(10));
    relay.hold(1.2);
    REQUIRE(eventually([&] { return relay.has_held(); }));
    const auto result = lab.result();
    CHECK(result["tokens"] == Laboratory::undisturbed());
    CHECK(result["repeated_rounds"] >= 1);
    CHECK(result["devices"][0]["losses"] == 0);
}

TEST_CASE("a device whose bytes come a few at a time is waited for") {
    Laboratory lab;
    lab.start_coordinator();
    Relay relay(lab.port());
    for (const std::size_t n : {2, 3, 4})
        lab.start_device(n);
    relay.dribble(100);
    lab.start_device(1, {}, relay.address());
    REQUIRE(eventually([&] { return relay.left_to_dribble() == 0; }));
    const auto result = lab.result();
    CHECK(result["tokens"] == Laboratory::undisturbed());
    CHECK(result["devices"][0]["losses"] == 0);
}

TEST_CASE("a coordinator that is killed goes on from its tokens, with the devices that waited") {
    Laboratory lab("  listen: 127.0.0.1:0\n");
    lab.start_coordinator();
    lab.start_devices();
    REQUIRE(lab.reaches(30));
    lab.coordinator().signal(SIGKILL);
    CHECK(lab.coordinator().wait() == 128 + SIGKILL);
    const std::string address = lab.address();
    lab.start_coordinator({"--listen", address});
    const auto result = lab.result();
    CHECK(result["tokens"] == Laboratory::undisturbed());
    CHECK(result["new_tokens"] < Laboratory::tokens - 29);
}

TEST_CASE("where the devices that are left lack memory, the run ends and says what is missing") {
    Laboratory lab("  join_timeout_s: 20\n", small_devices());
    lab.start_coordinator();
    lab.start_devices();
    REQUIRE(lab.reaches(10));
    lab.device(4).signal(SIGKILL);
    CHECK(lab.coordinator().wait() == 2);
    CAPTURE(lab.coordinator().log());
    CHECK(lab.coordinator().says("short by"));
    CHECK(lab.coordinator().says("device-1 2600000"));
    const std::string log = lab.coordinator().log(), end = "short by";
    CHECK(log.find(end, log.find("aircomp: ")) == log.rfind(end));
    CHECK(log.find("run failed") == std::string::npos);  // The last line says it, once.
}

TEST_CASE("an interrupt ends a run clean, with a summary") {
    Laboratory lab;
    lab.start_coordinator();
    lab.start_devices();
    REQUIRE(lab.reaches(5));
    lab.device(2).signal(SIGSTOP);  // The run waits: it cannot end before it hears the interrupt.
    lab.coordinator().signal(SIGINT);
    const auto result = lab.result();
    CHECK(result["interrupted"] == true);
    const auto made = result["tokens"].get<std::vector<int>>();
    const auto& whole = Laboratory::undisturbed();
    REQUIRE(made.size() <= whole.size());
    CHECK(std::equal(made.begin(), made.end(), whole.begin()));
    CHECK(lab.coordinator().says("interrupted after"));
}

TEST_CASE("a device that is interrupted leaves, and ends well") {
    Laboratory lab;
    lab.start_coordinator();
    lab.start_device(1);
    REQUIRE(eventually([&] { return lab.coordinator().says("device joined"); }));
    lab.device(1).signal(SIGTERM);
    CHECK(lab.device(1).wait() == 0);
    CHECK(lab.device(1).says("link ended: reason interrupted"));
    CHECK(eventually([&] { return lab.coordinator().says("device lost: device device-1"); }));
    lab.coordinator().signal(SIGINT);
    const auto result = lab.result();
    CHECK(result["interrupted"] == true);
    CHECK(result["new_tokens"] == 0);
}

/// Events that are JSON up to the end of a line, by name. A text that is written meanwhile may
/// stand before one.
std::map<std::string, nlohmann::json> json_events(const std::string& log) {
    std::map<std::string, nlohmann::json> events;
    std::istringstream lines(log);
    for (std::string line; std::getline(lines, line);) {
        const auto begin = line.find("{\"time_s\"");
        if (begin == std::string::npos) continue;
        const auto event = nlohmann::json::parse(line.substr(begin));
        CHECK(event["time_s"] > 1.7e9);
        events[event["event"]] = event;
    }
    return events;
}

TEST_CASE("logs are lines of JSON where that is asked for, from the level on that is asked for") {
    Laboratory lab;
    lab.start_coordinator({"--log", "json", "--log-level", "debug"});
    lab.start_device(1, {"--log", "json"});
    lab.start_device(2, {"--log-level", "warning"});
    lab.start_device(3);
    lab.start_device(4);
    lab.result();
    const auto events = json_events(lab.coordinator().log());
    CHECK(events.at("token")["level"] == "debug");
    CHECK(events.at("run over")["new_tokens"] == Laboratory::tokens);
    CHECK(events.at("run over")["interrupted"] == false);
    CHECK(!lab.coordinator().says("tokens in "));  // The summary for people.
    CHECK(lab.device(1).wait() == 0);
    CHECK(json_events(lab.device(1).log()).at("slice loaded")["epoch"] == 1);
    CHECK(lab.device(1).log()[0] == '{');
    CHECK(lab.device(2).wait() == 0);
    CHECK(lab.device(2).log().empty());
}

/// A connection of somebody who is no device.
class Stranger {
public:
    explicit Stranger(std::uint16_t port, const std::string& words = "") : socket_(dial(port)) {
        REQUIRE(socket_ >= 0);
        say(words);
    }
    ~Stranger() { ::close(socket_); }
    Stranger(const Stranger&) = delete;
    Stranger& operator=(const Stranger&) = delete;

    /// Whether the bytes could be sent.
    bool say(const std::string& bytes) const {
        return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(bytes.size());
    }

private:
    int socket_;
};

using Crowd = std::vector<std::unique_ptr<Stranger>>;

std::string noise() {
    std::mt19937 random(3);
    std::string bytes(4096, ' ');
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
    return bytes;
}

/// A hello as the protocol has it, of a device that nobody knows.
std::string hello_of_nobody() {
    runtime::control::Hello hello;
    hello.name = "nobody";
    hello.memory_bytes = hello.compute_flops_per_s = 1e9;
    const auto frame = runtime::control::encode(hello);
    return {reinterpret_cast<const char*>(frame->data()), frame->size()};
}

TEST_CASE("strangers at the port are refused and the run goes on") {
    Laboratory lab("  hello_timeout_s: 0.3\n");
    lab.start_coordinator();
    const auto refused = [&](const std::string& words) {
        return eventually([&] { return lab.coordinator().says(words); });
    };
    const std::string http = "GET / HTTP/1.1\r\nHost: lab\r\n\r\n";
    const std::string too_long = "\xff\xff\xff\xff", half_a_length = "\x10";
    const Stranger browser(lab.port(), http), babbler(lab.port(), noise()),
        boaster(lab.port(), too_long), silent(lab.port(), half_a_length),
        nobody(lab.port(), hello_of_nobody());
    CHECK(refused("found the length 542393671"));  // "GET "
    CHECK(refused("found the length 4294967295"));
    CHECK(refused("no hello within"));
    CHECK(refused("the configuration has no device 'nobody'"));

    // Byte by byte, always in time for the next, and never a whole frame.
    const Stranger slow(lab.port(), std::string("\x00\x08\x00\x00", 4));
    CHECK(eventually([&] { return !slow.say("x"); }));

    lab.start_devices();
    REQUIRE(lab.reaches(5));
    Crowd crowd;
    for (const std::string& words : {http, noise(), too_long, half_a_length, hello_of_nobody()})
        crowd.push_back(std::make_unique<Stranger>(lab.port(), words));
    CHECK(lab.result()["tokens"] == Laboratory::undisturbed());
}

TEST_CASE("more strangers than the coordinator listens to are hung up on, and devices come in") {
    const std::string words = GENERATE(std::string(), hello_of_nobody());
    Laboratory lab("  hello_timeout_s: 1\n");
    lab.start_coordinator();
    Crowd crowd;  // Silent ones, and refused ones that do not leave.
    const auto too_many = [&] {
        crowd.push_back(std::make_unique<Stranger>(lab.port(), words));
        return lab.coordinator().says("too many connections that have not said hello");
    };
    CHECK(eventually(too_many));
    CHECK(crowd.size() > 64);
    lab.start_devices();
    CHECK(lab.result()["tokens"] == Laboratory::undisturbed());
}

TEST_CASE("who watches a run sees its figures, and does not disturb it") {
    Laboratory lab("  metrics_listen: 127.0.0.1:0\n", small_devices());
    lab.start_coordinator();
    const std::uint16_t port = lab.metrics_port();
    const auto ask = [&](const std::string& path) {
        return body_of(http(port, "GET " + path + " HTTP/1.1\r\n\r\n"));
    };
    CHECK(nlohmann::json::parse(ask("/status"))["phase"] == "waiting for devices");
    const Stranger slow(port, "GET /metr"), babbler(port, "\x16\x03\x01 no request");
    lab.start_devices();
    REQUIRE(lab.reaches(10));
    lab.device(2).signal(SIGSTOP);  // The run cannot end before it is looked at.
    REQUIRE(eventually([&] { return lab.coordinator().says("waiting for devices"); }));
    const auto status = nlohmann::json::parse(ask("/status"));
    CHECK(status["phase"] == "recovering");
    CHECK(status["new_tokens"] >= 10);
    CHECK(status["rounds"] >= 100);
    CHECK(status["devices"][1]["state"] == "closed");
    CHECK(status["devices"][1]["losses"] == 1);
    CHECK(status["devices"][0]["bytes_received"] > 1000);
    CHECK(status["devices"][0]["heartbeat_age_s"] <= 2);
    const std::string metrics = ask("/metrics");
    CHECK(metrics.find("aircomp_device_losses_total{device=\"device-2\"} 1\n") !=
          std::string::npos);
    lab.device(2).signal(SIGCONT);
    CHECK(lab.result()["tokens"] == Laboratory::undisturbed());
}

TEST_CASE("with certificates, devices of this laboratory are admitted and others are not") {
    Laboratory lab("  hello_timeout_s: 1\n");
    using testbed::CertificateRole;
    lab.issue_certificates();
    testbed::make_authority(lab.path("other"), "elsewhere", 30);
    issue_certificate(lab.path("pki"), "late", CertificateRole::device, 1, -10);
    issue_certificate(lab.path("other"), "device-1", CertificateRole::device, 30);
    // A stranger that trusts the coordinator: it is the coordinator who has to refuse.
    std::filesystem::copy(lab.path("pki/authority.pem"), lab.path("other/device-1/authority.pem"),
                          std::filesystem::copy_options::overwrite_existing);
    const auto with = [&](const std::string& folder) {
        return std::vector<std::string>{"--certificates", lab.path(folder).string()};
    };
    const auto key = std::filesystem::status(lab.path("pki/device-1/key.pem")).permissions();
    CHECK(key == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));

    lab.start_coordinator(with("pki/coordinator"));
    lab.start_device(1, with("other/device-1"));
    lab.start_device(2, with("pki/late"));
    lab.start_device(3, with("pki/device-4"));
    lab.start_device(4);
    const auto refused = [&](const std::string& words) {
        return eventually([&] { return lab.coordinator().says(words); });
    };
    CHECK(refused("unable to get local issuer certificate"));
    CHECK(refused("certificate has expired"));
    CHECK(refused("'device-3' came with the certificate of 'device-4'"));
    CHECK(refused("wrong version number"));
    const Stranger browser(lab.port(), "GET / HTTP/1.1\r\nHost: lab\r\n\r\n");
    CHECK(refused("http request"));
    const Stranger babbler(lab.port(), noise()), silent(lab.port());
    CHECK(refused("no hello within"));
    CHECK(lab.device(3).wait() == 2);
    for (std::size_t n = 1; n <= 4; ++n)
        lab.start_device(n, with("pki/device-" + std::to_string(n)));
    CHECK(lab.result()["tokens"] == Laboratory::undisturbed());
}

TEST_CASE("a device does not trust a coordinator of another laboratory") {
    Laboratory lab;
    using testbed::CertificateRole;
    testbed::make_authority(lab.path("pki"), "laboratory", 30);
    testbed::make_authority(lab.path("other"), "elsewhere", 30);
    issue_certificate(lab.path("other"), "coordinator", CertificateRole::coordinator, 30);
    issue_certificate(lab.path("pki"), "device-1", CertificateRole::device, 30);
    lab.start_coordinator({"--certificates", lab.path("other/coordinator").string()});
    lab.start_device(1, {"--certificates", lab.path("pki/device-1").string()});
    CHECK(eventually([&] { return lab.device(1).says("certificate verify failed"); }));
}

TEST_CASE("without certificates neither daemon leaves the loopback interface") {
    Laboratory lab;
    Process coordinator(
        {"coordinator", lab.path("lab.yaml").string(), "--prompt", "x", "--listen", "0.0.0.0:0"},
        lab.path("open.log"));
    CHECK(coordinator.wait() == 2);
    CHECK(coordinator.says("expected a loopback address where there are no certificates"));
    Process watched({"coordinator", lab.path("lab.yaml").string(), "--prompt", "x",
                     "--metrics-listen", "0.0.0.0:0"},
                    lab.path("watched.log"));
    CHECK(watched.wait() == 2);
    CHECK(watched.says("testbed.metrics_listen: expected a loopback address"));
    Process device({"device", "--coordinator", "192.0.2.1:5810", "--name", "a", "--model",
                    std::string(AIRCOMP_SOURCE_DIR) + "/inference/models/demo"},
                   lab.path("far.log"));
    CHECK(device.wait() == 2);
    CHECK(device.says("expected a loopback address"));
}

}  // namespace
}  // namespace aircomp::test
