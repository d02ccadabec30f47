// SPDX-License-Identifier: GPL-3.0-or-later
// The burst format refuses what makes no sense, travels as bytes, and lays out its carriers.
#include "gnuradio/aircomp/phy/burst_format.hpp"

#include <algorithm>
#include <set>

#include "support/catch.hpp"

namespace gr::aircomp::phy {
namespace {

using Catch::Contains;

BurstFormat large_format() {
    BurstFormat format;
    format.fft_size = 256;
    format.guard_low = 28;
    format.guard_high = 27;
    format.prefix = 32;
    format.pilots = 8;
    format.resource_block = 4;
    format.device_antennas = {2, 1, 2};
    return format;
}

TEST_CASE("a format survives its bytes") {
    for (const BurstFormat& format : {BurstFormat(), large_format()}) {
        const auto bytes = serialise(format);
        CHECK(parse_burst_format(bytes) == format);
        CHECK_NOTHROW(require_same(format, parse_burst_format(bytes)));
    }
}

TEST_CASE("bytes that are no format of ours are refused") {
    auto bytes = serialise(large_format());
    SECTION("another version") {
        bytes[2] = 1;
        CHECK_THROWS_WITH(parse_burst_format(bytes), "burst format: version: expected 2, found 1");
    }
    SECTION("something else") {
        bytes[0] = 0;
        CHECK_THROWS_WITH(parse_burst_format(bytes), Contains("magic"));
    }
    SECTION("cut short, at every length") {
        while (!bytes.empty()) {
            bytes.pop_back();
            CHECK_THROWS_AS(parse_burst_format(bytes), std::invalid_argument);
        }
    }
    SECTION("values that make no format") {
        bytes[4] = 65;
        CHECK_THROWS_WITH(parse_burst_format(bytes), Contains("fft_size: expected a power of two"));
    }
}

TEST_CASE("two ends with different formats learn in which field") {
    BurstFormat theirs = large_format();
    theirs.prefix = 16;
    CHECK_THROWS_WITH(require_same(large_format(), theirs),
                      "burst format: prefix: expected 32, found 16");
    theirs = large_format();
    theirs.device_antennas = {2, 2, 1};
    CHECK_THROWS_WITH(require_same(large_format(), theirs), Contains("device_antennas"));
}

TEST_CASE("a format that makes no sense is refused with the field's name") {
    BurstFormat format;
    const auto refused = [&](const std::string& part) {
        CHECK_THROWS_WITH(validate(format), Contains(part));
    };
    SECTION("fft_size") {
        format.fft_size = 0, refused("fft_size");
    }
    SECTION("guards") {
        format.guard_low = 40, refused("guard_low + guard_high");
    }
    SECTION("no guard") {
        format.guard_high = 0, refused("guard_high");
    }
    SECTION("dc_null") {
        format.dc_null = 2, refused("dc_null");
    }
    SECTION("prefix") {
        format.prefix = 65, refused("prefix");
    }
    SECTION("prefix and period") {
        format.prefix = 33, refused("sync_period");
    }
    SECTION("period") {
        format.sync_period = 100, refused("sync_period");
    }
    SECTION("periods") {
        format.sync_periods = 1, refused("sync_periods");
    }
    SECTION("pilots") {
        format.pilots = 1, refused("pilots");
    }
    SECTION("resource block") {
        format.resource_block = 0, refused("resource_block");
    }
    SECTION("ramp") {
        format.ramp = 17, refused("ramp");
    }
    SECTION("sounding") {
        format.sounding_symbols = 0, refused("sounding_symbols");
    }
    SECTION("data preamble") {
        format.data_preamble = 2, refused("data_preamble");
    }
    SECTION("no device") {
        format.device_antennas.clear(), refused("device_antennas");
    }
    SECTION("no antenna") {
        format.device_antennas = {1, 0}, refused("device_antennas[1]");
    }
}

TEST_CASE("every subcarrier is data, pilot or null, once") {
    for (const BurstFormat& format : {BurstFormat(), large_format()}) {
        const CarrierPlan plan = carrier_plan(format);
        REQUIRE(plan.used_bin.size() == format.used_subcarriers());
        CHECK(plan.data.size() == format.data_subcarriers());
        CHECK(plan.pilots.size() == format.pilots);
        CHECK(plan.used_block.back() + 1 == format.resource_blocks());
        std::set<std::size_t> bins(plan.null_bins.begin(), plan.null_bins.end());
        bins.insert(plan.used_bin.begin(), plan.used_bin.end());
        CHECK(bins.size() + format.dc_null == format.fft_size);
        CHECK(bins.count(0) == 0);
        CHECK(std::is_sorted(plan.used_frequency.begin(), plan.used_frequency.end()));
        std::set<std::size_t> used(plan.data.begin(), plan.data.end());
        used.insert(plan.pilots.begin(), plan.pilots.end());
        CHECK(used.size() == format.used_subcarriers());
    }
}

TEST_CASE("lengths add up") {
    const BurstFormat format = large_format();
    CHECK(format.sounding_slots() == 5);
    CHECK(format.first_slot(2) == 3);
    CHECK(format.preamble_samples() == 32 + 256 + 32);
    CHECK(format.burst_samples(3) == 32 + 320 + 3 * 288);
    // 200 used subcarriers without the 8 pilots, two reals on each of two streams.
    CHECK(format.data_symbols(4 * 192, 2) == 1);
    CHECK(format.data_symbols(4 * 192 + 1, 2) == 2);
}

TEST_CASE("the sounding symbol has the peak power of a chirp") {
    const BurstFormat format;
    const auto plan = carrier_plan(format);
    const auto symbol = sounding_sequence(format);
    double peak = 0;
    for (int n = 0; n < 4 * format.fft_size; ++n) {
        std::complex<double> x = 0;
        for (std::size_t k = 0; k < symbol.size(); ++k) {
            const double angle =
                6.283185307179586 * plan.used_frequency[k] * n / (4.0 * format.fft_size);
            x += std::complex<double>(symbol[k]) * std::polar(1.0, angle);
        }
        peak = std::max(peak, std::norm(x) / static_cast<double>(symbol.size()));
    }
    CHECK(peak < 2.5);  // 4 dB; a random phase would have some 8
}

}  // namespace
}  // namespace gr::aircomp::phy
