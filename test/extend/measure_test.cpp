// SPDX-License-Identifier: GPL-3.0-or-later
// The examples of an experiment and of a measure: the experiment is read, and the measure called at
// its points.
#include <cmath>

#include "experiment/measures.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {

Measure path_gains_measure();

namespace {

Experiment example(bool quick) {
    return read_experiment(AIRCOMP_SOURCE_DIR "/test/extend/noise-and-devices.yaml", quick);
}

TEST_CASE("the example of an experiment is read, and measured at its points") {
    CHECK(example(/*quick=*/false).points.size() == 3 * 3 * 3);
    const Experiment quick = example(/*quick=*/true);
    REQUIRE(quick.points.size() == 2 * 3);
    double nmse = 1;
    for (std::size_t snr = 0; snr < 3; ++snr) {  // The last axis is the fastest.
        const Json row = find_measure(quick.measure).run(quick.points[snr]);
        const double quieter = row.at("nmse");
        CHECK(quieter > 0);
        CHECK(quieter < nmse);
        nmse = quieter;
    }
}

TEST_CASE("the example of a measure finds the same finite numbers whenever it is called") {
    const Measure measure = path_gains_measure();
    const auto points = example(/*quick=*/false).points;
    const Json row = measure.run(points.front());
    CHECK(row == measure.run(points.front()));
    CHECK(row.at("weakest_path_gain_db").get<double>() < 0);
    CHECK(row.at("path_gain_range_db").get<double>() > 0);
    // Another seed draws other path gains; noise alone changes none.
    CHECK(points.at(1).config.seed != points.front().config.seed);
    CHECK(row != measure.run(points.at(1)));
    CHECK(row == measure.run(points.at(3)));
}

}  // namespace
}  // namespace aircomp::runtime
