// SPDX-License-Identifier: GPL-3.0-or-later
// Sounding: estimates have the error that they claim, devices that are silent are not found, and
// headers give a device its phase and offset.
#include "gnuradio/aircomp/phy/sounder.hpp"

#include <limits>

#include "air.hpp"
#include "support/catch.hpp"

namespace gr::aircomp::phy {
namespace {

using test::two_pi;

constexpr std::size_t antennas = 3;
constexpr std::size_t margin = 80;

BurstFormat format_of_three() {
    BurstFormat format;
    format.device_antennas = {1, 1, 1};
    format.sounding_symbols = 8;
    format.resource_block = 4;
    return format;
}

/// All three devices sound at 2 W; `silent` sends nothing.
SoundingReport sound(const BurstFormat& format, const test::Links& links, double noise_power_w,
                     test::Noise& random, std::size_t silent = 3) {
    const std::size_t window = format.sounding_samples() + 2 * margin;
    std::vector<Sample> received(antennas * window);
    std::vector<Sample> burst(format.sounding_samples());
    Preprocessor transmitter(format, {16, 1, {}}, 1);
    for (std::size_t n = 0; n < 3; ++n) {
        transmitter.sounding_burst(n, 2, {}, burst);
        if (n != silent) test::propagate(links[n], burst, margin, received);
    }
    random.add(received, test::sample_noise(format, noise_power_w));
    return Sounder(format, antennas, window).process(received, std::vector<double>(3, 2.0));
}

TEST_CASE("the estimates' errors are what the sounder says they are") {
    const BurstFormat format = format_of_three();
    const double noise = GENERATE(0.002, 0.2);
    double squares = 0, mmse_squares = 0, variance = 0, mmse_variance = 0, entries = 0;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        test::Noise random(seed);
        // Paths all over the prefix, as the filter's prior has it.
        const auto links = test::draw_links(3, antennas, 5, 3, random);
        const auto truth = sound(format, links, 0, random);
        const auto report = sound(format, links, noise, random);
        REQUIRE(report.found);
        CHECK(report.noise_power_w == Approx(noise).epsilon(0.4));
        if (report.reference != truth.reference) continue;  // other phases, the same channel
        for (std::size_t n = 0; n < 3; ++n) {
            const DeviceEstimate& device = report.devices[n];
            REQUIRE(device.found);
            for (std::size_t i = 0; i < device.mmse.size(); ++i) {
                const Sample h = truth.devices[n].least_squares[i];
                squares += std::norm(device.least_squares[i] - h);
                mmse_squares += std::norm(device.mmse[i] - h);
                ++entries;
            }
            variance += device.least_squares_variance * static_cast<double>(device.mmse.size());
            for (const double own : device.mmse_variance)
                mmse_variance += own / 13 * static_cast<double>(device.mmse.size());
        }
    }
    REQUIRE(entries > 0);
    CHECK(squares == Approx(variance).epsilon(0.15));
    CHECK(squares / entries == Approx(noise / (2 * 8)).epsilon(0.15));
    // 17 of 52 unknowns are within the prefix; with less noise the floor beyond it counts more.
    CHECK(mmse_squares < (noise > 0.1 ? 0.55 : 0.9) * squares);
    CHECK(mmse_squares == Approx(mmse_variance).epsilon(0.4));
}

TEST_CASE("a device that does not sound is not found, the others are") {
    const BurstFormat format = format_of_three();
    test::Noise random(4);
    const auto links = test::draw_links(3, antennas, 2, 1, random);
    const auto report = sound(format, links, 0.05, random, 1);
    REQUIRE(report.found);
    CHECK(report.devices[0].found);
    CHECK_FALSE(report.devices[1].found);
    CHECK(report.devices[2].found);
}

TEST_CASE("a device that has fallen silent keeps nothing of an earlier sounding") {
    const BurstFormat format = format_of_three();
    const std::size_t window = format.sounding_samples() + 2 * margin;
    Sounder sounder(format, 1, window);
    Preprocessor transmitter(format, {16, 1, {}}, 1);
    std::vector<Sample> all(window), two(window), burst(format.sounding_samples());
    const std::vector<std::vector<test::Path>> direct = {{{0, 1}}};
    for (std::size_t n = 0; n < 3; ++n) {
        transmitter.sounding_burst(n, 1, {}, burst);
        test::propagate(direct, burst, margin, all);
        if (n != 1) test::propagate(direct, burst, margin, two);
    }
    test::Noise random(6);
    random.add(all, 0.01);
    random.add(two, 0.01);
    const std::vector<double> powers(3, 1.0);
    REQUIRE(sounder.process(all, powers).devices[1].found);
    const SoundingReport& report = sounder.process(two, powers);
    REQUIRE(report.found);
    CHECK(report.devices[0].found);
    const DeviceEstimate& silent = report.devices[1];
    CHECK_FALSE(silent.found);
    CHECK(silent.path_gain == 0);
    CHECK(silent.mmse == std::vector<Sample>(silent.mmse.size()));
    CHECK(silent.least_squares == std::vector<Sample>(silent.mmse.size()));
    two[window / 2] = std::numeric_limits<float>::quiet_NaN();
    CHECK_FALSE(sounder.process(two, powers).found);
    CHECK_THROWS_WITH(sounder.process(all, std::vector<double>{1, -1, 1}),
                      "sounder: power: expected at least 0, found -1.000000");
}

TEST_CASE("an offset that all devices share is taken out of their soundings") {
    BurstFormat format = format_of_three();
    format.sounding_symbols = static_cast<std::uint16_t>(GENERATE(2, 32));
    const double offset = GENERATE(1e-4, -1e-3, 6e-3);
    const std::size_t window = format.sounding_samples() + 2 * margin;
    std::vector<Sample> received(window), burst(format.sounding_samples());
    Preprocessor transmitter(format, {16, 1, {}}, 1);
    for (std::size_t n = 0; n < 3; ++n) {
        transmitter.sounding_burst(n, 1, {}, burst);
        test::propagate({{{0, 1}}}, burst, margin, received);
    }
    for (std::size_t i = 0; i < window; ++i)
        received[i] *= Sample(std::polar(1.0, two_pi * offset * static_cast<double>(i)));
    test::Noise random(7);
    random.add(received, 1e-3);
    Sounder sounder(format, 1, window);
    const auto& report = sounder.process(received, std::vector<double>(3, 1.0));
    REQUIRE(report.found);
    // Two symbols of 64 samples 80 apart at 30 dB, three devices: sqrt(1e-3 / 192) / (2 pi 80).
    CHECK(report.offset == Approx(offset).margin(4 * 4.6e-6));
    const Sample first = report.devices[0].mmse[26];
    for (const DeviceEstimate& device : report.devices) {
        REQUIRE(device.found);
        CHECK(device.path_gain == Approx(1).epsilon(0.02));
        CHECK(std::abs(std::arg(device.mmse[26] / first)) < 0.1);
    }
}

TEST_CASE("a header tells a device its phase since the first one, and its offset") {
    const BurstFormat format;
    const std::size_t window = format.header_samples() + 2 * margin;
    std::vector<Sample> header(format.header_samples());
    write_header(format, 1, header);
    test::Noise random(5);
    const auto links = test::draw_links(1, 2, 3, 0, random);
    HeaderReceiver receiver(format, 2, window);
    const double offset = 1e-4;  // 1 kHz at 10 MHz
    double squares = 0, variances = 0;
    constexpr int trials = 100;
    for (int i = 0; i < trials; ++i) {
        std::vector<Sample> received(2 * window);
        test::propagate(links[0], header, margin, received);
        const double phase = 0.7 * i;
        for (std::size_t j = 0; j < received.size(); ++j) {
            const double since =
                static_cast<double>(j % window) - (margin + format.ramp + format.prefix + 127.5);
            received[j] *= Sample(std::polar(1.0, phase + two_pi * offset * since));
        }
        random.add(received, 0.05);
        const auto heard = receiver.measure(received);
        REQUIRE(heard.found);
        CHECK(heard.sync.offset == Approx(offset).margin(4e-4));
        CHECK(heard.timing_samples == Approx(margin + 0.5).margin(1.5));
        if (i == 0) continue;
        squares += std::pow(std::remainder(heard.phase - phase, two_pi), 2) / (trials - 1);
        variances += heard.phase_variance / (trials - 1);
    }
    // The first header's own error is in all differences.
    CHECK(std::sqrt(squares) < 3 * std::sqrt(variances));
    CHECK(std::sqrt(squares) > 0.5 * std::sqrt(variances));
    receiver.reset();
}

}  // namespace
}  // namespace gr::aircomp::phy
