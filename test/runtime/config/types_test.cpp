// SPDX-License-Identifier: GPL-3.0-or-later
// Values of the wrong type, and numbers that do not fit.
#include "config_texts.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "config/config_entry.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

TEST_CASE("a value of the wrong type is refused with what was found") {
    CHECK(error_of("radio:\n  bandwidth_hz: 10 MHz\n") ==
          "lab.yaml:2: radio.bandwidth_hz: expected a finite number in Hz, found 10 MHz");
    CHECK(error_of("radio:\n  bandwidth_hz: '10e6'\n") ==
          "lab.yaml:2: radio.bandwidth_hz: expected a finite number in Hz, found \"10e6\"");
    CHECK(error_of("radio:\n  overhead_factor:\n  snr_db: 3\n") ==
          "lab.yaml:2: radio.overhead_factor: expected a finite number, found nothing");
    CHECK(error_of("radio: {streams: 2.5}") ==
          "lab.yaml:1: radio.streams: expected an integer, found 2.5");
    CHECK(error_of("radio: {streams: 4294967298}") ==
          "lab.yaml:1: radio.streams: expected an integer from -2147483648 to 2147483647, "
          "found 4294967298");
    CHECK(error_of("seed: -1") == "lab.yaml:1: seed: expected an integer of at least 0, found -1");
    CHECK(error_of("seed: 18446744073709551616") ==
          "lab.yaml:1: seed: expected an integer from 0 to 18446744073709551615, "
          "found 18446744073709551616");
    CHECK(error_of("analog: {rotation: yes}") ==
          "lab.yaml:1: analog.rotation: expected true or false, found yes");
    CHECK(error_of("analog: {rotation: 'true'}") ==
          "lab.yaml:1: analog.rotation: expected true or false, found \"true\"");
    CHECK(error_of("radio: 5") == "lab.yaml:1: radio: expected keys and values, found 5");
    CHECK(error_of("radio:\nseed: 1") ==
          "lab.yaml:1: radio: expected keys and values, found nothing");
    CHECK(error_of("devices: {name: a}") ==
          "lab.yaml:1: devices: expected a list, found a mapping");
    CHECK(error_of("devices: 4") == "lab.yaml:1: devices: expected a list, found 4");
    CHECK(error_of("devices:\n  - a\n") ==
          "lab.yaml:2: devices[0]: expected keys and values, found a");
    CHECK(error_of("scheme: [mmse, exact]") ==
          "lab.yaml:1: scheme: expected some text, found a list of 2");
    CHECK(error_of("scheme: ''") == "lab.yaml:1: scheme: expected some text, found \"\"");
}

TEST_CASE("a number that is not finite is refused") {
    for (const std::string found : {".nan", ".inf", "-.inf", "nan", "inf", "1e999"}) {
        CHECK(error_of("radio:\n  snr_db: " + found) ==
              "lab.yaml:2: radio.snr_db: expected a finite number in dB, found " + found);
        CHECK(error_of("shares: [1, 0, 0, " + found + "]") ==
              "lab.yaml:1: shares[3]: expected a finite number, found " + found);
    }
}

TEST_CASE("an empty item of a list is refused at the line of its list") {
    const std::string found = "shares[1]: expected a finite number, found nothing";
    CHECK(error_of("seed: 1\nshares: [0.5, , 0.5]\n") == "lab.yaml:2: " + found);
    CHECK(error_of("seed: 1\nshares:\n  - 0.5\n  -\n  - 0.5\n") == "lab.yaml:2: " + found);
    CHECK(error_of("shares:\n  - 1\n  -\n\nseed: 1\n") == "lab.yaml:1: " + found);
    CHECK(error_of("seed: 1\ndevices:\n  -\n") ==
          "lab.yaml:2: devices[0]: expected keys and values, found nothing");
    CHECK(error_of("radios:\n  devices:\n    -\n    - {args: b}\n") ==
          "lab.yaml:2: radios.devices[0]: expected keys and values, found nothing");
    // YAML allows a comma behind the last item.
    CHECK(error_of("shares: [0.25, 0.25, 0.25, 0.25, ]").empty());
}

/// The parts of a name, innermost last, around a value: "{radio: {snr_db: 1}}".
std::string yaml_of(const std::string& name, const std::string& value) {
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) return "{" + name + ": " + value + "}";
    return "{" + name.substr(0, dot) + ": " + yaml_of(name.substr(dot + 1), value) + "}";
}

/// Calls `check` with each number and its full name; with those of lists' items if asked to.
void for_each_number(
    const std::vector<ConfigEntry>& entries, const std::string& parent,
    const std::function<void(const ConfigEntry& entry, const std::string& name)>& check,
    bool with_lists = false) {
    using Kind = ConfigEntry::Kind;
    for (const ConfigEntry& entry : entries) {
        if (entry.kind == Kind::section || (with_lists && entry.kind == Kind::list)) {
            for_each_number(entry.members, parent + entry.name + ".", check, with_lists);
        } else if (entry.kind == Kind::integer || entry.kind == Kind::number) {
            check(entry, parent + entry.name);
        }
    }
}

TEST_CASE("no number of any key is infinite, and no integer wraps") {
    int numbers = 0;
    for_each_number(entries_of(default_config()), "", [&](const auto& entry, const auto& name) {
        ++numbers;
        const bool integer = entry.kind == ConfigEntry::Kind::integer;
        const std::string lead = "lab.yaml:1: " + name + ": expected ";
        CHECK_THAT(error_of(yaml_of(name, ".inf")), Catch::Matchers::StartsWith(lead));
        if (integer) {
            CHECK_THAT(error_of(yaml_of(name, "18446744073709551617")),
                       Catch::Matchers::StartsWith(lead + "an integer from "));
        } else {
            CHECK_THAT(error_of(yaml_of(name, "1e999")),
                       Catch::Matchers::StartsWith(lead + "a finite number"));
        }
    });
    CHECK(numbers > 60);
    CHECK(error_of("accuracy: {max_repetitions: 4294967304}") ==
          "lab.yaml:1: accuracy.max_repetitions: expected an integer from -2147483648 to "
          "2147483647, found "
          "4294967304");
}

TEST_CASE("every number but the seed has a largest value, so that products stay finite") {
    int numbers = 0;
    const auto check = [&](const ConfigEntry& entry, const std::string& name) {
        if (name == "seed") return;
        ++numbers;
        CAPTURE(name);
        CHECK((entry.range.highest || !entry.range.with_others.empty()));
    };
    for_each_number(entries_of(default_config()), "", check, /*with_lists=*/true);
    CHECK(numbers > 80);
    CHECK(error_of("radio:\n  control_latency_s: 1e308\n") ==
          "lab.yaml:2: radio.control_latency_s: expected a number from 0 to 3600, found 1e+308");
    CHECK(error_of("radio:\n  bandwidth_hz: 1e-300\n") ==
          "lab.yaml:2: radio.bandwidth_hz: expected a number from 1 to 1e+12, found 1e-300");
}

TEST_CASE("a choice by name is refused with the names there are") {
    CHECK(error_of("radio: {fading: ricean}") ==
          "lab.yaml:1: radio.fading: expected one of rayleigh, rician, found ricean, did "
          "you mean rician?");
    CHECK(error_of("radio: {channel_knowledge: none}") ==
          "lab.yaml:1: radio.channel_knowledge: expected one of estimated, perfect, found none");
    CHECK(error_of("radio: {design: both}") ==
          "lab.yaml:1: radio.design: expected one of centralized, distributed, found both");
    CHECK(error_of("radio: {downlink: Free}") ==
          "lab.yaml:1: radio.downlink: expected one of multicast, closed-loop, "
          "closed-loop-transform, control, free, "
          "found 'Free', "
          "did you mean free?");
    CHECK(error_of("analog:\n  scale: 3\n") ==
          "lab.yaml:2: analog.scale: expected one of calibrated, shared, exchanged, found 3");
}

TEST_CASE("aliases are values like others") {
    const Config config = read(
        "devices:\n"
        "  - &board {name: a, compute_flops_per_s: &rate 1e9, energy_j_per_flop: 1e-10,"
        " max_power_w: 0.1, memory_bytes: *rate, antennas: 2}\n");
    CHECK(config.devices.at(0).memory_bytes == 1e9);
    CHECK(error_of("radio: {snr_db: &x 900}\nanalog:\n  clip_level: *x\n") ==
          "lab.yaml:1: radio.snr_db: expected a number from -100 to 200, found 900");
    CHECK(error_of("seed: &x 0\nradio:\n  streams: *x\n") ==
          "lab.yaml:3: radio.streams: expected from 1 to 2, the fewest antennas of the server and "
          "any device, found 0");
    CHECK_FALSE(error_of("radio: &x {streams: *x}").empty());
}

}  // namespace
}  // namespace aircomp::runtime
