// SPDX-License-Identifier: GPL-3.0-or-later
// Rounds that are recorded: what the files say, that they give the same sums again, and how those
// that do not are refused.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "air/radio_cell.hpp"
#include "engine/recorded_light.hpp"
#include "fake_air.hpp"
#include "files/sha256.hpp"
#include "full_power.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::runtime {
namespace {

using Catch::Contains;
using Json = nlohmann::json;

/// Three sums of four devices of one antenna and a server of four, over fakes, under `base`.
struct RecordedTestbed {
    explicit RecordedTestbed(const std::function<void(fakes::FakeAir&)>& disturb = nullptr,
                             const std::vector<std::size_t>& devices = {})
        : config(read_config(AIRCOMP_SOURCE_DIR "/configs/virtual-radio.yaml")),
          base(folder.path() / "run") {
        // However busy the machine is.
        config.radios.limits.watchdog_s = 3600;
        RadioCell cell(config, full_power(config));
        cell.enter_block();
        std::map<std::string, Eigen::MatrixXcd> channels;
        for (std::size_t n = 0; n < config.devices.size(); ++n) {
            const bool sends =
                devices.empty() || std::find(devices.begin(), devices.end(), n) != devices.end();
            if (sends) channels[config.devices[n].name] = cell.block().channels[n];
        }
        fakes::FakeAir air(channels, 1e-2);
        if (disturb) disturb(air);
        FirstLightOptions options;
        options.rounds = 3;
        options.length = 512;
        options.devices = devices;
        options.open = [&](const RadioOptions& radio) {
            return std::make_unique<fakes::FakeRadio>(air, radio);
        };
        report = record_first_light(config, options, base);
    }

    std::filesystem::path file(const std::string& ending) const { return base.string() + ending; }
    Json json(const std::string& ending) const { return Json::parse(std::ifstream(file(ending))); }
    void write(const std::string& ending, const Json& json) const {
        std::ofstream(file(ending)) << json;
    }
    void is_refused(const std::string& why) const {
        CHECK_THROWS_WITH(replay_first_light(base), Contains(why));
    }

    test::TemporaryFolder folder;
    Config config;
    std::filesystem::path base;
    FirstLightReport report;
};

void check_replay(const RecordedTestbed& testbed) {
    const auto sums = replay_first_light(testbed.base);
    REQUIRE(sums.size() == 3);
    for (std::size_t i = 0; i < sums.size(); ++i) {
        CHECK(sums[i].equal);
        CHECK(sums[i].replayed.nmse == testbed.report.rounds[i].nmse);
        CHECK(sums[i].replayed.number == testbed.report.rounds[i].number);
    }
}

TEST_CASE("the sums of a recording are those of the radios, bit by bit") {
    const RecordedTestbed testbed;
    CHECK(testbed.report.repeated_rounds == 0);
    check_replay(testbed);
}

TEST_CASE("a recording of some devices is replayed with them alone") {
    const RecordedTestbed testbed(nullptr, {0, 2});
    REQUIRE(testbed.report.devices.size() == 2);
    CHECK(testbed.report.devices[1].name == "device-3");
    CHECK(!std::filesystem::exists(testbed.file("-device-2-0.sigmf-data")));
    check_replay(testbed);
}

TEST_CASE("rounds that failed are recorded, and fail again") {
    const RecordedTestbed testbed([](fakes::FakeAir& air) {
        air.fail_burst("device-2", 3, BurstState::late);
        air.fail_burst("server", 6, BurstState::underflowed);
    });
    CHECK(testbed.report.repeated_rounds >= 2);
    check_replay(testbed);
}

TEST_CASE("a recording says of each window which round it is of and what it holds") {
    const RecordedTestbed testbed;
    const Json device = testbed.json("-device-1-0.sigmf-meta");
    const Json server = testbed.json("-server-3.sigmf-meta");
    CHECK(server["global"]["core:datatype"] == "cf32_le");
    CHECK(server["global"]["core:sample_rate"] == 10e6);
    CHECK(server["captures"][0]["core:frequency"] == 2.45e9);
    // Soundings of the acquisition, the design and the end; between them the sums.
    const std::vector<std::string> labels = {"sounding", "sounding", "burst",
                                             "burst",    "burst",    "sounding"};
    REQUIRE(server["annotations"].size() == labels.size());
    REQUIRE(device["annotations"].size() == labels.size());
    std::size_t samples = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const Json& window = server["annotations"][i];
        CHECK(window["core:label"] == labels[i]);
        CHECK(window["aircomp:round"] == i);
        CHECK(window.contains("aircomp:site") == (labels[i] == "burst"));
        CHECK(window["core:sample_start"] == samples);
        CHECK(device["annotations"][i]["core:label"] == "header");
        CHECK(device["annotations"][i]["aircomp:round"] == i);
        samples += window["core:sample_count"].get<std::size_t>();
    }
    CHECK(std::filesystem::file_size(testbed.file("-server-3.sigmf-data")) == 8 * samples);
    CHECK(testbed.json(".sigmf-collection")["collection"]["core:streams"].size() == 8);
}

TEST_CASE("a recording that is cut, changed, foreign or not there is refused by its file's name") {
    const RecordedTestbed testbed;
    const auto data = testbed.file("-server-1.sigmf-data");
    const auto size = std::filesystem::file_size(data);
    {
        std::fstream file(data, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(1000);
        file.put('x');
    }
    testbed.is_refused("-server-1.sigmf-data: expected the core:sha512 of its metadata");
    std::filesystem::resize_file(data, size - 8);
    testbed.is_refused("-server-1.sigmf-data: expected " + std::to_string(size) +
                       " bytes, as its windows have together, found " + std::to_string(size - 8));
    std::filesystem::remove(data);
    testbed.is_refused("-server-1.sigmf-data: expected samples, found no file");
    testbed.write(".sigmf-collection", {{"collection", {{"core:version", "1.0.0"}}}});
    testbed.is_refused(
        "run.sigmf-collection: aircomp:configuration: expected what aircomp record "
        "writes, found nothing");
    std::ofstream(testbed.file(".sigmf-collection")) << "RIFF";
    testbed.is_refused("run.sigmf-collection: expected JSON");
    std::filesystem::remove(testbed.file(".sigmf-collection"));
    testbed.is_refused("run.sigmf-collection: expected a recording, found no file");
}

TEST_CASE("a recording whose configuration asks for other rounds is refused") {
    const RecordedTestbed testbed;
    Json json = testbed.json(".sigmf-collection");
    Json& text = json["collection"]["aircomp:configuration"];
    auto yaml = text.get<std::string>();
    const std::string turnaround = "turnaround_s: 0.008";
    REQUIRE(yaml.find(turnaround) != std::string::npos);
    yaml.replace(yaml.find(turnaround), turnaround.size(), "turnaround_s: 0.007");
    text = yaml;
    testbed.write(".sigmf-collection", json);
    testbed.is_refused("found none: the rounds went another way");
    text = "radios: 3\n";
    testbed.write(".sigmf-collection", json);
    testbed.is_refused("run.sigmf-collection: configuration");
}

TEST_CASE("the hash of a file is that of the example of FIPS 180-4") {
    const test::TemporaryFolder folder;
    CHECK(sha512_of_file(folder.write("abc", "abc")) ==
          "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
          "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST_CASE("radios whose samples a flowgraph computes cannot be recorded") {
    Config config = read_config(AIRCOMP_SOURCE_DIR "/configs/virtual-radio.yaml");
    config.radios.devices[2].chain = RadioChain::flowgraph;
    CHECK_THROWS_WITH(record_first_light(config, {}, "run"),
                      Contains("radios: 'device-3': expected chain kernels"));
}

}  // namespace
}  // namespace aircomp::runtime
