// SPDX-License-Identifier: GPL-3.0-or-later
// Messages of the server from block to block.
#include <gnuradio/aircomp/multicast_receiver.h>
#include <gnuradio/aircomp/multicast_source.h>

#include <string>

#include "gnuradio/aircomp/phy/multicast.hpp"
#include "qa_blocks.h"

namespace gr {
namespace aircomp {
namespace multicast_qa {
namespace {

using namespace qa;

constexpr std::size_t antennas = 2, lead = 64, tail = 128;

pmt::pmt_t bytes_of(const std::string& text) {
    return pmt::init_u8vector(text.size(), reinterpret_cast<const uint8_t*>(text.data()));
}

std::string text_of(const pmt::pmt_t& pdu) {
    const std::vector<uint8_t> bytes = pmt::u8vector_elements(pmt::cdr(pdu));
    return std::string(bytes.begin(), bytes.end());
}

pmt::pmt_t two_streams() {
    return dictionary({{"streams", number(2)},
                       {"bits", number(4)},
                       {"rate", pmt::mp("3/4")},
                       {"beams", pmt::init_c32vector(4, Samples{1, 0, 0, 1})}});
}

pmt::pmt_t order_of(uint64_t round, bool training, const std::string& text) {
    return pmt::cons(dictionary({{"round", number(round)},
                                 {"time", number(1000 * round)},
                                 {"header_antenna", number(1)},
                                 {"training", pmt::from_bool(training)}}),
                     bytes_of(text));
}

/// A burst of `antennas` antennas in a window, over a channel that mixes them.
pmt::pmt_t window_of(const pmt::pmt_t& burst, bool training) {
    const Samples sent = samples_of(burst);
    const std::size_t samples = sent.size() / antennas, window = lead + samples + tail;
    const Sample mixed[antennas][antennas] = {{{0.9F, 0.2F}, {0.1F, -0.5F}},
                                              {{-0.4F, 0.3F}, {0.8F, 0}}};
    Samples received(antennas * window);
    for (std::size_t t = 0; t < antennas; ++t) {
        for (std::size_t r = 0; r < antennas; ++r) {
            for (std::size_t i = 0; i < samples; ++i)
                received[t * window + lead + i] += mixed[t][r] * sent[r * samples + i];
        }
    }
    // A little noise, which receivers expect.
    for (std::size_t i = 0; i < received.size(); ++i)
        received[i] += Sample(static_cast<float>(i % 7) - 3, static_cast<float>(i % 5) - 2) * 1e-3F;
    return pdu(
        dictionary({{"round", entry(burst, "round")}, {"training", pmt::from_bool(training)}}),
        received);
}

/// The bursts of a training and of a message of two streams.
std::vector<pmt::pmt_t> bursts_of(const std::string& text) {
    Bench bench(multicast_source::make(phy::BurstFormat(), antennas, 2));
    const auto bursts = bench.keep("bursts");
    bench.post("settings", two_streams());
    bench.post("messages", order_of(3, true, text));
    bench.post("messages", order_of(4, false, text));
    bench.run_until([&] { return bursts->num_messages() == 2; });
    return {bursts->get_message(0), bursts->get_message(1)};
}

TEST_CASE("a message goes from the server's block to a device's, after the streams were learned") {
    const std::string text = "a sum on its way down";
    const auto bursts = bursts_of(text);
    CHECK(pmt::to_uint64(entry(bursts[1], "round")) == 4);
    CHECK(pmt::to_uint64(entry(bursts[1], "time")) == 4000);
    const phy::Modulation modulation = {2, 4, phy::CodeRate::three_quarters, 1};
    CHECK(samples_of(bursts[0]).size() == antennas * phy::training_samples(phy::BurstFormat(), 2));
    CHECK(samples_of(bursts[1]).size() ==
          antennas * phy::message_samples(phy::BurstFormat(), text.size(), modulation));

    Bench bench(multicast_receiver::make(phy::BurstFormat(), text.size(), antennas, lead, tail, 2));
    const auto messages = bench.keep("messages");
    bench.post("settings", two_streams());
    bench.post("windows", window_of(bursts[0], true));
    bench.post("windows", window_of(bursts[1], false));
    bench.run_until([&] { return messages->num_messages() == 2; });
    const pmt::pmt_t learned = messages->get_message(0), message = messages->get_message(1);
    CHECK(pmt::to_bool(entry(learned, "found")));
    CHECK(pmt::to_bool(entry(learned, "training")));
    CHECK(text_of(learned).empty());
    CHECK(pmt::to_bool(entry(message, "found")));
    CHECK(pmt::to_uint64(entry(message, "round")) == 4);
    CHECK(text_of(message) == text);
    CHECK(real(message, "evm") < 0.1);
}

TEST_CASE("a message whose streams were not learned, or that is lost, is not found, and empty") {
    const std::string text = "twelve bytes";
    const auto bursts = bursts_of(text);
    Bench bench(multicast_receiver::make(phy::BurstFormat(), text.size(), antennas, lead, tail, 2));
    const auto messages = bench.keep("messages");
    bench.post("settings", two_streams());
    bench.post("windows", window_of(bursts[1], false));
    bench.post("windows", window_of(bursts[0], true));
    const auto silent = [](const pmt::pmt_t& window) {
        return pdu(pmt::car(window), Samples(samples_of(window).size()));
    };
    bench.post("windows", silent(window_of(bursts[1], false)));
    bench.post("windows", silent(window_of(bursts[0], true)));
    bench.post("windows", window_of(bursts[1], false));
    bench.run_until([&] { return messages->num_messages() == 5; });
    for (std::size_t i = 0; i < 5; ++i) {
        const pmt::pmt_t message = messages->get_message(i);
        CHECK(pmt::to_bool(entry(message, "training")) == (i == 1 || i == 3));
        CHECK(pmt::to_bool(entry(message, "found")) == (i == 1));
        CHECK(text_of(message).empty());
    }
}

TEST_CASE("settings of messages that are wrong change nothing") {
    Bench bench(multicast_source::make(phy::BurstFormat(), 1));
    const auto bursts = bench.keep("bursts");
    for (const auto& wrong :
         {dictionary({{"bits", number(3)}, {"repetitions", number(2)}}),
          dictionary({{"repetitions", number(0)}}),
          dictionary({{"rate", pmt::mp("4/5")}, {"repetitions", number(2)}}),
          dictionary({{"streams", number(2)}}), dictionary({{"power_w", pmt::from_double(-1)}}),
          dictionary({{"beams", pmt::init_c32vector(1, Samples{3})}})})
        bench.post("settings", wrong);
    bench.post("messages", order_of(1, false, "x"));  // from an antenna that there is not
    bench.post("messages", pmt::cons(dictionary({{"time", number(5)}}), bytes_of("twelve bytes")));
    bench.run_until([&] { return bursts->num_messages() == 1; });
    CHECK(samples_of(bursts->get_message(0)).size() ==
          phy::message_samples(phy::BurstFormat(), 12, phy::Modulation()));
    CHECK_THROWS_WITH(multicast_source::make(phy::BurstFormat(), 0),
                      "multicast: expected at least 1 antenna, found 0");
    CHECK_THROWS_WITH(multicast_receiver::make(phy::BurstFormat(), 0, 1),
                      "multicast_receiver: message_bytes: expected at least 1, found 0");
}

}  // namespace
}  // namespace multicast_qa
}  // namespace aircomp
}  // namespace gr
