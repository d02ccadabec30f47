// SPDX-License-Identifier: GPL-3.0-or-later
// The section radios: its limits, its chains, and the lines of its errors.
#include "config/config.hpp"

#include <string>
#include <vector>

#include "config_texts.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

TEST_CASE("configurations of radios are read, limits and all") {
    const Config config = read_config(AIRCOMP_SOURCE_DIR "/configs/virtual-radio.yaml");
    CHECK(config.radios.transmit);
    CHECK(config.radios.frequency_hz == 2.45e9);
    CHECK(config.radios.unit_power_dbfs == -18);
    REQUIRE(config.radios.devices.size() == 4);
    CHECK(config.radios.devices[3].args ==
          "type=aircomp,config=configs/virtual-air.yaml,name=device-4");
    REQUIRE(config.radios.limits.frequency_ranges.size() == 1);
    CHECK(config.radios.limits.frequency_ranges[0].low_hz == 2.4e9);
    CHECK_FALSE(config.radios.limits.max_power_dbm);
    const Config laboratory = read_config(AIRCOMP_SOURCE_DIR "/configs/b210-x310.yaml");
    CHECK_FALSE(laboratory.radios.transmit);
    CHECK(laboratory.radios.server.subdevice == "A:0 B:0");
    CHECK(laboratory.radios.devices[1].transmit_gain_db == 50);
}

TEST_CASE("what computes samples is said for all radios, or for one") {
    const auto chains = [](const std::string& radios) {
        const Config config = parse_config("radios:\n" + radios, "test", "");
        return std::vector<RadioChain>{config.radios.server.chain, config.radios.devices[0].chain,
                                       config.radios.devices[1].chain};
    };
    const std::string ends =
        "  server: {args: s}\n  devices: [{args: a}, {args: b, chain: companion}]\n";
    using Chains = std::vector<RadioChain>;
    CHECK(chains(ends) == Chains{RadioChain::kernels, RadioChain::kernels, RadioChain::companion});
    CHECK(chains("  chain: flowgraph\n" + ends) ==
          Chains{RadioChain::flowgraph, RadioChain::flowgraph, RadioChain::companion});
    CHECK_THROWS_WITH(chains("  chain: flow\n" + ends), Catch::Matchers::Contains("radios.chain"));
}

TEST_CASE("an error in the radios of a file names its line") {
    const auto error = [](const std::string& radios) { return error_of("radios:\n" + radios); };
    const std::string server = "  server: {args: x}\n";
    CHECK(error("  frequency_hz: 1e9\n") ==
          "lab.yaml:1: radios: expected the key server, found none");
    CHECK(error("  frequency_hz: 1e9\n" + server + "  devices: [{args: a}]\n") ==
          "lab.yaml:4: radios.devices: expected 4 radios, as many as devices, found 1");
    const std::string devices = "  devices: [{args: a}, {args: b}, {args: c}, {args: d}]\n";
    CHECK(error("  frequency_hz: -1\n" + server + devices) ==
          "lab.yaml:2: radios.frequency_hz: expected a number from 1 to 1e+12, found -1");
    CHECK(error("  frequency_hz: 1e9\n  limits: {max_duty: 2}\n" + server + devices) ==
          "lab.yaml:3: radios.limits.max_duty: expected a number above 0 and at most 1, found 2");
    CHECK(error("  frequency_hz: 1e9\n  unit_power_dbfs: 3\n" + server + devices) ==
          "lab.yaml:3: radios.unit_power_dbfs: expected a number from -100 to 0, found 3");
}

}  // namespace
}  // namespace aircomp::runtime
