// SPDX-License-Identifier: GPL-3.0-or-later
// Messages of the server: code, labels, and bursts through channels of several antennas.
#include "gnuradio/aircomp/phy/multicast.hpp"

#include <cstdio>
#include <random>

#include "air.hpp"
#include "convolutional_code.hpp"
#include "quadrature.hpp"
#include "support/catch.hpp"

namespace gr::aircomp::phy {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes draw_message(std::size_t bytes, unsigned seed) {
    std::mt19937 generator(seed);
    Bytes message(bytes);
    for (std::uint8_t& byte : message)
        byte = static_cast<std::uint8_t>(generator());
    return message;
}

// ---- code and labels ----

/// `code`'s bits as QPSK over Gaussian noise whose every bit tells `information`.
class BitChannel {
public:
    BitChannel(double information, unsigned seed) : noise_(seed) {
        double low = 0.01, high = 100;
        while (high / low > 1.0001) {
            const double middle = std::sqrt(low * high);
            (bit_information(2, middle) < information ? low : high) = middle;
        }
        snr_ = static_cast<float>(low);
    }

    std::vector<float> pass(const Bytes& coded) {
        std::vector<float> llr;
        for (const std::uint8_t bit : coded) {
            const float sent = quadrature_.map(&bit);
            const auto noise = static_cast<float>(noise_.draw().real()) / std::sqrt(snr_);
            float own = 0;
            quadrature_.demap(sent + noise, snr_, &own);
            llr.push_back(own);
        }
        return llr;
    }

private:
    Quadrature quadrature_{2};
    test::Noise noise_;
    float snr_ = 1;
};

double share_that_fails(CodeRate rate, double information, unsigned messages) {
    constexpr std::size_t bytes = 300;
    const ConvolutionalCode code(bytes, rate);
    BitChannel channel(information, 7);
    unsigned failed = 0;
    for (unsigned i = 0; i < messages; ++i) {
        const Bytes message = draw_message(bytes, i);
        Bytes found(bytes);
        if (code.decode(channel.pass(code.encode(message)), found)) {
            REQUIRE(found == message);
        } else {
            ++failed;
        }
    }
    return failed / static_cast<double>(messages);
}

TEST_CASE("a message needs as many bits on the air as its rate says") {
    for (const CodeRate rate : code_rates) {
        const ConvolutionalCode code(100, rate);
        const double bits = 8 * (100 + 4) + 8;  // with checksum and tail
        CHECK(static_cast<double>(code.coded_bits()) == Approx(bits / value_of(rate)).margin(2));
    }
    CHECK_THROWS_WITH(ConvolutionalCode(0, CodeRate::half),
                      "convolutional code: expected a message of at least 1 byte");
}

TEST_CASE("messages fail where their bits tell less than they have to, and hardly any where not") {
    for (const CodeRate rate : code_rates) {
        CAPTURE(value_of(rate));
        CHECK(share_that_fails(rate, required_information(rate), 300) < 0.01);
        CHECK(share_that_fails(rate, required_information(rate) - 0.1, 100) > 0.1);
    }
}

// What required_information() says: run with "[required-information]".
TEST_CASE("share of messages that fail, by what their bits tell", "[.][required-information]") {
    for (const CodeRate rate : code_rates) {
        for (int step = -4; step <= 1; ++step) {
            const double information = required_information(rate) + 0.01 * step;
            std::printf("rate %.2f  information %.2f  fails %.4f\n", value_of(rate), information,
                        share_that_fails(rate, information, 2000));
        }
    }
}

TEST_CASE("a wrong checksum leaves the message as it was") {
    const ConvolutionalCode code(20, CodeRate::half);
    const Bytes before = draw_message(20, 1);
    Bytes message = before;
    CHECK_FALSE(code.decode(std::vector<float>(code.coded_bits(), 1.0F), message));
    CHECK(message == before);
}

TEST_CASE("labels come back from their levels, and symbols have mean power 1") {
    for (const unsigned bits : {2U, 4U, 6U, 8U}) {
        const Quadrature quadrature(bits);
        const std::size_t labels = std::size_t{1} << quadrature.bits();
        double power = 0;
        for (std::size_t label = 0; label < labels; ++label) {
            std::uint8_t sent[4];
            float llr[4];
            for (std::size_t i = 0; i < quadrature.bits(); ++i)
                sent[i] = (label >> i) & 1U;
            const float level = quadrature.map(sent);
            power += 2 * level * level / static_cast<double>(labels);
            quadrature.demap(level, 1, llr);
            for (std::size_t i = 0; i < quadrature.bits(); ++i)
                CHECK((llr[i] > 0) == (sent[i] == 1));
        }
        CHECK(power == Approx(1));
    }
    CHECK_THROWS_WITH(Quadrature(3), "modulation: expected 2, 4, 6 or 8 bits, found 3");
}

TEST_CASE("what a bit tells is that of drawn symbols") {
    // Half a bit of QPSK at 0.19 dB is the binary input channel's well-known limit.
    CHECK(bit_information(2, test::from_db(0.187)) == Approx(0.5).margin(0.001));
    for (const unsigned bits : {4U, 6U, 8U}) {
        const Quadrature quadrature(bits);
        const auto snr = static_cast<float>(test::from_db(3.0 * bits));
        test::Noise noise(bits);
        std::mt19937 generator(bits);
        double told = 0;
        constexpr int draws = 20000;
        for (int n = 0; n < draws; ++n) {
            std::uint8_t sent[4];
            float llr[4];
            for (std::size_t i = 0; i < quadrature.bits(); ++i)
                sent[i] = generator() & 1U;
            const auto own = static_cast<float>(noise.draw().real()) / std::sqrt(snr);
            quadrature.demap(quadrature.map(sent) + own, snr, llr);
            for (std::size_t i = 0; i < quadrature.bits(); ++i) {
                const double right = sent[i] == 1 ? llr[i] : -llr[i];
                told +=
                    (1 - std::log2(1 + std::exp(-right))) / static_cast<double>(quadrature.bits());
            }
        }
        // Nearest levels alone lose a little.
        CHECK(told / draws == Approx(bit_information(bits, snr)).margin(0.01));
    }
}

// ---- over the air ----

constexpr std::size_t server_antennas = 8, device_antennas = 4, taps = 3;
constexpr std::size_t lead = 64, tail = 96;
constexpr std::size_t message_bytes = 200;

/// One device that hears the server over paths that do not change.
class Hearing {
public:
    explicit Hearing(std::uint64_t seed, double snr_db)
        : random_(seed),
          noise_w_(test::from_db(-snr_db)),
          links_(device_antennas, test::draw_links(1, server_antennas, taps, 0, random_)[0]) {
        for (auto& link : links_)
            link = test::draw_links(1, server_antennas, taps, 0, random_)[0];
    }

    /// What a burst, [server antennas, samples], becomes in the device's window, its oscillator ahead
    /// by `phase` + 2 pi `offset` i.
    std::vector<Sample> hear(const std::vector<Sample>& sent, double phase = 0, double offset = 0,
                             std::size_t delay = 0) {
        const std::size_t samples = sent.size() / server_antennas;
        const std::size_t window = lead + samples + tail;
        std::vector<Sample> received(device_antennas * window);
        for (std::size_t t = 0; t < device_antennas; ++t) {
            for (std::size_t r = 0; r < server_antennas; ++r) {
                for (const test::Path& path : links_[t][r]) {
                    for (std::size_t i = 0; i < samples; ++i)
                        received[t * window + lead + delay + path.delay + i] +=
                            Sample(path.gain) * sent[r * samples + i];
                }
            }
            for (std::size_t i = 0; i < window; ++i) {
                const double turn =
                    phase +
                    test::two_pi * offset * (static_cast<double>(i) - static_cast<double>(lead));
                received[t * window + i] *= Sample(std::polar(1.0, turn));
            }
        }
        random_.add(received, test::sample_noise(format_, noise_w_));
        return received;
    }

private:
    BurstFormat format_;
    test::Noise random_;
    double noise_w_;
    std::vector<std::vector<std::vector<test::Path>>> links_;  // [device antennas][server antennas]
};

/// The first streams go to the first antennas.
std::vector<Sample> plain_beams(std::size_t streams) {
    std::vector<Sample> beams(server_antennas * streams);
    for (std::size_t l = 0; l < streams; ++l)
        beams[l * streams + l] = 1;
    return beams;
}

struct Ends {
    MulticastTransmitter server{BurstFormat(), server_antennas};
    MulticastReceiver device{BurstFormat(), device_antennas, lead, tail};
};

TEST_CASE("messages come through several paths, whatever their streams, symbols and rates") {
    const Bytes message = draw_message(message_bytes, 3);
    for (const std::size_t streams : {1, 2, 4}) {
        Ends ends;
        Hearing air(streams, 45);
        const auto beams = plain_beams(streams);
        REQUIRE(ends.device.train(air.hear(ends.server.training(beams, streams, 2), 0.3, 0, 2),
                                  streams, 2));
        for (const unsigned bits : {2U, 4U, 6U}) {
            for (const CodeRate rate : code_rates) {
                const Modulation modulation{streams, bits, rate, 1};
                CAPTURE(streams, bits, value_of(rate));
                const auto sent = ends.server.message(message, modulation, beams, 2, 5);
                REQUIRE(sent.size() ==
                        server_antennas *
                            message_samples(BurstFormat(), message_bytes, modulation));
                Bytes found(message_bytes);
                // The phase that the device knows, and a bit of an offset that it does not.
                const auto report =
                    ends.device.receive(air.hear(sent, 0.7, 2e-5, 2), modulation, 0.5, 1e-5, found);
                CHECK(report.decoded);
                CHECK(found == message);
                CHECK(report.evm < 0.2);
                CHECK(report.noise_power_w == Approx(test::from_db(-45)).epsilon(0.5));
            }
        }
    }
}

TEST_CASE("a message keeps to its power, and its header comes from one antenna") {
    Ends ends;
    const auto beams = plain_beams(2);
    const Modulation modulation{2, 4, CodeRate::half, 1};
    const auto sent = ends.server.message(draw_message(message_bytes, 1), modulation, beams, 3, 6);
    const BurstFormat format;
    const std::size_t samples = message_samples(format, message_bytes, modulation);
    const std::size_t head = format.header_samples() - format.ramp;
    double header = 0, others = 0, symbols = 0;
    for (std::size_t r = 0; r < server_antennas; ++r) {
        for (std::size_t i = format.ramp; i < samples - format.ramp; ++i) {
            const double power = std::norm(sent[r * samples + i]);
            if (i >= head) {
                symbols += power / static_cast<double>(samples - format.ramp - head);
            } else {
                (r == 6 ? header : others) += power / static_cast<double>(head - format.ramp);
            }
        }
    }
    CHECK(header == Approx(3));
    CHECK(others == 0);
    CHECK(symbols == Approx(3).epsilon(0.1));
}

TEST_CASE("repetitions bring a message through noise in which it is lost without") {
    const Bytes message = draw_message(message_bytes, 4);
    const auto beams = plain_beams(1);
    unsigned once = 0, often = 0;
    constexpr unsigned trials = 10;
    for (unsigned seed = 0; seed < trials; ++seed) {
        Ends ends;
        Hearing air(seed, 3);
        REQUIRE(ends.device.train(air.hear(ends.server.training(beams, 1, 1)), 1, 1));
        for (const unsigned repetitions : {1U, 12U}) {
            const Modulation modulation{1, 6, CodeRate::three_quarters, repetitions};
            Bytes found(message_bytes);
            const auto sent = ends.server.message(message, modulation, beams, 1, 0);
            const bool decoded =
                ends.device.receive(air.hear(sent), modulation, 0, 0, found).decoded;
            (repetitions == 1 ? once : often) += decoded ? 1 : 0;
            if (decoded) CHECK(found == message);
        }
    }
    CHECK(once == 0);
    CHECK(often >= trials - 1);
}

TEST_CASE("where nothing was sent nothing is learned and nothing decoded") {
    Ends ends;
    Hearing air(1, 20);
    const auto beams = plain_beams(2);
    const Modulation modulation{2, 4, CodeRate::half, 1};
    const auto nothing = [](std::vector<Sample> sent) {
        std::fill(sent.begin(), sent.end(), Sample());
        return sent;
    };
    const auto training = ends.server.training(beams, 2, 1);
    const auto sent = ends.server.message(draw_message(message_bytes, 1), modulation, beams, 1, 0);
    Bytes found(message_bytes);
    CHECK_FALSE(ends.device.train(air.hear(nothing(training)), 2, 1));
    CHECK_THROWS_WITH(ends.device.receive(air.hear(sent), modulation, 0, 0, found),
                      "multicast: streams learned: expected 2, found 0");
    REQUIRE(ends.device.train(air.hear(training), 2, 1));
    CHECK_FALSE(ends.device.receive(air.hear(nothing(sent)), modulation, 0, 0, found).decoded);
    CHECK(found == Bytes(message_bytes));
}

TEST_CASE("a modulation that there is not is refused") {
    const BurstFormat format;
    CHECK_THROWS_WITH(message_symbols(format, 10, {1, 5, CodeRate::half, 1}),
                      "modulation: expected 2, 4, 6 or 8 bits, found 5");
    CHECK_THROWS_WITH(message_symbols(format, 10, {1, 2, CodeRate::half, 0}),
                      "modulation: expected at least 1 repetition, found 0");
    CHECK_THROWS_WITH(message_symbols(format, 10, {0, 2, CodeRate::half, 1}),
                      "modulation: expected from 1 to 64 streams, found 0");
}

}  // namespace
}  // namespace gr::aircomp::phy
