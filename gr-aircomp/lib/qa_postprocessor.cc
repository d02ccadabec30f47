// SPDX-License-Identifier: GPL-3.0-or-later
// The postprocessor as a block: windows to sums, and what it says where there is no burst.
#include <gnuradio/aircomp/postprocessor.h>

#include <algorithm>

#include "gnuradio/aircomp/phy/preprocessor.hpp"
#include "phy/signals.hpp"
#include "qa_blocks.h"

#include <limits>

namespace gr {
namespace aircomp {
namespace {

using namespace qa;

TEST_CASE("the postprocessor undoes the preprocessor, and reports a window without a burst") {
    constexpr std::size_t length = 500, before = 64;
    phy::BurstFormat format;
    phy::Preprocessor device(format, {length, 1, 1}, 1);
    const std::vector<float> vector = phy::test::gaussian(length, 1);
    const Samples precoders(format.resource_blocks(), 1);
    phy::TransmitSettings settings;
    settings.scale = 2;
    settings.precoders = precoders;
    Samples burst(device.burst_samples());
    device.data_burst(vector, settings, burst);
    Samples window(burst.size() + 2 * before);
    std::copy(burst.begin(), burst.end(), window.begin() + before);
    phy::test::Noise(2).add(window, 1e-5);

    Bench bench(postprocessor::make(format, length, 1, window.size()));
    const auto sums = bench.keep("sums"), reports = bench.keep("reports");
    bench.post("settings", dictionary({{"scale", pmt::from_double(2)}, {"round", number(1)}}));
    bench.post("windows", pdu(dictionary({{"round", number(0)}}), Samples(window.size())));
    bench.post("windows", pdu(dictionary({{"round", number(1)}}), window));
    bench.post("windows", pdu(dictionary({{"round", number(2)}}), Samples(3)));
    bench.post("settings", pmt::mp("nonsense"));
    // Settings of which one is wrong change nothing.
    const Samples three(3, 1);
    bench.post("settings", dictionary({{"scale", pmt::from_double(9)},
                                       {"combiners", pmt::init_c32vector(3, three)}}));
    bench.post(
        "settings",
        dictionary({{"scale", pmt::from_double(9)},
                    {"channel_reference", pmt::from_long(std::numeric_limits<long>::min())}}));
    bench.run_until([&] { return reports->num_messages() == 2 && sums->num_messages() == 1; });
    CHECK_FALSE(pmt::to_bool(entry(reports->get_message(0), "found")));
    CHECK(pmt::to_bool(entry(reports->get_message(1), "found")));
    const auto sum = pmt::f32vector_elements(pmt::cdr(sums->get_message(0)));
    CHECK(pmt::to_uint64(entry(sums->get_message(0), "round")) == 1);
    // Noise of 1e-5 per sample is 8e-6 per subcarrier, of symbols whose power is 2 / scale^2.
    CHECK(phy::test::nmse(sum, vector) < 2 * 8e-6 * 4 / 2);
    CHECK(real(sums->get_message(0), "confidence") > 0.9);
    CHECK_THROWS_WITH(postprocessor::make(format, length, 1, window.size(), 1, 1,
                                          std::numeric_limits<long>::min()),
                      Catch::Contains("channel reference: expected a sample within"));
    CHECK(real(sums->get_message(0), "noise_power_w") == Approx(8e-6).epsilon(0.5));
}

}  // namespace
}  // namespace aircomp
}  // namespace gr
