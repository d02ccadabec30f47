// SPDX-License-Identifier: GPL-3.0-or-later
// Messages to bytes and back; bytes that are no message.
#include "daemon/link/codec.hpp"

#include <cstring>
#include <limits>
#include <random>

#include "support/catch.hpp"
#include "testbed/every_message.hpp"

namespace aircomp::runtime::control {
namespace {

template <typename T>
T round_trip(const T& message) {
    const Frame frame = encode(message);
    const Message read = decode(*frame);
    REQUIRE(std::holds_alternative<T>(read));
    // Spans point into the frame: what is compared here are values alone.
    return std::get<T>(read);
}

std::string refusal(const Message& message) {
    try {
        decode(*encode(message));
    } catch (const ProtocolError& error) {
        return error.what();
    }
    return "";
}

Hello hello() {
    return std::get<Hello>(test::every_message().front());
}

Calibration its_calibration() {
    return std::get<Calibration>(test::every_message().at(3));
}

const std::vector<float> reals = {1, -2, 3.5F, 0, 1e-20F, 6};
const std::vector<float> powers = {1, 0, 3.5F};

TEST_CASE("messages of every kind come back as they were sent") {
    const Hello greeting = round_trip(hello());
    CHECK(greeting.name == "device-1");
    CHECK(greeting.model_hash == hello().model_hash);
    CHECK(greeting.radio.kind == "uhd");
    CHECK(greeting.radio.sample_rate_hz == 10e6);
    CHECK(round_trip(Welcome{0.5}).heartbeat_s == 0.5);
    CHECK(round_trip(Rejection{"no", true}).retry);
    CHECK(round_trip(Rejection{"later", true, 2.5}).retry_after_s == 2.5);
    CHECK(round_trip(Assignment{3, 1, 4, 0, 2, 5, 90, 256, 64}).ffn_end == 90);
    CHECK(round_trip(Assignment{3, 1, 4, 0, 2, 5, 90, 256, 64, 8}).conversations == 8);
    CHECK(round_trip(RoundStart{1, 2, 3, 1, false, reals, Way::link, 7}).conversation == 7);
    CHECK(round_trip(Loaded{3, 12345}).weight_bytes == 12345);
    CHECK(round_trip(Repeat{3, 99}).round == 99);
    const Calibration calibration = round_trip(its_calibration());
    CHECK(calibration.hash == its_calibration().hash);
    CHECK(calibration.bytes == 4096);
    CHECK(calibration.use.rank == 8);
    CHECK(calibration.use.carries);
    CHECK(calibration.use.vector_headroom == 16);
    CHECK(round_trip(CalibrationRequest{77}).offset == 77);
    CHECK(round_trip(CalibrationReport{"no room"}).failure == "no room");
    CHECK(round_trip(Partial{1, 2, 0.5, reals, powers, 9}).foretold == 9);
    CHECK(round_trip(Computed{1, 2, 0.5, powers, 9}).foretold == 9);
    CHECK(round_trip(ClockCommand{4, ClockStep::set_at_next_pulse, -5}).ticks == -5);
    CHECK(round_trip(ClockReport{4, {8, 9}, "no lock"}).ticks == std::vector<std::int64_t>{8, 9});
    const Order order = round_trip(Order{3, 7, false, true, {100, 200}, 300, 99, 2, 0.5});
    CHECK(order.headers == std::vector<std::int64_t>{100, 200});
    CHECK(order.scale == 0.5);
    BurstReport burst;
    burst.burst = BurstState::late;
    burst.header_snr_db = -3;
    burst.refusal = "too loud";
    CHECK(round_trip(burst).burst == BurstState::late);
    CHECK(round_trip(burst).header_snr_db == -3);
    CHECK(round_trip(burst).refusal == "too loud");
    CHECK_FALSE(round_trip(burst).limited_vector);
    burst.limited_vector = true;
    CHECK(round_trip(burst).limited_vector);
    CHECK(round_trip(Heartbeat{1}).sequence == 1);
    CHECK(round_trip(Telemetry{1.5, 2.5, 3}).wait_s == 2.5);
    CHECK(round_trip(Shutdown{"over"}).reason == "over");
}

TEST_CASE("vectors are read where they lie in the frame") {
    const Frame piece = encode(CalibrationPiece{5, gsl::as_bytes(gsl::span<const float>(reals))});
    const Message its = decode(*piece);
    const auto bytes = std::get<CalibrationPiece>(its).bytes;
    CHECK(bytes.size() == reals.size() * sizeof(float));
    CHECK(std::memcmp(bytes.data(), reals.data(), bytes.size()) == 0);
    for (const Message& message :
         {Message(RoundStart{1, 2, 3, 2, true, reals, Way::both}), Message(Sum{1, 2, reals}),
          Message(Partial{1, 2, 0.5, reals}),
          Message(Settings{1, 9, SiteKind::mlp, 1, 0.1, 2, 3, 1, 1, reals}),
          Message(Computed{1, 2, 0.5, powers})}) {
        const Frame frame = encode(message);
        const Message read = decode(*frame);
        REQUIRE(read.index() == message.index());
        const gsl::span<const float> values = std::visit(
            [](const auto& m) -> gsl::span<const float> {
                using T = std::decay_t<decltype(m)>;
                if constexpr (std::is_same_v<T, RoundStart>) return m.x;
                if constexpr (std::is_same_v<T, Sum>) return m.values;
                if constexpr (std::is_same_v<T, Partial>) return m.values;
                if constexpr (std::is_same_v<T, Settings>) return m.precoders;
                if constexpr (std::is_same_v<T, Computed>) return m.powers;
                return {};
            },
            read);
        CHECK(std::vector<float>(values.begin(), values.end()) ==
              (std::holds_alternative<Computed>(message) ? powers : reals));
        const auto* const begin = reinterpret_cast<const std::byte*>(values.data());
        CHECK(begin >= frame->data());
        CHECK(begin < frame->data() + frame->size());
    }
}

TEST_CASE("numbers outside their ranges are refused by their names") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const std::vector<float> broken = {1, nan};
    CHECK(refusal(Partial{1, 2, 0, broken}) == "partial: expected finite values");
    CHECK(refusal(Sum{1, 2, {}}) == "sum: expected at least one value");
    CHECK(refusal(RoundStart{1, 2, 0, 4, false, reals}) == "x: expected whole vectors");
    CHECK(refusal(RoundStart{1, 2, -1, 1, false, reals}).rfind("position:", 0) == 0);
    CHECK(refusal(Welcome{0.01}) == "heartbeat_s: expected 0.05 to 60");
    CHECK(refusal(Rejection{"no", true, -1}) == "retry_after_s: expected 0 to 3600");
    CHECK(refusal(Rejection{"no", true, nan}) == "retry_after_s: expected 0 to 3600");
    CHECK(refusal(Assignment{1, 4, 4, 0, 1, 0, 1, 8, 1}).rfind("device:", 0) == 0);
    CHECK(refusal(Assignment{1, 0, 4, 2, 1, 0, 1, 8, 1}) == "query heads: expected a range");
    CHECK(refusal(Assignment{1, 0, 4, 0, 1, 0, 1, 8, 1025}).rfind("most_vectors:", 0) == 0);
    CHECK(refusal(Assignment{1, 0, 4, 0, 1, 0, 1, 8, 1, 257}).rfind("conversations:", 0) == 0);
    CHECK(refusal(Settings{1, 0, SiteKind::mlp, 1, 1, 1, 2, 2, 2, reals}).rfind("precoders:", 0) ==
          0);
    CHECK(refusal(Computed{1, 2, 0, reals}).rfind("powers:", 0) == 0);
    CHECK(refusal(Order{1, 1, true, true, {}, 5, 0, 0, 1}).rfind("headers:", 0) == 0);
    CHECK(refusal(Order{1, 1, true, true, {3, 3}, 5, 0, 0, 1}).rfind("headers:", 0) == 0);
    CHECK(refusal(Order{1, 1, true, true, {3}, 3, 0, 0, 1}).rfind("burst:", 0) == 0);
    CHECK(refusal(Order{1, 1, true, true, {-3}, 3, 0, 0, 1}).rfind("burst:", 0) == 0);
    constexpr std::int64_t earliest = std::numeric_limits<std::int64_t>::min();
    CHECK(refusal(Order{1, 1, true, true, {earliest}, 3, 0, 0, 1}).rfind("burst:", 0) == 0);
    CHECK(refusal(Order{1, 1, true, true, {3}, 5, 0, 0, 0}).rfind("scale:", 0) == 0);
    Calibration calibration = its_calibration();
    calibration.bytes = 0;
    CHECK(refusal(calibration).rfind("bytes:", 0) == 0);
    calibration.bytes = most_calibration_bytes + 1;
    CHECK(refusal(calibration).rfind("bytes:", 0) == 0);
    calibration = its_calibration();
    calibration.use.rank = -1;
    CHECK(refusal(calibration).rfind("rank:", 0) == 0);
    calibration = its_calibration();
    calibration.use.vector_headroom = 0.5;
    CHECK(refusal(calibration) == "vector_headroom: expected at least 1");
    CHECK(refusal(CalibrationPiece{0, {}}).rfind("calibration piece:", 0) == 0);
    const std::vector<std::byte> much(most_piece_bytes + 1);
    CHECK(refusal(CalibrationPiece{0, much}).rfind("calibration piece:", 0) == 0);
    CHECK(refusal(Computed{1, 2, 0, powers, nan}).rfind("foretold:", 0) == 0);
    const std::vector<float> negative = {1, -1};
    CHECK(refusal(Partial{1, 2, 0, reals, negative}).rfind("powers:", 0) == 0);
    CHECK(refusal(Shutdown{std::string(2000, 'x')}).rfind("reason:", 0) == 0);
    Hello nobody = hello();
    nobody.name = "";
    CHECK(refusal(nobody) == "name: expected a name");
    nobody.name = "new\nline";
    CHECK(refusal(nobody) == "name: expected printable characters");
    nobody = hello();
    nobody.memory_bytes = std::numeric_limits<double>::infinity();
    CHECK(refusal(nobody).rfind("memory_bytes:", 0) == 0);
}

TEST_CASE("a frame that is cut anywhere, or has any byte changed, is refused or still in range") {
    const Frame whole = encode(hello());
    for (std::size_t size = 0; size < whole->size(); ++size) {
        const std::vector<std::byte> cut(whole->begin(),
                                         whole->begin() + static_cast<std::ptrdiff_t>(size));
        CHECK_THROWS_AS(decode(cut), ProtocolError);
    }
    std::mt19937 random(5);
    int read = 0;
    for (int i = 0; i < 20000; ++i) {
        std::vector<std::byte> changed = *whole;
        changed[random() % changed.size()] = static_cast<std::byte>(random());
        try {
            const Message message = decode(changed);
            ++read;
            if (const auto* greeting = std::get_if<Hello>(&message)) {
                REQUIRE(greeting->memory_bytes >= 1);
                REQUIRE(greeting->compute_flops_per_s > 0);
            }
        } catch (const ProtocolError&) {
        }
    }
    CHECK(read > 0);
    CHECK(read < 20000);
}

}  // namespace
}  // namespace aircomp::runtime::control
