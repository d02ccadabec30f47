// SPDX-License-Identifier: GPL-3.0-or-later
// A run's status as Prometheus and as JSON: form and figures.
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "serve/run_status.hpp"
#include "support/catch.hpp"

namespace aircomp::test {
namespace {

using namespace runtime::testbed;

RunStatus example() {
    RunStatus status;
    status.phase = "generating";
    status.prompt_tokens = 9;
    status.totals.new_tokens = 4;
    status.totals.rounds = 52;
    status.totals.generating_s = 2;
    status.totals.reduce_s = 1;
    DeviceSummary device;
    device.name = "a \"b\"\\\nc";
    device.share = 0.25;
    device.compute_s = 0.5;
    device.wait_s = 0.125;
    device.bytes_sent = 12345678901;
    status.totals.devices = {device, device};
    status.totals.devices[1].name = "d";
    status.devices.resize(2);
    status.devices[0] = {runtime::control::PeerState::computing, 0.01, 0.002, 0};
    status.devices[1].pause_s = 2.5;
    return status;
}

AirSummary example_air() {
    AirSummary air;
    air.nmse_estimate = 0.001;
    air.soundings = 3;
    air.devices.resize(2);
    air.devices[0].evm = std::numeric_limits<double>::infinity();
    air.devices[0].late = 2;
    air.devices[0].snr_db = 31.5;
    air.condition_db = 12;
    air.nmse = 0.002;
    air.devices[1].power_margin_db = -1.5;
    return air;
}

/// All samples by name and labels. What the format does not allow fails.
std::map<std::string, std::string> samples_of(const std::string& text) {
    static const std::regex head("# (HELP|TYPE) (aircomp_[a-z_]+) (.+)");
    static const std::regex line(
        R"re((aircomp_[a-z_]+)(\{[a-z]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z]+="(?:[^"\\\n]|\\["\\n])*")*\})? (\S+))re");
    static const std::regex value(R"re([-+]?[0-9]+(\.[0-9]+)?(e[-+][0-9]+)?|[-+]Inf|NaN)re");
    REQUIRE(text.back() == '\n');
    std::map<std::string, std::string> samples, types;
    std::string current;
    std::istringstream lines(text);
    for (std::string one; std::getline(lines, one);) {
        CAPTURE(one);
        std::smatch found;
        if (std::regex_match(one, found, head)) {
            if (found[1] == "HELP") {
                CHECK(types.count(found[2]) == 0);  // All of a metric stands together.
                current = found[2];
                types[current];
            } else {
                CHECK(found[2] == current);
                CHECK((found[3] == "gauge" || found[3] == "counter"));
                types[current] = found[3];
            }
            continue;
        }
        REQUIRE(std::regex_match(one, found, line));
        CHECK(found[1] == current);
        const std::string number = found[3];
        CHECK(std::regex_match(number, value));
        const bool is_total = current.size() > 6 && current.rfind("_total") == current.size() - 6;
        CHECK(is_total == (types[current] == "counter"));
        CHECK(samples.emplace(found[1].str() + found[2].str(), number).second);
    }
    return samples;
}

TEST_CASE("metrics keep Prometheus' format, whatever devices are called") {
    RunStatus status = example();
    const auto wired = samples_of(metrics_text(status));
    const std::string device = R"({device="a \"b\"\\\nc"})";
    CHECK(wired.at("aircomp_tokens_total") == "4");
    CHECK(wired.at("aircomp_device_share_ratio" + device) == "0.25");
    CHECK(wired.at("aircomp_device_sent_bytes_total" + device) == "12345678901");
    CHECK(wired.at(R"(aircomp_device_state{device="d",state="closed"})") == "1");
    CHECK(wired.at(R"(aircomp_device_state{device="d",state="ready"})") == "0");
    CHECK(wired.at(R"(aircomp_device_pause_seconds{device="d"})") == "2.5");
    CHECK(wired.count("aircomp_nmse_estimate_ratio") == 0);
    status.totals.air = example_air();
    const auto air = samples_of(metrics_text(status));
    CHECK(air.at("aircomp_nmse_estimate_ratio") == "0.001");
    CHECK(air.at("aircomp_nmse_ratio") == "0.002");
    CHECK(air.at("aircomp_device_evm_ratio" + device) == "+Inf");
    CHECK(air.at("aircomp_device_snr_decibels" + device) == "31.5");
    CHECK(air.at("aircomp_condition_decibels") == "12");
    CHECK(air.at(R"(aircomp_device_power_margin_decibels{device="d"})") == "-1.5");
    const std::string late = R"(aircomp_device_troubled_bursts_total{device="a \"b\"\\\nc",)";
    CHECK(air.at(late + R"(outcome="late"})") == "2");
}

TEST_CASE("status is JSON, with times a token and what the air did") {
    RunStatus status = example();
    const auto wired = nlohmann::json::parse(status_json(status));
    CHECK(wired["phase"] == "generating");
    CHECK(wired["reduce_s_per_token"] == 0.25);
    CHECK(wired["devices"][0]["name"] == status.totals.devices[0].name);
    CHECK(wired["devices"][0]["state"] == "computing");
    CHECK(wired["devices"][0]["compute_s_per_token"] == 0.125);
    CHECK(wired["devices"][1]["wait_s_per_token"] == 0.03125);
    CHECK(wired["devices"][1]["pause_s"] == 2.5);
    CHECK(!wired.contains("air"));
    status.totals.air = example_air();
    const auto air = nlohmann::json::parse(status_json(status));
    CHECK(air["air"]["nmse_estimate"] == 0.001);
    CHECK(air["air"]["condition_db"] == 12);
    CHECK(air["devices"][0]["air"]["snr_db"] == 31.5);
    CHECK(air["devices"][0]["air"]["late"] == 2);
    CHECK(air["devices"][0]["air"]["evm"].is_null());  // JSON has no infinity.
}

}  // namespace
}  // namespace aircomp::test
