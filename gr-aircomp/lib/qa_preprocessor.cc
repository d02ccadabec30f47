// SPDX-License-Identifier: GPL-3.0-or-later
// The preprocessor as a block: bursts are the kernel's, settings wait for their round.
#include <gnuradio/aircomp/preprocessor.h>

#include <limits>
#include "gnuradio/aircomp/phy/preprocessor.hpp"

#include "qa_blocks.h"

namespace gr {
namespace aircomp {
namespace {

using namespace qa;

constexpr std::size_t reals = 500;

TEST_CASE("the preprocessor's bursts are its kernel's, antenna after antenna") {
    phy::BurstFormat format;
    format.device_antennas = {1, 2};
    const auto block = preprocessor::make(format, 1, reals, 2, 7);
    phy::Preprocessor kernel(format, {reals, 2, 7}, 2);
    REQUIRE(block->burst_samples() == kernel.burst_samples());
    REQUIRE(block->sounding_samples() == format.sounding_samples());
    const std::vector<float> vector(reals, 0.5F);
    const Samples precoders(format.resource_blocks() * 4, Sample(0.3F, 0.4F));
    Bench bench(block);
    const auto bursts = bench.keep("bursts");
    bench.post("settings",
               dictionary({{"precoders", pmt::init_c32vector(precoders.size(), precoders)},
                           {"scale", pmt::from_double(2)}}));
    bench.post("vectors", pdu(dictionary({{"round", number(4)}}), vector));
    bench.run_until([&] { return bursts->num_messages() == 1; });
    phy::TransmitSettings settings;
    settings.scale = 2;
    settings.precoders = precoders;
    Samples expected(2 * kernel.burst_samples());
    kernel.data_burst(vector, settings, expected);
    CHECK(samples_of(bursts->get_message(0)) == expected);
    CHECK(pmt::to_uint64(entry(bursts->get_message(0), "round")) == 4);
}

TEST_CASE("settings hold from the round that they name; what is wrong is dropped") {
    phy::BurstFormat format;
    Bench bench(preprocessor::make(format, 0, reals));
    const auto reports = bench.keep("reports");
    bench.post("settings", dictionary({{"scale", pmt::from_double(2)}, {"round", number(2)}}));
    bench.post("vectors", pdu(dictionary({{"round", number(0)}}), std::vector<float>(3)));
    bench.post("vectors", pmt::mp("nonsense"));
    for (uint64_t round = 0; round < 4; ++round)
        bench.post("vectors",
                   pdu(dictionary({{"round", number(round)}}), std::vector<float>(reals, 1)));
    bench.run_until([&] { return reports->num_messages() == 4; });
    std::vector<double> powers;
    for (std::size_t i = 0; i < 4; ++i)
        powers.push_back(real(reports->get_message(i), "mean_power_w"));
    CHECK(powers[1] == powers[0]);
    CHECK(powers[3] == powers[2]);
    CHECK(powers[2] < 0.8 * powers[0]);
}

TEST_CASE("a vector marked as sounding becomes the device's sounding burst") {
    phy::BurstFormat format;
    Bench bench(preprocessor::make(format, 0, reals));
    const auto bursts = bench.keep("bursts");
    bench.post("vectors", pdu(dictionary({{"round", number(0)}, {"sounding", pmt::PMT_T}}),
                              std::vector<float>()));
    bench.run_until([&] { return bursts->num_messages() == 1; });
    CHECK(samples_of(bursts->get_message(0)).size() == format.sounding_samples());
    CHECK_THROWS_AS(preprocessor::make(format, 1, reals), std::invalid_argument);
}

TEST_CASE("settings of which one is wrong change nothing, and a refused vector's round is silent") {
    phy::BurstFormat format;
    Bench bench(preprocessor::make(format, 0, reals));
    const auto bursts = bench.keep("bursts"), reports = bench.keep("reports");
    const auto send = [&](uint64_t round, float value) {
        bench.post("vectors",
                   pdu(dictionary({{"round", number(round)}}), std::vector<float>(reals, value)));
    };
    send(0, 1);
    const Samples three(3, 1);
    const double none = std::numeric_limits<double>::quiet_NaN();
    bench.post("settings", dictionary({{"round", number(1)},
                                       {"scale", pmt::from_double(7)},
                                       {"phase", pmt::mp("x")}}));
    bench.post("settings", dictionary({{"round", number(1)}, {"scale", pmt::from_double(none)}}));
    bench.post("settings", dictionary({{"round", number(1)},
                                       {"scale", pmt::from_double(7)},
                                       {"precoders", pmt::init_c32vector(3, three)}}));
    bench.post("settings",
               dictionary({{"round", number(1)}, {"sounding_power_w", pmt::from_double(-1)}}));
    send(1, 1);
    send(2, std::numeric_limits<float>::infinity());
    send(3, 1);
    bench.run_until([&] { return reports->num_messages() == 3 && bursts->num_messages() == 4; });
    CHECK(samples_of(bursts->get_message(1)) == samples_of(bursts->get_message(0)));
    CHECK(pmt::to_uint64(entry(bursts->get_message(2), "round")) == 2);
    CHECK(samples_of(bursts->get_message(2)).empty());
    CHECK(samples_of(bursts->get_message(3)) == samples_of(bursts->get_message(0)));
}

}  // namespace
}  // namespace aircomp
}  // namespace gr
