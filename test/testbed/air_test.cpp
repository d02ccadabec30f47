// SPDX-License-Identifier: GPL-3.0-or-later
// Coordinator and devices as processes whose sums go over virtual radios: as exact as the simulated
// air, whatever happens to a device, and silent without a coordinator.
#include "testbed/air_laboratory.hpp"
#include "testbed/relay.hpp"

namespace aircomp::test {
namespace {

/// 10 log10 of the error over that of `generate` with the medium waveform.
double error_over_simulated_db(AirLaboratory& lab, const nlohmann::json& result) {
    Process simulated({"generate", "--config", lab.path("lab.yaml"), "--medium", "waveform",
                       "--prompt", "The", "--tokens", "4", "--json", lab.path("simulated.json")},
                      lab.path("simulated.log"));
    CAPTURE(simulated.log());
    REQUIRE(simulated.wait() == 0);
    const double expected =
        nlohmann::json::parse(contents(lab.path("simulated.json")))["nmse"].get<double>();
    const double found = result["air"]["nmse"].get<double>();
    CAPTURE(found, expected);
    return 10 * std::log10(found / expected);
}

TEST_CASE("sums of processes over the air are as exact as those of the medium waveform") {
    AirLaboratory lab;
    lab.start_coordinator(4);
    lab.start_devices();
    const auto result = lab.result();
    CAPTURE(lab.coordinator().log());
    CHECK(std::abs(error_over_simulated_db(lab, result)) < 1);
    CHECK(result["new_tokens"] == 4);
    CHECK(result["epochs"] == 1);
    CHECK(result["air"]["evm_soundings"] == 0);
    for (const auto& device : result["devices"]) {
        CHECK(device["air"]["bursts"] > 0);
        CHECK(device["air"]["power_w"] > 0);
    }
    for (std::size_t n = 1; n <= device_count; ++n)
        CHECK(lab.device(n).wait() == 0);
}

/// Bytes that the coordinator sent to the first device in a run of 12 tokens.
double bytes_to_device(const std::string& downlink, nlohmann::json& air) {
    AirOptions options;
    options.downlink = downlink;
    AirLaboratory lab(options);
    lab.start_coordinator(12);
    lab.start_devices();
    const auto result = lab.result();
    CAPTURE(lab.coordinator().log());
    CHECK(result["new_tokens"] == 12);
    CHECK(result["epochs"] == 1);
    air = result["air"];
    return result["devices"][0]["bytes_sent"].get<double>();
}

TEST_CASE("sums of processes come down to the devices' radios, and over no wire") {
    nlohmann::json air, wired;
    const double by_air = bytes_to_device("multicast", air);
    const double by_wire = bytes_to_device("control", wired);
    CAPTURE(air.dump(), wired.dump());
    // A prompt of two tokens, each of which is a vector of one message, and 11 tokens after it.
    CHECK(air["messages"] == 13);
    CHECK(air["repeated_messages"] == 0);
    CHECK(wired["messages"] == 0);
    // 13 sums of 256 float32, and in their place orders to listen of some 100 bytes.
    CHECK(by_wire - by_air > 13 * (1024 - 250));
    // Errors of codes of 16 bits are far below those of the way up.
    const double db = 10 * std::log10(air["nmse"].get<double>() / wired["nmse"].get<double>());
    CHECK(std::abs(db) < 1);
}

TEST_CASE("a coordinator refuses a way down that daemons do not have") {
    AirOptions options;
    options.downlink = "free";
    const AirLaboratory lab(options);
    Process coordinator({"coordinator", lab.path("lab.yaml"), "--listen", "127.0.0.1:0", "--prompt",
                         "The", "--tokens", "4"},
                        lab.path("refused.log"));
    CHECK(coordinator.wait() == 2);
    CAPTURE(coordinator.log());
    CHECK(
        coordinator.says("radio.downlink: expected one of multicast, control for sums of daemons"));
}

TEST_CASE("a device that is held up again and again changes no bit of the sums") {
    const auto run = [](bool is_held_up) {
        AirLaboratory lab;
        lab.start_coordinator(some);
        lab.start_devices();
        REQUIRE(lab.reaches(1));
        while (is_held_up && lab.coordinator().is_running()) {
            lab.device(2).signal(SIGSTOP);
            std::this_thread::sleep_for(std::chrono::milliseconds(60));
            lab.device(2).signal(SIGCONT);
            std::this_thread::sleep_for(std::chrono::milliseconds(60));
        }
        const auto result = lab.result();
        CHECK(result["epochs"] == 1);
        CHECK(result["air"]["repeated_rounds"] == 0);
        return std::make_pair(result["text"].get<std::string>(),
                              result["air"]["nmse"].get<double>());
    };
    CHECK(run(true) == run(false));
}

TEST_CASE("devices get the coordinator's calibration, and sums are as exact as simulated ones") {
    AirOptions options;
    options.calibrated = true;
    options.downlink = GENERATE("control", "multicast");
    AirLaboratory lab(options);
    lab.start_coordinator(4);
    lab.start_devices();
    const auto result = lab.result();
    CAPTURE(lab.coordinator().log());
    CHECK(std::abs(error_over_simulated_db(lab, result)) < 1);
    // What devices foretell of the next sums tells that their streams are the coordinator's, bit by bit.
    CHECK_FALSE(lab.coordinator().says("device differs"));
    CHECK(result["new_tokens"] == 4);
    for (const auto& device : result["devices"])
        CHECK(device["losses"] == 0);
    // One file, whose name is its hash; nothing half-written beside it.
    std::vector<std::filesystem::path> kept;
    for (const auto& entry :
         std::filesystem::directory_iterator(lab.path("cache/aircomp/calibrations")))
        kept.push_back(entry.path());
    REQUIRE(kept.size() == 1);
    CHECK(contents(kept[0]) == contents(lab.path("model.aircomp-calibration")));
    for (std::size_t n = 1; n <= device_count; ++n)
        CHECK(lab.device(n).says("calibration: file " + kept[0].string()));
}

TEST_CASE("a device that takes a lost one's place gets the calibration as well") {
    AirOptions options;
    options.calibrated = true;
    AirLaboratory lab(options);
    lab.start_coordinator(endless);
    lab.start_devices();
    REQUIRE(lab.reaches(1));
    lab.device(2).signal(SIGKILL);
    REQUIRE(eventually([&] { return lab.coordinator().says("epoch 2"); }));
    std::filesystem::remove_all(lab.path("cache"));  // As on another host.
    lab.start_device(2);
    REQUIRE(eventually([&] { return lab.coordinator().says("epoch 3"); }));
    REQUIRE(lab.reaches(lab.made() + 2));
    lab.coordinator().signal(SIGINT);
    const auto result = lab.result();
    CHECK(lab.device(2).says("calibration: file " + lab.path("cache/aircomp/calibrations/")));
    CHECK(result["devices"][1]["losses"] == 1);
    CHECK(result["air"]["nmse"].get<double>() < 0.1);
}

TEST_CASE("a coordinator whose calibration is cut or of another model ends and names the file") {
    AirOptions options;
    options.calibrated = true;
    const AirLaboratory lab(options);
    const std::string file = lab.path("model.aircomp-calibration");
    std::string bytes = contents(file), expected;
    SECTION("cut") {
        bytes.resize(bytes.size() / 2);
        expected = "(truncated file?)";
    }
    SECTION("of another model") {
        const std::string mark = "model-sha256\":\"";
        const auto digit = bytes.find(mark) + mark.size();
        bytes[digit] = bytes[digit] == '0' ? '1' : '0';
        expected = "expected a calibration of the model ";
    }
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
    Process coordinator({"coordinator", lab.path("lab.yaml"), "--listen", "127.0.0.1:0", "--prompt",
                         "The", "--tokens", "4"},
                        lab.path("refused.log"));
    CHECK(coordinator.wait() == 2);
    CAPTURE(coordinator.log());
    CHECK(coordinator.says("aircomp: " + file + ": "));
    CHECK(coordinator.says(expected));
}

TEST_CASE("radios come up while partials are still measured over the links") {
    AirLaboratory lab;
    lab.start_coordinator(1);
    Relay relay(lab.port());
    // Longer than from one pulse of the radios' clocks to the next.
    relay.hold(1.5);
    for (std::size_t n = 1; n < device_count; ++n)
        lab.start_device(n);
    lab.start_device(device_count, /*with_radio=*/true, relay.address());
    const auto result = lab.result();
    CAPTURE(lab.coordinator().log());
    CHECK(relay.has_held());
    CHECK(result["epochs"] == 1);
    for (const auto& device : result["devices"])
        CHECK(device["losses"] == 0);
}

TEST_CASE("the air does without a killed and a stopped device, and takes one back") {
    AirOptions options;
    options.patience_s = 2;  // As soon as the coordinator, which hears no heartbeat.
    AirLaboratory lab(options);
    lab.start_coordinator(endless);
    lab.start_devices();
    REQUIRE(lab.reaches(1));
    lab.device(2).signal(SIGKILL);
    REQUIRE(eventually([&] { return lab.coordinator().says("epoch 2"); }));
    REQUIRE(lab.reaches(lab.made() + 2));
    lab.start_device(2);
    REQUIRE(eventually([&] { return lab.coordinator().says("epoch 3"); }));
    REQUIRE(lab.reaches(lab.made() + 2));
    lab.device(3).signal(SIGSTOP);
    REQUIRE(eventually([&] { return lab.coordinator().says("epoch 4"); }));
    REQUIRE(lab.reaches(lab.made() + 2));
    lab.coordinator().signal(SIGINT);
    const auto result = lab.result();
    CHECK(result["interrupted"] == true);
    CHECK(result["devices"][1]["losses"] == 1);
    CHECK(result["devices"][2]["losses"] == 1);
    CHECK(lab.coordinator().says("silent for"));
    CHECK(result["epochs"].get<int>() >= 4);
    // Sums are as good after all of that as undisturbed ones: this is 20 dB of SNR.
    CHECK(result["air"]["nmse"].get<double>() < 0.1);
}

TEST_CASE("a scheme that chooses the shares does so anew for the devices that are left") {
    AirOptions options;
    options.scheme = "scheme: mmse+sca\n";
    AirLaboratory lab(options);
    lab.start_coordinator(some);
    lab.start_devices();
    REQUIRE(lab.reaches(1));
    lab.device(2).signal(SIGKILL);
    const auto result = lab.result();
    CAPTURE(lab.coordinator().log());
    CHECK(result["new_tokens"] == some);
    CHECK(result["epochs"] == 2);
    CHECK(result["devices"][1]["heads"] == 0);
    std::int64_t groups = 0;
    for (const auto& device : result["devices"])
        groups += device["heads"].get<std::int64_t>();
    CHECK(groups == 8);
    CHECK(result["air"]["nmse"].get<double>() < 0.1);
    const std::string log = lab.coordinator().log(), chosen = "shares chosen: scheme mmse+sca";
    CHECK(log.find(chosen) < log.rfind(chosen));
}

TEST_CASE("devices whose coordinator is gone are silent, and follow the next one") {
    AirLaboratory lab;
    lab.start_coordinator(some);
    lab.start_devices();
    REQUIRE(lab.reaches(1));
    lab.coordinator().signal(SIGKILL);
    REQUIRE(eventually([&] { return lab.device(1).says("link ended"); }));
    const std::string address = lab.address();
    lab.start_coordinator(some, address);
    const auto result = lab.result();
    CHECK(result["new_tokens"].get<int>() < some);
    CHECK(result["air"]["nmse"].get<double>() < 0.1);
}

TEST_CASE("a device without a radio, or with another air, is refused where sums go over it") {
    AirLaboratory lab;
    lab.start_coordinator(1);
    lab.start_device(1, /*with_radio=*/false);
    CHECK(lab.device(1).wait() == 2);
    CHECK(lab.device(1).says("refused: radio: expected one, for sums go over the air"));
    const std::string other =
        with(contents(lab.path("lab.yaml")), "frequency_hz: 2.45e9", "frequency_hz: 2.46e9");
    std::ofstream(lab.path("lab.yaml")) << other;
    lab.start_device(1);
    CHECK(lab.device(1).wait() == 2);
    CHECK(lab.device(1).says("refused: radio: expected a configuration with the coordinator's"));
}

}  // namespace
}  // namespace aircomp::test
