// SPDX-License-Identifier: GPL-3.0-or-later
// What can go wrong on the air and on the way to it, one fault a test.
#include "support/skip.hpp"
#include "testbed/air_laboratory.hpp"
#include "testbed/namespaces.hpp"
#include "testbed/socket_relay.hpp"

namespace aircomp::test {
namespace {

TEST_CASE("the demo writes over an air from hosts with addresses and certificates of their own",
          "[air faults]") {
    if (!may_make_namespaces())
        return skip("this process may not make network namespaces (ip netns add), run as root");
    AirOptions options;
    options.demo = true;
    AirLaboratory lab(options);
    issue_certificates(lab.folder() / "pki");
    const Namespaces hosts(device_count);
    lab.start_coordinator(4, "0.0.0.0:0", {"--certificates", lab.path("pki/coordinator")},
                          hosts.on(0));
    const std::string port = ":" + std::to_string(lab.port());
    for (int n = 1; n <= 4; ++n) {
        lab.start_device(static_cast<std::size_t>(n), /*with_radio=*/true,
                         Namespaces::coordinator_address(n) + port,
                         {"--certificates", lab.path("pki/device-" + std::to_string(n))},
                         hosts.on(n));
    }
    const auto result = lab.result();
    CAPTURE(lab.coordinator().log());
    CHECK(lab.coordinator().says("tls 1.3"));
    CHECK(lab.coordinator().says("peer 10.77.4.2:"));
    CHECK(result["new_tokens"] == 4);
    const auto text = result["text"].get<std::string>();
    CAPTURE(text);
    CHECK(text.rfind("The", 0) == 0);
    CHECK(text.size() > 3);
    // -33 dB on a quiet machine.
    CHECK(result["air"]["nmse"].get<double>() < 0.01);
    for (const auto& device : result["devices"])
        CHECK(device["air"]["bursts"] > 0);
}

/// A run of so many tokens in which the third device's radio hangs after the first one.
void hang_radio(AirLaboratory& lab, SocketRelay& relay, int tokens) {
    lab.reroute(3, lab.path("relay"));
    lab.start_coordinator(tokens);
    lab.start_devices();
    REQUIRE(lab.reaches(1));
    relay.freeze();
}

TEST_CASE("a device whose radio hangs is taken out", "[air faults]") {
    AirOptions options;
    options.round_timeout_s = 3;
    options.patience_s = 2;
    AirLaboratory lab(options);
    SocketRelay relay(lab.path("relay"), lab.path("air"));
    hang_radio(lab, relay, some);
    const auto result = lab.result();
    CAPTURE(lab.coordinator().log());
    CHECK(lab.coordinator().says(
        "device lost: device device-3, reason its radio has not reported within 3"));
    CHECK(result["new_tokens"] == some);
    CHECK(result["devices"][2]["losses"] == 1);
    CHECK(result["air"]["nmse"].get<double>() < 0.1);
}

TEST_CASE("a device whose radio hangs ends when it is told to", "[air faults]") {
    AirLaboratory lab;
    SocketRelay relay(lab.path("relay"), lab.path("air"));
    hang_radio(lab, relay, endless);
    REQUIRE(eventually([&] { return relay.keeps_waiting(); }));
    REQUIRE(lab.coordinator().is_running());
    lab.device(3).signal(SIGTERM);
    CHECK(lab.device(3).wait() == 1);
    CHECK(lab.device(3).says("left a radio that hangs"));
}

TEST_CASE("bursts that come late are counted and repeated, and no token suffers", "[air faults]") {
    AirOptions options;
    options.scaled_clock = true;
    AirLaboratory lab(options);
    lab.start_coordinator(12);
    lab.start_devices();
    REQUIRE(lab.reaches(1));
    // A host that is busy with something else now and then, for longer than orders come ahead.
    const std::string late = "round repeated: reason device 'device-2': the burst was late";
    while (lab.coordinator().is_running() && !lab.coordinator().says(late)) {
        lab.device(2).signal(SIGSTOP);
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        lab.device(2).signal(SIGCONT);
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
    }
    const auto result = lab.result();
    CAPTURE(lab.coordinator().log());
    CHECK(lab.coordinator().says(late));
    CHECK(result["devices"][1]["air"]["late"] > 0);
    CHECK(result["air"]["repeated_rounds"] > 0);
    CHECK(result["new_tokens"] == 12);
    CHECK(result["air"]["nmse"].get<double>() < 0.1);
}

TEST_CASE("pilots that err make the coordinator sound again before the block is over",
          "[air faults]") {
    AirOptions options;
    options.coherence_block_s = 1000;
    options.coherence_time_s = 0.05;
    options.min_confidence = 0;
    AirLaboratory lab(options);
    // Half a second of radio time.
    lab.start_coordinator(60);
    lab.start_devices();
    const auto result = lab.result();
    CAPTURE(lab.coordinator().log());
    CHECK(result["air"]["evm_soundings"] > 0);
    CHECK(result["new_tokens"] == 60);
}

TEST_CASE("nothing is on the air once the coordinator is gone", "[air faults]") {
    if (sanitized) return skip("programs of UHD cannot load a module with sanitizers");
    if (std::string(AIRCOMP_UHD_RECEIVER).empty())
        return skip("UHD's example rx_samples_to_file was not found when this was configured");
    AirLaboratory lab;
    lab.start_coordinator(endless);
    lab.start_devices();
    REQUIRE(lab.reaches(1));
    REQUIRE(lab.heard() > 0.01);
    REQUIRE(lab.coordinator().is_running());
    lab.coordinator().signal(SIGKILL);
    for (std::size_t n = 1; n <= device_count; ++n)
        REQUIRE(eventually([&] { return lab.device(n).says("link ended"); }));
    CHECK(lab.heard() == 0);
}

}  // namespace
}  // namespace aircomp::test
