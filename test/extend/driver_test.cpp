// SPDX-License-Identifier: GPL-3.0-or-later
// Drivers that lie outside the program, found by AIRCOMP_DRIVERS.
#include <algorithm>
#include <complex>
#include <cstdlib>

#include "radio/radio_session.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

RadioOptions options_for(const std::string& driver) {
    setenv("AIRCOMP_DRIVERS", "/nowhere:" AIRCOMP_EXAMPLE_DRIVERS, /*overwrite=*/1);
    RadioOptions options;
    options.name = "device-1";
    options.driver = driver;
    options.args = "nowhere";
    return options;
}

TEST_CASE("a driver outside the program is found by its file's name, and opens a radio") {
    const auto options = options_for("silent");
    const auto names = radio_drivers();
    CHECK(std::count(names.begin(), names.end(), "silent") == 1);
    const auto radio = open_radio(options);
    CHECK(radio->options().name == "device-1");
    radio->set_time_at_next_pulse(7);
    CHECK(radio->last_pulse() == std::vector<Ticks>{7});
    std::vector<std::complex<float>> samples(8, {1, 1});
    radio->transmit(0, samples);
    CHECK(radio->finish_burst().state == BurstState::acknowledged);
    CHECK(radio->receive(0, samples).state == WindowState::whole);
    CHECK(samples.front() == std::complex<float>());
}

TEST_CASE("what a driver throws arrives as it is") {
    auto options = options_for("silent");
    options.args = "somewhere";
    CHECK_THROWS_WITH(open_radio(options),
                      "radio 'device-1': args: expected nowhere, found 'somewhere'");
}

TEST_CASE("a driver that is not there is refused with those that are") {
    CHECK_THROWS_WITH(open_radio(options_for("other")),
                      Catch::Contains("radio 'device-1': driver: expected one of ") &&
                          Catch::Contains("silent") && Catch::Contains(", found 'other'"));
}

TEST_CASE("a driver of another program and a file that is none are refused by name") {
    CHECK_THROWS_WITH(
        open_radio(options_for("old")),
        Catch::Contains("driver 'old'") &&
            Catch::Contains("libaircomp_old_driver.so: expected interface 2, found 3"));
    CHECK_THROWS_WITH(open_radio(options_for("empty")),
                      Catch::Contains("driver 'empty'") &&
                          Catch::Contains("expected aircomp_driver_interface() and "
                                          "aircomp_open_radio()"));
}

}  // namespace
}  // namespace aircomp::runtime
