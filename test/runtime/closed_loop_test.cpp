// SPDX-License-Identifier: GPL-3.0-or-later
// The way down that closes the loop, equation (14), over many sites of a stream.
#include <cmath>
#include <random>

#include "coding/exact_sum.hpp"
#include "experiment/error_budget.hpp"
#include "full_power.hpp"
#include "schemes/down/registry.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

constexpr std::size_t length = 1024;

Config closed_loop(double bits) {
    Config config = default_config();
    config.radio.downlink = "closed-loop";
    config.radio.downlink_bits = bits;
    return config;
}

/// A server's stream and the devices' copy, and the sums that they got last.
struct Streams {
    std::vector<float> server = std::vector<float>(length), devices = server;
    std::vector<float> server_sum = server, devices_sum = server;

    std::vector<float> lag() const {
        std::vector<float> lag(length);
        for (std::size_t i = 0; i < length; ++i)
            lag[i] = server[i] - devices[i];
        return lag;
    }

    /// One site: `server_sum` is what came up.
    void bring(WayDown& way, RadioCell& cell) {
        devices_sum = server_sum;
        way.bring(cell, lag(), {server_sum, devices_sum});
        for (std::size_t i = 0; i < length; ++i) {
            server[i] += server_sum[i];
            devices[i] += devices_sum[i];
        }
    }
};

TEST_CASE("a closed loop leaves one step's error, however many sites have passed") {
    const double bits = GENERATE(3.0, 3.4, 5.0);
    const Config config = closed_loop(bits);
    RadioCell cell(config, full_power(config));
    cell.enter_block();
    const auto way = make_way_down(config);
    std::mt19937_64 generator(1);
    std::normal_distribution<float> gaussian;
    Streams streams;
    for (int site = 0; site < 50; ++site) {
        // Outliers, as a model has them: the rotation makes Gaussians of them.
        for (std::size_t i = 0; i < length; ++i)
            streams.server_sum[i] = gaussian(generator) * (i % 100 == 0 ? 30.0F : 1.0F);
        const std::vector<float> sum = streams.server_sum;
        std::vector<float> step = streams.lag();
        for (std::size_t i = 0; i < length; ++i)
            step[i] += sum[i];
        streams.bring(*way, cell);
        CHECK(streams.server_sum == sum);
        CHECK(mean_square(streams.lag()) / mean_square(step) ==
              Approx(code_nmse(Quantiser::lloyd_max, bits)).epsilon(0.35));
    }
}

TEST_CASE("a closed loop charges its codes and their scale at the multicast's rate") {
    const auto downlink_s = [](const Config& config) {
        RadioCell cell(config, full_power(config));
        cell.enter_block();
        Streams streams;
        streams.server_sum[3] = 1;
        streams.bring(*make_way_down(config), cell);
        return cell.ledger().downlink_s;
    };
    Config closed = closed_loop(5);
    closed.costs = Costs::paper;  // time in proportion to bits
    Config open = closed;
    open.radio.downlink = "multicast";
    // Two parts, each with its scale.
    const Config between = [&] {
        Config config = closed;
        config.radio.downlink_bits = 4.5;
        return config;
    }();
    CHECK(downlink_s(between) / downlink_s(open) == Approx((4.5 * length + 64) / (5.0 * length)));
    CHECK(downlink_s(closed) / downlink_s(open) == Approx((5.0 * length + 32) / (5.0 * length)));
}

TEST_CASE("a closed loop with nothing to say changes nothing") {
    const Config config = closed_loop(4);
    RadioCell cell(config, full_power(config));
    cell.enter_block();
    Streams streams;
    streams.bring(*make_way_down(config), cell);
    CHECK(streams.devices == std::vector<float>(length));
}

TEST_CASE("a closed loop is refused beyond its bits and beside real radios") {
    const auto check = [](const Config& config) {
        check_downlink(config, Checker([](const std::string& key) { return "trial: " + key; }));
    };
    CHECK_NOTHROW(check(closed_loop(6)));
    CHECK_THROWS_WITH(
        check(closed_loop(7)),
        "trial: radio.downlink_bits: expected at most 6 for the downlink closed-loop, "
        "found 7");
    CHECK_NOTHROW(check(closed_loop(4.4)));
    Config open = closed_loop(8.5);
    open.radio.downlink = "multicast";
    CHECK_THROWS_WITH(check(open),
                      "trial: radio.downlink_bits: expected a whole number for the downlink "
                      "multicast, found 8.5");
    Config radios = closed_loop(5);
    radios.medium = AirMedium::radio;
    CHECK_THROWS_WITH(check(radios), Catch::Contains("which is simulated, for the medium radio"));
}

}  // namespace
}  // namespace aircomp::runtime
