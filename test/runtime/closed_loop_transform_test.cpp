// SPDX-License-Identifier: GPL-3.0-or-later
// The way down of equation (14b): steps and bits, agreement bit for bit, and what happens where a device
// holds another copy.
#include <cmath>
#include <cstring>
#include <random>

#include "coding/exact_sum.hpp"
#include "coding/update_code.hpp"
#include "full_power.hpp"
#include "schemes/down/registry.hpp"
#include "schemes/entries.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

constexpr std::size_t length = 256;
constexpr std::size_t sites = 20;

/// Reflections along random directions; some coordinates are wide.
inference::UpdateBasis random_basis(std::int64_t rank, unsigned seed) {
    std::mt19937 generator(seed);
    std::normal_distribution<float> gaussian;
    inference::UpdateBasis basis;
    basis.rank = rank;
    for (std::int64_t i = 0; i < rank; ++i) {
        std::vector<float> r(length, 0.0F);
        float energy = 0;
        for (auto j = static_cast<std::size_t>(i); j < length; ++j) {
            r[j] = gaussian(generator);
            energy += r[j] * r[j];
        }
        for (const float value : r)
            basis.reflectors.push_back(value * std::sqrt(2 / energy));
    }
    for (std::size_t i = 0; i < length; ++i)
        basis.widths.push_back(i < 16 ? 0.0F : -8.0F);
    return basis;
}

UpdateCodes codes_of(double sensitivity = 1) {
    UpdateCodes codes;
    for (std::size_t s = 0; s < sites; ++s)
        codes.emplace_back(random_basis(s % 2 == 0 ? 12 : 0, static_cast<unsigned>(s)),
                           sensitivity);
    return codes;
}

Config closed_loop_transform(double loss_nats) {
    Config config = default_config();
    config.radio.downlink = "closed-loop-transform";
    config.radio.downlink_loss_nats = loss_nats;
    return config;
}

/// A token's way through the sites: the server's stream and the devices' copy.
struct Token {
    explicit Token(const Config& config)
        : cell(config, full_power(config)), way(make_way_down(config)) {
        cell.enter_block();
        for (float& value : server)
            value = 10 * gaussian(generator);
        devices = server;
    }

    /// One site, whose sum is random; `changed` does what it likes to the devices' copy before it.
    void pass(std::size_t site) {
        std::vector<float> sum(length), update(length), foretold(length);
        for (std::size_t i = 0; i < length; ++i) {
            sum[i] = gaussian(generator);
            foretold[i] = gaussian(generator);
        }
        StreamPlace place;
        place.site.index = site;
        place.server = server;
        place.devices = devices;
        place.foretold = foretold;
        place.code = &codes[site];
        place.sites = sites;
        place.uplink_loss_nats = uplink_loss_nats;
        place.put_right = [&](gsl::span<const float> copy) {
            put_right.assign(copy.begin(), copy.end());
        };
        put_right.clear();
        SumCopies copies(sum, update);
        copies.place = &place;
        way->bring(cell, {}, copies);
        if (!put_right.empty()) devices = put_right;
        for (std::size_t i = 0; i < length; ++i) {
            server[i] += sum[i] + foretold[i];
            devices[i] += update[i] + foretold[i];
        }
    }

    double relative_error() const {
        double error = 0;
        for (std::size_t i = 0; i < length; ++i)
            error += std::pow(server[i] - devices[i], 2);
        return error / (mean_square(devices) * length);
    }
    double resynchronised() const { return cell.ledger().of(resynchronised_copies); }
    double bits() const { return cell.ledger().of(downlink_bits); }

    std::mt19937_64 generator{1};
    std::normal_distribution<float> gaussian;
    UpdateCodes codes = codes_of();
    RadioCell cell;
    std::unique_ptr<WayDown> way;
    std::vector<float> server = std::vector<float>(length), devices, put_right;
    double uplink_loss_nats = 0;
};

TEST_CASE("steps cost the loss that they are given, at every site alike") {
    const double loss_nats = GENERATE(1e-3, 1e-2);
    Token token(closed_loop_transform(loss_nats));
    for (std::size_t site = 0; site + 1 < sites; ++site) {
        token.pass(site);
        // A sensitivity of 1: the error's energy over the copy's is the loss. The copy grows a little
        // from before the site to behind it; no coefficient is below half a step here.
        CHECK(token.relative_error() ==
              Approx(loss_nats / static_cast<double>(sites - 1)).epsilon(0.35));
    }
    CHECK(token.resynchronised() == 0);
}

TEST_CASE("a sixteenth of the loss takes two bits a value more") {
    const auto bits = [](double loss_nats) {
        Token token(closed_loop_transform(loss_nats));
        for (std::size_t site = 0; site + 1 < sites; ++site)
            token.pass(site);
        return token.bits() / static_cast<double>((sites - 1) * length);
    };
    CHECK(bits(1e-3 / 16) - bits(1e-3) == Approx(2).margin(0.1));
}

TEST_CASE("no bits go below what the way up is expected to lose") {
    Token noisy(closed_loop_transform(1e-3)), clean(closed_loop_transform(1e-3));
    noisy.uplink_loss_nats = 8 * 4e-3;
    for (std::size_t site = 0; site + 1 < sites; ++site) {
        noisy.pass(site);
        clean.pass(site);
    }
    // Four times the loss: a bit a value less.
    CHECK((clean.bits() - noisy.bits()) / static_cast<double>((sites - 1) * length) ==
          Approx(1).margin(0.1));
    CHECK(noisy.relative_error() == Approx(4 * clean.relative_error()).epsilon(0.35));
}

TEST_CASE("a device whose copy has a flipped bit is found and gets the server's") {
    const int bit = GENERATE(0, 12, 30);  // of the fraction, and of the exponent
    Token token(closed_loop_transform(1e-3)), untouched(closed_loop_transform(1e-3));
    for (std::size_t site = 0; site + 1 < sites; ++site) {
        if (site == 7) {
            std::uint32_t word = 0;
            std::memcpy(&word, &token.devices[100], sizeof(word));
            word ^= 1U << static_cast<unsigned>(bit);
            std::memcpy(&token.devices[100], &word, sizeof(word));
        }
        token.pass(site);
        untouched.pass(site);
        CHECK(token.resynchronised() == (site < 7 ? 0 : 1));
        CHECK(token.devices == untouched.devices);
    }
    // The copy as float32 was sent besides.
    CHECK(token.bits() == untouched.bits() + 32 * length);
    CHECK(untouched.resynchronised() == 0);
}

TEST_CASE("messages of equal bytes give equal bits, and any bytes can be read") {
    const UpdateCode code(random_basis(length, 3), 1);
    std::mt19937 generator(2);
    std::normal_distribution<float> gaussian;
    std::vector<float> update(length), copy(length), first(length), second(length);
    for (std::size_t i = 0; i < length; ++i) {
        update[i] = gaussian(generator);
        copy[i] = gaussian(generator);
    }
    const auto message = code.encode(update, copy, {1e-4, 0}, checksum_of(copy));
    CHECK(UpdateCode::checksum(message) == checksum_of(copy));
    code.decode(message, copy, 1e-4, first);
    code.decode(message, copy, 1e-4, second);
    CHECK(first == second);
    double error = 0;
    for (std::size_t i = 0; i < length; ++i)
        error += std::pow(first[i] - update[i], 2);
    CHECK(error / (mean_square(copy) * length) == Approx(1e-4).epsilon(0.3));

    auto broken = message;
    broken[6] ^= 0x10;
    code.decode(broken, copy, 1e-4, second);
    CHECK(first != second);
    for (const float value : second)
        CHECK(std::isfinite(value));
    code.decode(gsl::span<const std::uint8_t>(message).first(4), copy, 1e-4, second);
    CHECK_THROWS_WITH(
        code.decode(gsl::span<const std::uint8_t>(message).first(3), copy, 1e-4, second),
        "update of the stream: expected at least 4 bytes, found 3");
}

TEST_CASE("an update of nothing takes hardly any bits") {
    const UpdateCode code(random_basis(4, 3), 1);
    const std::vector<float> zeros(length, 0.0F), copy(length, 1.0F);
    std::vector<float> update(length, 1.0F);
    const auto message = code.encode(zeros, copy, {1e-4, 0}, 0);
    CHECK(message.size() < 12);
    code.decode(message, copy, 1e-4, update);
    CHECK(update == zeros);
}

TEST_CASE("the downlink closed-loop-transform without a calibration says what it needs") {
    const Config config = closed_loop_transform(1e-3);
    RadioCell cell(config, full_power(config));
    std::vector<float> sum(length);
    CHECK_THROWS_WITH(make_way_down(config)->bring(cell, {}, sum),
                      "radio.downlink: closed-loop-transform needs a calibration of the model");
}

}  // namespace
}  // namespace aircomp::runtime
