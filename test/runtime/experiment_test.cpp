// SPDX-License-Identifier: GPL-3.0-or-later
// Experiments: from a file to points, from points to a table that does not depend on who measured
// them; and the link without a model against the link with one.
#include "experiment/experiment.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "aircomp/inference/random_model.hpp"
#include "experiment/link_trial.hpp"
#include "small_model.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::runtime {
namespace {

using Catch::Contains;

std::string content(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

const std::string trial = R"(
title: A trial
question: Does it work?
measure: design
base:
  radio: {server_antennas: 4, streams: 1}
setup: {channels: 3, device_antennas: 1}
axes:
  - {name: devices, key: setup.devices, values: [1, 3, 5]}
  - name: size
    cases:
      - {label: "small, quiet", set: {radio: {snr_db: 20}}}
      - {label: large, set: {radio: {server_antennas: 8, snr_db: 0}, setup: {channels: 2}}}
seeds: [1, 2]
quick:
  axes: {devices: [1, 5]}
  seeds: [2]
plots:
  - {x: devices, y: [nmse], lines: [size], y_scale: log}
)";

TEST_CASE("an experiment is all combinations of its axes and seeds") {
    const test::TemporaryFolder folder;
    const auto file = folder.write("trial.yaml", trial);
    const auto whole = read_experiment(file, /*quick=*/false);
    CHECK(whole.name == "trial");
    CHECK(whole.axes == std::vector<std::string>{"devices", "size"});
    REQUIRE(whole.points.size() == 12);
    const auto& last = whole.points.back();
    CHECK(last.labels == std::vector<std::string>{"5", "large"});
    CHECK(last.config.devices.size() == 5);
    CHECK(last.config.devices[4].name == "device-5");
    CHECK(last.config.devices[4].antennas == 1);
    CHECK(last.config.radio.server_antennas == 8);
    CHECK(last.config.radio.snr_db == 0);
    CHECK(last.config.seed == 2);
    CHECK(last.setup.channels == 2);
    // The first point keeps what the axes do not set: no axis leaks into another's points.
    CHECK(whole.points[0].config.radio.server_antennas == 4);
    CHECK(whole.points[0].config.devices.size() == 1);
    CHECK(whole.points[4].config.devices.size() == 3);

    const auto quick = read_experiment(file, /*quick=*/true);
    REQUIRE(quick.points.size() == 4);
    CHECK(quick.points[0].config.devices.size() == 1);
    CHECK(quick.points[2].config.devices.size() == 5);
    CHECK(quick.points[2].identity != quick.points[0].identity);
}

TEST_CASE("an experiment may set nothing, and another model and text may take its own's place") {
    const test::TemporaryFolder folder;
    const auto bare =
        folder.write("bare.yaml", "title: t\nquestion: q\nmeasure: design\nseeds: [1]\n");
    CHECK(read_experiment(bare, false).points.size() == 1);
    const auto file = folder.write(
        "own.yaml",
        "title: t\nquestion: q\nmeasure: perplexity\nseeds: [1]\nbase: {model: {folder: mine}}\n"
        "setup: {text: mine.txt}\n");
    const auto own = read_experiment(file, false).points.at(0);
    CHECK(own.config.model.folder == folder.path() / "mine");
    const auto other = read_experiment(file, false, {"/other/model", "/other/text"}).points.at(0);
    CHECK(other.config.model.folder == "/other/model");
    CHECK(other.setup.text == "/other/text");
    CHECK(other.identity != own.identity);
    // What has no model stays what it is.
    CHECK(read_experiment(bare, false, {"/other/model", "/other/text"}).points[0].identity ==
          read_experiment(bare, false).points[0].identity);
}

TEST_CASE("a wrong experiment is refused with its place") {
    const test::TemporaryFolder folder;
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string text = trial;
        text.replace(text.find(from), from.size(), to);
        return folder.write("trial.yaml", text);
    };
    const auto refused = [](const std::filesystem::path& file, const std::string& message) {
        CHECK_THROWS_WITH(read_experiment(file, true), Contains(message));
    };
    refused(with("measure: design", "measure: magic"),
            "trial.yaml:4: measure: expected one of link, perplexity, outliers, design, "
            "assignment, found magic");
    refused(with("measure: design", "measure: link"),
            "(devices 1, size small, quiet): setup.dimensions: expected a value, which the measure "
            "link needs, found none");
    refused(with("server_antennas: 4", "server_antenas: 4"),
            "radio.server_antenas: unknown key, did you mean radio.server_antennas?");
    refused(with("channels: 3", "chanels: 3"), "chanels: unknown key, did you mean channels?");
    refused(with("channels: 3", "channels: 3, protocol: gtpq"),
            "protocol: expected windows, gptq or llama.cpp, found gtpq");
    refused(with("snr_db: 20", "snr_db: 900"), "(devices 1, size small, quiet): radio.snr_db");
    refused(with("devices: [1, 5]", "devices: [1, 7]"),
            "expected a value of the axis devices, found 7");
    refused(with("x: devices", "x: device"), "plots[0].x: expected one of devices, size");
    refused(with("lines: [size]", "lines: [sizes]"),
            "plots[0].lines[0]: expected one of devices, size");
    refused(with("y_scale: log", "y_scale: logarithmic"), "y_scale: expected one of linear, log");
    refused(with("y_scale: log", "y_range: [2, 1]"), "y_range: expected two numbers");
    refused(with("y_scale: log", "over: {axis: devices, reference: 3}"),
            "over.reference: expected one of 1, 5, found 3");  // 3 is no quick value
    refused(with("y_scale: log", "over: {axis: devices}"),
            "plots[0].over: expected the key reference");
    refused(with("seeds: [2]", "seeds: [2, 2]"), "expected seeds that differ");
    refused(with("seeds: [2]", "seeds: []"), "expected a list of seeds");
    refused(with("question: Does it work?", ""), "expected the key question");
}

TEST_CASE("the table is the same for any number of processes, and after an interruption") {
    const test::TemporaryFolder folder;
    const auto file = folder.write("trial.yaml", trial).string();
    const auto reproduce = [&](const std::string& out, const std::string& options) {
        return std::system((std::string(AIRCOMP_PROGRAM) + " reproduce " + file + " --out " +
                            (folder.path() / out).string() + " " + options + " >/dev/null 2>&1")
                               .c_str());
    };
    REQUIRE(reproduce("one", "--workers 1") == 0);
    REQUIRE(reproduce("three", "--workers 3") == 0);
    const auto table = content(folder.path() / "one/trial/table.csv");
    CHECK(table.rfind(
              "devices,size,seed,nmse,iterations,settings_hash,version\n1,\"small, quiet\",1,",
              0) == 0);
    CHECK(std::count(table.begin(), table.end(), '\n') == 13);
    CHECK(table == content(folder.path() / "three/trial/table.csv"));
    CHECK(std::filesystem::file_size(folder.path() / "one/trial/figure.png") > 1000);

    // As a killed run leaves it: some points missing, a claim that nobody holds, a part of a file.
    const auto points = folder.path() / "three/trial/points";
    const auto victim = std::filesystem::directory_iterator(points)->path();
    std::filesystem::remove(victim);
    const std::ofstream claim(std::filesystem::path(victim).replace_extension(".claim"));
    std::ofstream(victim.string() + ".part1") << "{\"nm";
    std::filesystem::remove(folder.path() / "three/trial/table.csv");
    REQUIRE(reproduce("three", "--workers 2") == 0);
    CHECK(table == content(folder.path() / "three/trial/table.csv"));
}

TEST_CASE("a link trial costs what a simulation of the same dimensions costs") {
    const auto model = small_model();
    const auto checkpoint = inference::random_model(model, {});
    for (const char* scheme : {"centralized", "digital", "fdma", "mmse"}) {
        CAPTURE(scheme);
        Config config = default_config();
        config.scheme = scheme;
        config.threads = 1;
        Simulation simulation(config, checkpoint, nullptr);
        const inference::Token token[] = {5};
        simulation.model().forward(token, 0, simulation.medium());
        const auto link = run_link_trial(config, model, {});
        const auto cost = simulation.cost();
        CHECK(link.cost.compute_s == Approx(cost.compute_s));
        CHECK(link.cost.uplink_s == Approx(cost.uplink_s));
        CHECK(link.cost.downlink_s == Approx(cost.downlink_s));
        CHECK(link.cost.sounding_s == Approx(cost.sounding_s));
        CHECK(link.cost.total_energy_j() == Approx(cost.total_energy_j()).epsilon(0.2));
    }
}

TEST_CASE("one token's uplink does not grow with the devices over the air, and does elsewhere") {
    inference::ModelConfig model;
    model.hidden_size = 256;
    model.ffn_size = 512;
    model.layers = 2;
    model.heads = model.kv_heads = 8;
    model.head_dim = 32;
    model.vocabulary_size = 64;
    model.context = 64;
    const auto uplink = [&](const std::string& scheme, std::int64_t devices) {
        Config config = default_config(devices);
        config.scheme = scheme;
        for (auto& device : config.devices)
            device.path_gain = 0.3;
        return run_link_trial(config, model, {}).cost.uplink_s;
    };
    CHECK(uplink("mmse", 8) == Approx(uplink("mmse", 2)));
    CHECK(uplink("fdma", 8) == Approx(4 * uplink("fdma", 2)));
    CHECK(uplink("digital", 8) == Approx(4 * uplink("digital", 2)).epsilon(0.15));
}

}  // namespace
}  // namespace aircomp::runtime
