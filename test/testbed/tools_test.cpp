// SPDX-License-Identifier: GPL-3.0-or-later
// Commands beside the daemons: bench control and doctor.
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "daemon/link/certificates.hpp"
#include "daemon/testbed.hpp"
#include "runtime/program.hpp"
#include "support/sanitized.hpp"
#include "support/skip.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::test {
namespace {

namespace testbed = runtime::testbed;

TEST_CASE("bench control times all-reduces of device processes beside echoes of their size") {
    const auto outcome = aircomp("bench control --devices 2 --length 64 --rounds 40 --json -");
    REQUIRE(outcome.code == 0);
    const auto result = nlohmann::json::parse(outcome.output)["control"];
    CHECK(result["devices"] == 2);
    CHECK(result["all_reduces"] == 44);  // Whole tokens of 22.
    CHECK(result["frame_bytes"] > 64 * 4);
    CHECK(result["frame_bytes"] < 64 * 4 + 200);
    CHECK(result["echo_s"] > 0);
    CHECK(result["compute_s"] > 0);
    const double all_reduce_s = result["all_reduce_s"];
    CHECK(all_reduce_s > result["compute_s"]);
    CHECK(result["over_echo"] == Approx(all_reduce_s / result["echo_s"].get<double>()));
    CHECK(result["over_echo_all"] == Approx(all_reduce_s / result["echo_all_s"].get<double>()));
}

/// What the doctor finds, by what it looked at.
std::map<std::string, nlohmann::json> findings(const std::string& arguments, int code) {
    const auto outcome = aircomp("doctor " + arguments + " --json -");
    CAPTURE(outcome.output);
    CHECK(outcome.code == code);
    const auto report = nlohmann::json::parse(outcome.output);
    CHECK(report["fit"] == (code == 0));
    std::map<std::string, nlohmann::json> found;
    for (const auto& one : report["findings"]) {
        CAPTURE(one.dump());
        CHECK_FALSE(one["found"].get<std::string>().empty());
        const std::string health = one["health"];
        CHECK(std::set<std::string>{"good", "weak", "BAD"}.count(health) == 1);
        CHECK((health == "good") == one["mend"].get<std::string>().empty());
        found[one["what"]] = one;
    }
    return found;
}

TEST_CASE("the doctor looks at everything a testbed stands on, and says how to mend it") {
    const auto found = findings("", 0);
    for (const char* what : {"processor", "CPU governor", "real-time priority", "system clock",
                             "net.core.rmem_max", "net.core.wmem_max", "UHD", "radios in sight"}) {
        CAPTURE(what);
        CHECK(found.count(what) == 1);
    }
}

TEST_CASE("the doctor tells certificates that hold, end soon, have ended and are missing") {
    const TemporaryFolder folder;
    const auto pki = folder.path() / "pki";
    testbed::make_authority(pki, "laboratory", 365);
    const auto health = [&](const std::string& name, int code) {
        const std::string path = (pki / name).string();
        const auto found = findings("--certificates " + path, code);
        return found.at("certificate " + path)["health"].get<std::string>();
    };
    using testbed::CertificateRole;
    issue_certificate(pki, "lasting", CertificateRole::device, 300);
    issue_certificate(pki, "ending", CertificateRole::device, 10);
    issue_certificate(pki, "ended", CertificateRole::device, 1, -10);
    CHECK(health("lasting", 0) == "good");
    CHECK(health("ending", 0) == "weak");
    CHECK(health("ended", 1) == "BAD");
    CHECK(health("nobody", 1) == "BAD");
}

TEST_CASE("the doctor says which radio of a configuration is not there") {
    const auto found = findings(AIRCOMP_SOURCE_DIR "/configs/b210-x310.yaml", 1);
    CHECK(found.at("radio device-1")["health"] == "BAD");
    const std::string state = found.at("radio device-1")["found"];
    CHECK(state.find("no device at 'type=b200,serial=0000001") == 0);
    CHECK(found.count("radio device-4") == 1);
    CHECK(found.count("radios in sight") == 0);
}

#ifdef AIRCOMP_UHD_MODULES
/// A configuration of two virtual radios; the server has two antennas, and its reference is
/// connected or not.
std::string two_radios(const TemporaryFolder& folder, bool has_reference) {
    const auto air =
        folder.write("air.yaml", std::string("boards: [{name: device-1}, {name: server, antennas: "
                                             "2, reference: ") +
                                     (has_reference ? "true" : "false") + "}]\n");
    const std::string radio = "{args: \"type=aircomp,config=" + air.string() + ",name=";
    return folder
        .write("lab.yaml",
               "devices: [{name: device-1, compute_flops_per_s: 1e9, energy_j_per_flop: 0, "
               "max_power_w: 1, memory_bytes: 1e9, antennas: 1}]\n"
               "radio: {server_antennas: 2, streams: 1, bandwidth_hz: 10e6, downlink: control}\n"
               "radios: {frequency_hz: 2.45e9, clock_source: external, limits: "
               "{frequency_ranges_hz: [{low: 2.4e9, high: 2.5e9}]}, server: " +
                   radio + "server\"}, devices: [" + radio + "device-1\"}]}\n")
        .string();
}

TEST_CASE("the doctor brings up the radios that are there, and says whose reference is missing") {
    if (sanitized) return skip("programs of UHD cannot load a module with sanitizers");
    REQUIRE(setenv("UHD_MODULE_PATH", AIRCOMP_UHD_MODULES, 1) == 0);
    const TemporaryFolder folder;
    const auto found = findings(two_radios(folder, true), 0);
    CHECK(found.at("radio server")["found"] ==
          "aircomp virtual radio, FW Version: 1.0, FPGA Version: 1.0");
    CHECK(found.at("radio server bring-up")["found"] ==
          "clock source external locked, channels: 2, 10 MHz");
    CHECK(found.at("radio device-1 bring-up")["health"] == "good");
    const auto without = findings(two_radios(folder, false), 1);
    const auto& bad = without.at("radio server bring-up");
    CHECK(bad["health"] == "BAD");
    CHECK(bad["found"].get<std::string>().find("(ref_locked)") != std::string::npos);
    CHECK(bad["mend"].get<std::string>().find("10 MHz at REF IN") == 0);
    CHECK(without.at("radio device-1 bring-up")["health"] == "good");
    const auto text = aircomp("doctor " + two_radios(folder, false));
    CHECK(text.code == 1);
    CHECK(text.output.find("radio server bring-up: 10 MHz at REF IN") != std::string::npos);
}
#endif

}  // namespace
}  // namespace aircomp::test
