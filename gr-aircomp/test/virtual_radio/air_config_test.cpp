// SPDX-License-Identifier: GPL-3.0-or-later
// The file of an air: what it sets, and how it is refused.
#include "air_config.hpp"
#include "links.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace gr::aircomp::virtual_radio {
namespace {

using ::aircomp::test::TemporaryFolder;

AirConfig read(const std::string& text) {
    const TemporaryFolder folder;
    return read_air(folder.write("air.yaml", text).string());
}

TEST_CASE("given paths hold in both directions, whichever board is named first") {
    const AirConfig air = read(R"(
boards: [{name: a, antennas: 2}, {name: b}]
links:
  - between: [b, a]
    gain_db: 20
    given: [{delay_samples: 1.5, gains: [[[1, 2], [3, 4]]]}]
)");
    for (const bool turned : {false, true}) {
        const auto paths =
            turned ? link_paths(air, {1, 0}, {0, 1}, 0) : link_paths(air, {0, 1}, {1, 0}, 0);
        REQUIRE(paths.size() == 1);
        CHECK(paths[0].delay == 1.5);
        CHECK(std::abs(paths[0].gain - std::complex<double>(30, 40)) < 1e-12);
    }
    CHECK(link_paths(air, {0, 0}, {0, 1}, 0).empty());
}

TEST_CASE("drawn paths are of the link's mean power and change with the block") {
    const AirConfig air =
        read("boards: [{name: a}, {name: b}]\nlink: {gain_db: -10, fading: rayleigh, paths: 2}\n");
    double power = 0;
    for (int block = 0; block < 4000; ++block) {
        for (const auto& path : link_paths(air, {0, 0}, {1, 0}, block))
            power += std::norm(path.gain) / 4000;
    }
    // 4000 draws of two exponentials: standard error 1.1%.
    CHECK(power == Approx(0.1).epsilon(0.05));
}

TEST_CASE("a wrong file is refused with line, key, what was expected and what was found") {
    const auto refused = [](const std::string& text, const std::string& expected) {
        INFO(text);
        CHECK_THROWS_WITH(read(text), Catch::Contains(expected));
    };
    refused("seed: 1\n", "boards: expected a list of boards, found nothing");
    refused("boards: [{name: a}]\nsped: 1\n", ":2: : expected one of");
    refused("boards:\n  - {name: a, antennas: 0}\n",
            ":2: boards[0].antennas: expected a number from 1 to 64, found '0'");
    refused("boards: [{name: a}, {name: a}]\n", "boards[1].name: expected a name of its own");
    refused("boards: [{name: a}]\nlinks: [{between: [a, c]}]\n",
            "links[0].between: expected one of a, found 'c'");
    refused("boards: [{name: a}, {name: b}]\nlinks: [{between: [a, b], given: [{gains: [[1]]}]}]\n",
            "links[0].given[0].gains: expected [real, imaginary], found '1'");
    refused("boards: [{name: a, receiver: {converter_bits: 8}}]\n",
            "receiver.full_scale: expected a number above 0 where converter_bits is set");
    refused("boards: [{name: a, tune_phase: any}]\n",
            "boards[0].tune_phase: expected fixed or random, found 'any'");
    refused("boards: [{name: a}]\nlink: {spread_hz: 5}\n",
            "link.fading: expected rayleigh where spread_hz is set");
    refused("boards: [{name: a}]\nclock: sundial\n",
            "clock: expected scaled or event, found 'sundial'");
    refused("boards: [{name: a}]\nclock: event\ntime_scale: 0.1\n",
            "time_scale: expected nothing beside clock: event, found '0.1'");
    refused("boards: [{name: a}]\npatience_s: 0\n",
            "patience_s: expected a number from 0.1 to 3600, found '0'");
    refused("boards: [", "expected YAML");
}

}  // namespace
}  // namespace gr::aircomp::virtual_radio
