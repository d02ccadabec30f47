// SPDX-License-Identifier: GPL-3.0-or-later
// One suite over the rows of all registries: schemes, ways down, measures. What a row says of
// itself is what its medium, way or measure does.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "aircomp/inference/random_model.hpp"
#include "aircomp/optimizer/design.hpp"
#include "coding/exact_sum.hpp"
#include "config/registry.hpp"
#include "engine/simulation.hpp"
#include "experiment/measures.hpp"
#include "full_power.hpp"
#include "schemes/down/registry.hpp"
#include "schemes/entries.hpp"
#include "schemes/registry.hpp"
#include "small_model.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::runtime {
namespace {

using Catch::Contains;

const inference::Checkpoint& checkpoint() {
    static const inference::Checkpoint model = inference::random_model(small_model(), {});
    return model;
}

Config config_of(const Scheme& scheme, std::int64_t devices = 4) {
    Config config = default_config(devices);
    config.scheme = scheme.name;
    config.threads = 1;
    config.radio.snr_db = 30;
    return config;
}

/// A token through the small model.
struct OneToken {
    explicit OneToken(const Config& config) : simulation(config, checkpoint(), nullptr) {
        const inference::Token token[] = {5};
        logits = simulation.model().forward(token, 0, simulation.medium());
    }

    Simulation simulation;
    std::vector<float> logits;
};

std::string refusal(const Config& config) {
    try {
        validate(config, "trial", check_scheme);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "";
}

std::vector<Scheme> all_schemes() {
    return schemes();
}

template <typename Row>
void check_rows(const std::vector<Row>& rows) {
    std::set<std::string> names;
    for (const Row& row : rows) {
        CAPTURE(row.name, row.is);
        CHECK(names.insert(row.name).second);
        CHECK(row.is.size() > 10);
    }
}

TEST_CASE("every row has a name of its own and a sentence") {
    check_rows(schemes());
    check_rows(downlinks());
    check_rows(measures());
}

TEST_CASE("an unknown name is refused with the names that there are") {
    CHECK_THROWS_WITH(find_scheme("magic"),
                      "scheme 'magic' is not known; known are centralized, exact, digital, "
                      "digital-sdma, zf-sdma, gather, gather-sdma, gather-zf, fdma, alternating, "
                      "inversion, mmse, sdr, uniform, mmse+sca, sdr+sca, hierarchical");
    Config config = default_config();
    config.radio.downlink = "magic";
    CHECK_THROWS_WITH(make_way_down(config),
                      "downlink 'magic' is not known; known are multicast, closed-loop, "
                      "closed-loop-transform, control, free");
    CHECK(refusal(config) ==
          "trial: radio.downlink: expected one of multicast, closed-loop, "
          "closed-loop-transform, control, free, found "
          "'magic'");
    CHECK_THROWS_WITH(find_measure("magic"),
                      "measure 'magic' is not known; known are link, perplexity, outliers, design, "
                      "assignment");
}

TEST_CASE("every scheme carries a token of a small model, and enters only what its row lists") {
    const Scheme scheme = GENERATE(from_range(all_schemes()));
    CAPTURE(scheme.name);
    OneToken token(config_of(scheme));
    for (const float logit : token.logits)
        REQUIRE(std::isfinite(logit));
    const Ledger& ledger = token.simulation.medium().usage();
    CHECK(ledger.all_reduces == 2 * small_model().layers);
    for (const auto& [key, amount] : ledger.own()) {
        CAPTURE(key);
        auto listed = scheme.entries;
        const auto& way =
            find_row(downlinks(), "downlink", token.simulation.config().radio.downlink);
        listed.insert(listed.end(), way.entries.begin(), way.entries.end());
        CHECK(std::any_of(listed.begin(), listed.end(),
                          [&, &name = key](const auto& entry) { return entry.key == name; }));
    }
    const bool is_exact = !scheme.analog && !scheme.quantises;
    CHECK((token.simulation.model().nmse() < 1e-12) == is_exact);
    CHECK((ledger.total_s() == 0) == is_exact);
    CHECK((ledger.relay_energy_j > 0) == scheme.uses_relays);
    CHECK((token.simulation.config().devices.size() == 1) == scheme.one_device);
}

TEST_CASE("what a scheme needs is what its row says") {
    const Scheme scheme = GENERATE(from_range(all_schemes()));
    CAPTURE(scheme.name);
    const Config config = config_of(scheme);
    CHECK(refusal(config).empty());
    // An analog scheme has no scales without a calibration.
    const auto make = [&] { make_medium(config, 64, full_power(config), {}); };
    if (scheme.analog) {
        CHECK_THROWS(make());
    } else {
        CHECK_NOTHROW(make());
    }
    Config with_shares = config;
    with_shares.shares = {0.25, 0.25, 0.25, 0.25};
    CHECK_THAT(refusal(with_shares), Contains(scheme.assigns_shares ? "trial: shares:" : ""));
    CHECK(refusal(with_shares).empty() != scheme.assigns_shares);
    Config small_relays = config;
    small_relays.relays.antennas = config.radio.streams - 1;
    CHECK(refusal(small_relays).empty() != scheme.uses_relays);
}

TEST_CASE("what a scheme does is what its row says") {
    const Scheme scheme = GENERATE(from_range(all_schemes()));
    CAPTURE(scheme.name);
    const auto designs = optimizer::designer_names();
    const bool has_design = !scheme.design.empty();
    CHECK(has_design ==
          (std::find(designs.begin(), designs.end(), scheme.design) != designs.end()));
    if (scheme.one_device || scheme.assigns_shares) return;  // as the scheme without that
    const Config config = config_of(scheme);
    const OneToken as_it_is(config);
    Config coarser = config;
    coarser.digital.bits = 4;
    CHECK((OneToken(coarser).logits != as_it_is.logits) == scheme.quantises);
    Config deeper = config;
    deeper.medium = AirMedium::waveform;
    CHECK((OneToken(deeper).logits != as_it_is.logits) == has_design);
    if (!scheme.analog || scheme.uses_relays) return;
    const auto uplink_s = [&](std::int64_t devices) {
        return OneToken(config_of(scheme, devices)).simulation.cost().uplink_s;
    };
    CHECK(uplink_s(4) == Approx((scheme.time_grows_with_devices ? 2 : 1) * uplink_s(2)));
}

TEST_CASE("schemes of wires and of one device are there, and sum as they are asked to") {
    CHECK(unsplit_scheme().one_device);
    for (const bool quantises : {false, true}) {
        const Scheme& scheme = wired_scheme(quantises);
        CHECK(scheme.wired);
        CHECK(scheme.quantises == quantises);
        CHECK_FALSE(scheme.analog);
        CHECK_FALSE(scheme.one_device);
    }
}

TEST_CASE("every way down brings a sum, and costs time unless it is free") {
    const std::string name = GENERATE("multicast", "closed-loop", "control", "free");
    CAPTURE(name);
    Config config = default_config();
    config.radio.downlink = name;
    config.radio.downlink_bits = name == "closed-loop" ? 6 : 16;
    RadioCell cell(config, full_power(config));
    cell.enter_block();
    std::vector<float> sum(64), brought;
    for (std::size_t i = 0; i < sum.size(); ++i)
        sum[i] = std::sin(static_cast<float>(i));
    brought = sum;
    const auto way = make_way_down(config);
    way->bring(cell, std::vector<float>(brought.size()), brought);
    for (std::size_t i = 0; i < sum.size(); ++i)
        CHECK(brought[i] == Approx(sum[i]).margin(name == "closed-loop" ? 0.1 : 1.0 / 32767));
    CHECK((brought == sum) == (name == "control" || name == "free"));
    CHECK((cell.ledger().downlink_s > 0) == (name != "free"));
    CHECK(downlinks().size() == 5);
}

TEST_CASE("every measure finds finite numbers where it has what it needs, and asks for it") {
    const std::string name = GENERATE("link", "perplexity", "outliers", "design", "assignment");
    CAPTURE(name);
    const std::string demo = std::string(AIRCOMP_SOURCE_DIR) + "/inference/models/demo";
    const std::map<std::string, std::string> values = {{"dimensions", "llama-2-7b"},
                                                       {"text", demo + "/evaluation.txt"}};
    const std::string head = "title: t\nquestion: q\nmeasure: " + name +
                             "\nseeds: [1]\nbase: {model: {folder: " + demo + "}}\n";
    const std::string few = "limit_tokens: 64, channels: 4, iterations: 3";
    std::string setup = few;
    for (const std::string& key : find_measure(name).needs)
        setup += ", " + key + ": " + values.at(key);
    const test::TemporaryFolder folder;
    const auto whole = folder.write("whole.yaml", head + "setup: {" + setup + "}\n");
    const Json row = find_measure(name).run(read_experiment(whole, false).points.at(0));
    CHECK(row.size() >= 2);
    for (const auto& [column, value] : row.items()) {
        CAPTURE(column);
        REQUIRE(value.is_number());
        CHECK(std::isfinite(value.get<double>()));
    }
    const auto bare = folder.write("bare.yaml", head + "setup: {" + few + "}\n");
    for (const std::string& key : find_measure(name).needs) {
        CHECK_THROWS_WITH(read_experiment(bare, false),
                          Contains("bare.yaml") &&
                              Contains("setup." + key + ": expected a value, which the measure " +
                                       name + " needs, found none"));
    }
    CHECK(measures().size() == 5);
}

TEST_CASE("no file beside the schemes' compares or sets a scheme's name") {
    const std::filesystem::path runtime = std::string(AIRCOMP_SOURCE_DIR) + "/runtime";
    std::string names;
    for (const Scheme& scheme : schemes())
        names +=
            (names.empty() ? "" : "|") + std::regex_replace(scheme.name, std::regex("\\+"), "\\+");
    const std::regex compared("([!=]=|scheme =|rfind\\() *\"(" + names + ")\"");
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(runtime)) {
        const std::string path = std::filesystem::relative(entry.path(), runtime);
        const auto ending = entry.path().extension();
        if ((ending != ".cpp" && ending != ".hpp") || path.rfind("schemes/", 0) == 0) continue;
        ++files;
        std::ifstream in(entry.path());
        for (std::string line; std::getline(in, line);) {
            if (line.find("std::string scheme = ") != std::string::npos) continue;  // a default
            INFO(path << ": " << line);
            CHECK_FALSE(std::regex_search(line, compared));
        }
    }
    CHECK(files > 100);
}

}  // namespace
}  // namespace aircomp::runtime
