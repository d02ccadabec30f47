// SPDX-License-Identifier: GPL-3.0-or-later
// The sounder as a block: channels of all devices from one window.
#include <gnuradio/aircomp/sounder.h>

#include <algorithm>

#include "gnuradio/aircomp/phy/preprocessor.hpp"
#include "phy/signals.hpp"
#include "qa_blocks.h"

namespace gr {
namespace aircomp {
namespace {

using namespace qa;

TEST_CASE("the sounder reports every device's channel, and a window without a sounding") {
    constexpr std::size_t before = 64;
    phy::BurstFormat format;
    format.device_antennas = {1, 1};
    format.sounding_symbols = 8;
    const Sample gains[] = {{0.6F, 0.8F}, {-0.5F, 0}};
    Samples window(format.sounding_samples() + 2 * before);
    for (std::size_t n = 0; n < 2; ++n) {
        phy::Preprocessor device(format, {100, 1, {}}, 1);
        Samples burst(format.sounding_samples());
        device.sounding_burst(n, 1, {}, burst);
        for (std::size_t i = 0; i < burst.size(); ++i)
            window[before + i] += gains[n] * burst[i];
    }
    phy::test::Noise(2).add(window, 1e-4);

    Bench bench(sounder::make(format, 1, window.size()));
    const auto estimates = bench.keep("estimates");
    bench.post("windows", pdu(dictionary({{"round", number(5)}}), window));
    bench.post("windows", pmt::mp("nonsense"));
    const std::vector<double> three(3, 1), negative = {1, -1};
    bench.post("settings", dictionary({{"power_w", pmt::init_f64vector(3, three)}}));
    bench.post("settings", dictionary({{"power_w", pmt::init_f64vector(2, negative)}}));
    bench.post("windows", pdu(dictionary({{"round", number(6)}}), Samples(window.size())));
    bench.run_until([&] { return estimates->num_messages() == 2; });
    CHECK_FALSE(pmt::to_bool(entry(estimates->get_message(1), "found")));
    const pmt::pmt_t found = estimates->get_message(0);
    CHECK(pmt::to_uint64(entry(found, "round")) == 5);
    CHECK(real(found, "noise_power_w") == Approx(1e-4 * 52 / 64).epsilon(0.5));
    const pmt::pmt_t devices = entry(found, "devices");
    REQUIRE(pmt::length(devices) == 2);
    for (std::size_t n = 0; n < 2; ++n) {
        const pmt::pmt_t device = pmt::vector_ref(devices, n);
        CHECK(pmt::to_bool(entry(device, "found")));
        for (const Sample h : pmt::c32vector_elements(entry(device, "mmse")))
            CHECK(std::abs(h - gains[n]) < 0.02F);
    }
}

}  // namespace
}  // namespace aircomp
}  // namespace gr
