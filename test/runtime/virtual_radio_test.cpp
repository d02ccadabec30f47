// SPDX-License-Identifier: GPL-3.0-or-later
// First light over virtual radios, through UHD: beside the medium waveform under the same channels,
// and the same again for the same seed.
#include <cstdlib>
#include <fstream>
#include <random>

#include "coding/exact_sum.hpp"
#include "coding/packed_partial.hpp"
#include "engine/first_light.hpp"
#include "given_air.hpp"
#include "schemes/entries.hpp"
#include "schemes/registry.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::runtime {
namespace {

constexpr std::int64_t length = 1024;
constexpr double unit_power_dbfs = -18;
constexpr std::size_t device_count = 4;

/// The configuration that both media are given: configs/virtual-radio.yaml with channels that the
/// simulated cell draws in its first coherence block, one path a link.
Config testbed() {
    Config config = read_config(AIRCOMP_SOURCE_DIR "/configs/virtual-radio.yaml");
    config.medium = AirMedium::waveform;
    config.radio.snr_db = 20;
    config.radio.downlink = "free";
    config.radios.unit_power_dbfs = unit_power_dbfs;
    return config;
}

std::vector<double> powers(const Config& config) {
    std::vector<double> power_w;
    for (const auto& device : config.devices)
        power_w.push_back(device.max_power_w);
    return power_w;
}

/// Writes the air of these channels and points the configuration's radios to it.
void emulate(const test::TemporaryFolder& folder, Config& config) {
    RadioCell cell(config, powers(config));
    cell.enter_block();
    const auto file = folder.path() / "air.yaml";
    std::ofstream air(file);
    test::write_boards(air, cell, unit_power_dbfs, "clock: event\n");
    air << "links:\n";
    test::write_given_links(air, cell);
    for (std::size_t n = 0; n < device_count; ++n) {
        config.radios.devices[n].args =
            "type=aircomp,config=" + file.string() + ",name=" + config.devices[n].name;
    }
    config.radios.server.args = "type=aircomp,config=" + file.string() + ",name=server";
    REQUIRE(setenv("UHD_MODULE_PATH", AIRCOMP_UHD_MODULES, 1) == 0);
}

/// The configuration's medium over independent Gaussian vectors.
double medium_nmse(const Config& config, int rounds) {
    const auto medium = make_medium(config, length, powers(config), unit_calibration(device_count));
    std::mt19937 generator(1);
    std::normal_distribution<float> normal;
    const std::vector<float> residual(length, 1.0F);
    double error = 0, power = 0;
    for (int round = 0; round < rounds; ++round) {
        std::vector<std::vector<float>> partials(device_count, std::vector<float>(length));
        for (auto& partial : partials) {
            for (float& value : partial)
                value = normal(generator);
        }
        SumRequest request;
        request.position = 1;
        request.length = length;
        request.partials = partials;
        request.residual = residual;
        std::vector<float> truth(length), sum(length);
        exact_sum(request, truth);
        medium->all_reduce(request, sum);
        for (std::size_t i = 0; i < truth.size(); ++i)
            error += std::pow(static_cast<double>(sum[i] - truth[i]), 2);
        power += mean_square(truth) * static_cast<double>(length);
    }
    return error / power;
}

TEST_CASE("sums over virtual radios are as exact as those of the medium waveform") {
    const test::TemporaryFolder folder;
    Config config = testbed();
    emulate(folder, config);
    FirstLightOptions options;
    options.rounds = 12;
    options.length = length;
    const auto report = first_light(config, options);
    const double simulated = medium_nmse(config, 12);
    CAPTURE(report.nmse, simulated, report.repeated_rounds, report.rounds[0].expected_nmse);
    REQUIRE(report.rounds.size() == 12);
    CHECK(std::abs(10 * std::log10(report.nmse / simulated)) < 1);
    for (const auto& device : report.devices) {
        CAPTURE(device.name, device.offset_hz, device.phase_deg);
        CHECK(std::abs(device.offset_hz) < 5);
        CHECK(std::abs(device.phase_deg) < 5);
        CHECK(device.clipped_samples < 100);
    }
}

TEST_CASE("the medium radio sums for a model as exactly as the medium waveform") {
    const test::TemporaryFolder folder;
    Config config = testbed();
    emulate(folder, config);
    const double simulated = medium_nmse(config, 6);
    config.medium = AirMedium::radio;
    const double found = medium_nmse(config, 6);
    CAPTURE(found, simulated);
    CHECK(std::abs(10 * std::log10(found / simulated)) < 1);
}

/// The sums of `rounds` all-reduces of equal partials, one of each vector.
std::vector<std::vector<float>> sums_of(Medium& medium, int rounds) {
    std::vector<std::vector<float>> sums;
    for (int round = 0; round < rounds; ++round) {
        std::mt19937 generator(static_cast<std::uint32_t>(round));
        std::normal_distribution<float> normal;
        std::vector<std::vector<float>> partials(device_count, std::vector<float>(length));
        for (auto& partial : partials) {
            for (float& value : partial)
                value = normal(generator);
        }
        const std::vector<float> residual(length, 1.0F);
        SumRequest request;
        request.position = 1;
        request.length = length;
        request.partials = partials;
        request.residual = residual;
        medium.all_reduce(request, sums.emplace_back(length));
    }
    return sums;
}

TEST_CASE("sums come down through the devices' own radios as what the server had, in codes") {
    const test::TemporaryFolder folder;
    Config config = testbed();
    config.radio.downlink_bits = 8;
    emulate(folder, config);
    config.medium = AirMedium::radio;
    const auto over = [&](const std::string& downlink) {
        config.radio.downlink = downlink;
        const auto medium =
            make_medium(config, length, powers(config), unit_calibration(device_count));
        auto sums = sums_of(*medium, 4);
        return std::make_pair(std::move(sums), medium->usage());
    };
    auto [sent, without] = over("free");
    const auto [brought, with] = over("multicast");
    // The first sum meets the air as the other run's did: messages come behind it.
    quantise(sent[0], 8);
    CHECK(brought[0] == sent[0]);
    CHECK(with.of(repeated_messages) == 0);
    CHECK(with.of(repeated_rounds) == 0);
    CHECK(without.downlink_s == 0);
    // 1,024 codes of 8 bits and their range take at least this at 8 bits a subcarrier.
    CHECK(with.downlink_s > 4 * 8 * 1028 / 8.0 / config.radio.bandwidth_hz);
    // Four messages and a training burst, each with an order.
    CHECK(
        with.control_s - without.control_s ==
        Approx(5 * (config.radio.control_latency_s + 16 / config.radio.control_rate_bytes_per_s)));
    // What the medium waveform's way takes over the same channels.
    config.medium = AirMedium::waveform;
    const auto [simulated, usage] = over("multicast");
    CHECK(with.downlink_s == Approx(usage.downlink_s).epsilon(0.3));
}

TEST_CASE("the same seed gives the same sums over virtual radios") {
    std::vector<FirstLightReport> reports;
    for (int run = 0; run < 2; ++run) {
        const test::TemporaryFolder folder;
        Config config = testbed();
        emulate(folder, config);
        FirstLightOptions options;
        options.rounds = 3;
        options.length = length;
        reports.push_back(first_light(config, options));
        // On an event clock no radio is late, however busy the machine is.
        CHECK(reports.back().repeated_rounds == 0);
    }
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(reports[0].rounds[i].time_s == reports[1].rounds[i].time_s);
        CHECK(reports[0].rounds[i].nmse == reports[1].rounds[i].nmse);
    }
}

TEST_CASE("a radio that is not there is named") {
    Config config = testbed();
    const test::TemporaryFolder folder;
    emulate(folder, config);
    config.radios.devices[1].args += "-of-nobody";
    CHECK_THROWS_WITH(first_light(config, {}), Catch::Contains("radio 'device-2': "));
}

}  // namespace
}  // namespace aircomp::runtime
