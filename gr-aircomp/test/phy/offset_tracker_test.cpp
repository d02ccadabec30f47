// SPDX-License-Identifier: GPL-3.0-or-later
// The offset tracker: what a filter over headers knows that one header does not.
#include "gnuradio/aircomp/phy/offset_tracker.hpp"

#include "signals.hpp"
#include "support/catch.hpp"

namespace gr::aircomp::phy {
namespace {

using test::two_pi;

/// A Wiener oscillator, headers at 20 dB every `interval_s`, and the error of predicting its phase
/// `ahead_s` after each of the last hundred.
struct Outcome {
    double rms_rad = 0;
    double predicted_rms_rad = 0;
};

Outcome track(double interval_s, double ahead_s, double linewidth_hz, std::uint64_t seed) {
    std::mt19937_64 generator(seed);
    std::normal_distribution<double> normal;
    constexpr double phase_deviation = 0.0044;  // 256 samples at 20 dB: 1 / sqrt(2 * 256 * 100)
    constexpr double offset_deviation = 95;     // Hz, of the same header at 10 MHz
    const double offset = 1700;
    OscillatorModel model;
    model.linewidth_hz = linewidth_hz;
    model.offset_walk_hz2_per_s = 1;
    OffsetTracker tracker(model);
    double phase = 1, squares = 0, variances = 0, now = 0;
    const auto walk = [&](double seconds) {
        phase += two_pi * offset * seconds +
                 std::sqrt(two_pi * linewidth_hz * seconds) * normal(generator);
        now += seconds;
    };
    for (int i = 0; i < 300; ++i) {
        walk(i < 30 ? 1e-4 : interval_s - ahead_s);
        tracker.update(now, std::remainder(phase + phase_deviation * normal(generator), two_pi),
                       phase_deviation * phase_deviation,
                       offset + offset_deviation * normal(generator),
                       offset_deviation * offset_deviation);
        const auto predicted = tracker.predict(now + ahead_s);
        walk(ahead_s);
        if (i < 200) continue;
        squares += std::pow(std::remainder(predicted.phase - phase, two_pi), 2) / 100;
        variances += predicted.variance / 100;
    }
    return {std::sqrt(squares), std::sqrt(variances)};
}

TEST_CASE("200 us after a header the phase is known to a degree, one header would leave 7") {
    // A clean oscillator: 95 Hz over 200 us alone would be 6.8 degrees.
    const Outcome clean = track(1e-3, 2e-4, 1e-4, 1);
    CHECK(clean.rms_rad * 360 / two_pi < 1);
    CHECK(clean.rms_rad == Approx(clean.predicted_rms_rad).epsilon(0.35));
}

TEST_CASE("with phase noise the error is what the filter says, about the walk since the header") {
    const double linewidth = GENERATE(1.0, 10.0);
    const Outcome noisy = track(1e-3, 2e-4, linewidth, 2);
    const double walk = std::sqrt(two_pi * linewidth * 2e-4);
    CHECK(noisy.rms_rad == Approx(noisy.predicted_rms_rad).epsilon(0.35));
    CHECK(noisy.rms_rad > 0.7 * walk);
    CHECK(noisy.rms_rad < 2 * walk);
}

TEST_CASE("a new origin of the phase keeps what is known of the offset") {
    OffsetTracker tracker;
    for (int i = 1; i <= 50; ++i)
        tracker.update(i * 1e-4, two_pi * 800 * i * 1e-4, 1e-5, 800, 1e4);
    tracker.forget_phase();
    CHECK_THROWS_AS(tracker.predict(1), std::logic_error);
    tracker.update(0.006, 0.5, 1e-5, 900, 1e4);
    const auto at = tracker.predict(0.007);
    CHECK(at.offset_hz == Approx(800).margin(10));
    CHECK(at.phase == Approx(0.5 + two_pi * 0.8).margin(0.1));
}

TEST_CASE("times that go back and variances of nothing are refused") {
    OffsetTracker tracker;
    CHECK_THROWS_AS(tracker.predict(0), std::logic_error);
    tracker.update(1, 0, 1e-3, 0, 1);
    CHECK_THROWS_AS(tracker.update(1, 0, 1e-3, 0, 1), std::invalid_argument);
    CHECK_THROWS_AS(tracker.update(2, 0, 0, 0, 1), std::invalid_argument);
    OscillatorModel model;
    model.linewidth_hz = -1;
    CHECK_THROWS_AS(OffsetTracker(model), std::invalid_argument);
}

}  // namespace
}  // namespace gr::aircomp::phy
