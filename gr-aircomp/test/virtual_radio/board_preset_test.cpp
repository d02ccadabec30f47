// SPDX-License-Identifier: GPL-3.0-or-later
// Named impairments of boards: what a name sets, what the file sets over it, and what the two
// impairments that only presets have do to a burst.
#include "board_preset.hpp"

#include <cmath>

#include "laboratory.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace gr::aircomp::virtual_radio {
namespace {

using ::aircomp::test::Laboratory;
using ::aircomp::test::Samples;
using ::aircomp::test::TemporaryFolder;

AirConfig read(const std::string& text) {
    const TemporaryFolder folder;
    return read_air(folder.write("air.yaml", text).string());
}

/// The first sample of a window that holds something.
std::size_t begin_of(const Samples& window) {
    std::size_t n = 0;
    while (n < window.size() && std::abs(window[n]) < 0.5F)
        ++n;
    return n;
}

TEST_CASE("a preset holds for every board that names none, and a board's keys before its preset") {
    const AirConfig air = read(R"(
impairments: b210
boards:
  - {name: a}
  - {name: b}
  - {name: c, impairments: pluto, linewidth_hz: 3, receiver: {converter_bits: 8}}
  - {name: d, impairments: none}
)");
    const BoardPreset& b210 = *find_board_preset("b210");
    for (const std::size_t b : {0U, 1U}) {
        const BoardConfig& board = air.boards[b];
        CHECK(std::abs(board.oscillator_ppm) < b210.oscillator_ppm);
        CHECK(board.reference);
        CHECK(board.trigger_jitter_samples == 0);
        for (const auto& radio : {board.transmitter, board.receiver}) {
            CHECK(radio.linewidth_hz == b210.linewidth_hz);
            CHECK(std::abs(radio.iq_gain_db) < b210.iq_gain_db);
            CHECK(std::abs(radio.iq_phase_deg) < b210.iq_phase_deg);
            CHECK(radio.converter_bits == 12);
            CHECK(radio.full_scale == 1);
        }
    }
    CHECK(air.boards[0].oscillator_ppm != air.boards[1].oscillator_ppm);
    CHECK(air.boards[0].transmitter.iq_gain_db != air.boards[0].receiver.iq_gain_db);
    CHECK_FALSE(air.boards[2].reference);
    CHECK(air.boards[2].trigger_jitter_samples == 1);
    CHECK(air.boards[2].transmitter.linewidth_hz == 3);
    CHECK(air.boards[2].receiver.linewidth_hz == 3);
    CHECK(air.boards[2].transmitter.converter_bits == 12);
    CHECK(air.boards[2].receiver.converter_bits == 8);
    CHECK(air.boards[3].transmitter.converter_bits == 0);
    CHECK(air.boards[3].oscillator_ppm == 0);
}

TEST_CASE("an option's preset replaces the file's impairments, but not what lies around a board") {
    AirConfig air = read(
        "boards: [{name: a, carrier_offset_hz: 300, linewidth_hz: 9, reference: false,\n"
        "          timing_offset_samples: 2, noise_power: 0.5, transmitter: {iq_gain_db: 3}}]\n");
    impair(air, *find_board_preset("x310"));
    const BoardConfig& board = air.boards[0];
    CHECK(board.transmitter.carrier_offset_hz == 0);
    CHECK(board.transmitter.linewidth_hz == find_board_preset("x310")->linewidth_hz);
    CHECK(std::abs(board.transmitter.iq_gain_db) < 1);
    CHECK(board.transmitter.converter_bits == 16);
    CHECK(board.receiver.converter_bits == 14);
    CHECK(board.transmitter.timing_offset == 2);
    CHECK(board.noise_power == 0.5);
    CHECK_FALSE(board.reference);
}

TEST_CASE("a preset that does not exist is refused with the names of those that do") {
    const std::string expected = "one of none, pluto, b210, x310, found 'plto'";
    CHECK_THROWS_WITH(read("boards: [{name: a}, {name: b, impairments: plto}]\n"),
                      Catch::Contains("boards[1].impairments: expected " + expected));
    CHECK_THROWS_WITH(read("impairments: plto\nboards: [{name: a}]\n"),
                      Catch::Contains(":1: impairments: expected " + expected));
}

TEST_CASE("a board's own oscillator is off by its error, the reference is not") {
    Laboratory lab("boards: [{name: a, oscillator_ppm: 2}, {name: b, oscillator_ppm: -1}]\n");
    const auto step = [&] {
        lab.device().set_tx_freq(2e9, 0);
        lab.device().set_rx_freq(2e9, 1);
        const auto time = lab.soon();
        lab.send(0, Samples(2000, 1), time);
        const Samples window = lab.receive({1}, 2000, time)[0];
        return std::arg(std::complex<double>(window[1001] * std::conj(window[1000])));
    };
    // 3 ppm of 2 GHz at a rate of 1 MHz; floats of a phase in turns.
    CHECK(step() == Approx(2 * M_PI * 6e-3).epsilon(1e-3));
    lab.device().set_clock_source("external", 0);
    lab.device().set_clock_source("external", 1);
    CHECK(std::abs(step()) < 1e-5);
}

TEST_CASE("a trigger that jitters begins each burst late by another, repeatable time") {
    const auto delays = [](const std::string& jitter) {
        Laboratory lab("boards: [{name: a" + jitter + "}, {name: b}]\n");
        std::vector<std::size_t> found;
        for (int burst = 1; burst <= 12; ++burst) {
            const uhd::time_spec_t time(0.0625 * burst);
            lab.send(0, Samples(2000, 1), time);
            found.push_back(begin_of(lab.receive({1}, 500, time)[0]));
        }
        return found;
    };
    const auto jittering = delays(", trigger_jitter_samples: 100");
    // Of 12 draws from 0 to 100 the mean has a standard error of 8.3.
    double mean = 0;
    for (const std::size_t delay : jittering) {
        CHECK(delay <= 101);
        mean += static_cast<double>(delay) / 12;
    }
    CHECK(mean == Approx(50).margin(25));
    CHECK(delays(", trigger_jitter_samples: 100") == jittering);
    CHECK(delays("") == std::vector<std::size_t>(12, 0));
}

}  // namespace
}  // namespace gr::aircomp::virtual_radio
