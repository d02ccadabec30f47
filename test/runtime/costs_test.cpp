// SPDX-License-Identifier: GPL-3.0-or-later
// What a simulated cell charges: frames, finite blocks, and the codes of rivals with error feedback.
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <random>

#include "air/coded_channel.hpp"
#include "coding/error_feedback.hpp"
#include "coding/exact_sum.hpp"
#include "coding/lloyd_max.hpp"
#include "coding/packed_partial.hpp"
#include "config/waveform_format.hpp"
#include "full_power.hpp"
#include "schemes/entries.hpp"
#include "schemes/registry.hpp"
#include "support/catch.hpp"

namespace aircomp::runtime {
namespace {

constexpr std::int64_t length = 384;  // whole OFDM symbols of 48 subcarriers

/// Gaussian partials of one site of a model of two sites.
struct Sites {
    explicit Sites(std::size_t devices) : partials(devices, std::vector<float>(length)) { draw(); }

    void draw() {
        for (auto& partial : partials) {
            for (float& value : partial)
                value = gaussian(generator);
        }
    }

    SumRequest request(std::size_t index, std::int64_t position = 1) const {
        SumRequest request;
        request.site = {0, index % 2 == 0 ? SiteKind::attention : SiteKind::mlp, index};
        request.position = position;
        request.length = length;
        request.partials = partials;
        request.residual = residual;
        return request;
    }

    std::mt19937_64 generator{3};
    std::normal_distribution<float> gaussian;
    std::vector<std::vector<float>> partials;
    std::vector<float> residual = std::vector<float>(length, 1.0F);
};

/// Of `rounds` sites, before each of which devices compute for `compute_s`.
Ledger after(const Config& config, bool last_site = false, int rounds = 1, double compute_s = 0) {
    const Sites sites(config.devices.size());
    const auto medium =
        make_medium(config, length, full_power(config), unit_calibration(config.devices.size()));
    std::vector<float> sum(length);
    for (int i = 0; i < rounds; ++i) {
        SumRequest request = sites.request(1);
        request.last_site = last_site;
        medium->elapse(compute_s);
        medium->all_reduce(request, sum);
    }
    return medium->usage();
}

Config cell(const std::string& scheme) {
    Config config = default_config();
    config.scheme = scheme;
    config.radio.channel_knowledge = ChannelKnowledge::perfect;
    return config;
}

TEST_CASE("a site has the frame of equation (17), a digital one in turn a header for each device") {
    const auto headers = [](double count) { return count * 320 / 10e6; };
    const double turnaround_s = 20e-6;
    CHECK(after(cell("mmse")).frame_s == Approx(headers(3) + 2 * turnaround_s));
    CHECK(after(cell("fdma")).frame_s == Approx(headers(3) + 2 * turnaround_s));
    CHECK(after(cell("digital-sdma")).frame_s == Approx(headers(3) + 2 * turnaround_s));
    CHECK(after(cell("digital")).frame_s == Approx(headers(4 + 2) + 2 * turnaround_s));
    // A sum that does not come down over the air has no burst of the server's.
    CHECK(after(cell("mmse"), /*last_site=*/true).frame_s == Approx(headers(2) + turnaround_s));
    Config longer = cell("mmse");
    longer.frame.sync_periods = 8;
    longer.frame.turnaround_s = 1e-3;
    CHECK(after(longer).frame_s == Approx(3 * (320 + 4 * 64) / 10e6 + 2e-3));
    Config paper = cell("digital");
    paper.costs = Costs::paper;
    CHECK(after(paper).frame_s == 0);
    // Sounding is a burst with a frame of its own.
    Config sounded = cell("mmse");
    sounded.radio.channel_knowledge = ChannelKnowledge::estimated;
    CHECK(after(sounded).frame_s == Approx(headers(2 + 3) + 3 * turnaround_s));
    CHECK(after(sounded).transmit_energy_j[0] > after(cell("mmse")).transmit_energy_j[0]);
}

TEST_CASE("vectors of a prompt share frames, and their sums are the same") {
    const std::string scheme = GENERATE("mmse", "fdma", "digital", "zf-sdma");
    CAPTURE(scheme);
    constexpr std::int64_t vectors = 5;
    const Sites sites(4);
    std::vector<std::vector<float>> partials(4);
    for (std::size_t n = 0; n < partials.size(); ++n) {
        for (std::int64_t v = 0; v < vectors; ++v)
            partials[n].insert(partials[n].end(), sites.partials[n].begin(),
                               sites.partials[n].end());
    }
    const std::vector<float> residual(vectors * length, 1.0F);
    const auto run = [&](std::int64_t max_vectors, bool together) {
        Config config = cell(scheme);
        config.radio.downlink = "closed-loop";
        config.radio.downlink_bits = 4;
        config.frame.max_vectors = max_vectors;
        const auto medium = make_medium(config, length, full_power(config), unit_calibration(4));
        SumRequest request = sites.request(1);
        request.vectors = vectors;
        request.together = together;
        request.partials = partials;
        request.residual = residual;
        std::vector<float> sum(vectors * length);
        medium->all_reduce(request, sum);
        return std::make_pair(medium->usage(), sum);
    };
    const auto [alone, sum] = run(1, true);
    const auto [decoded, sum_of_decoded] = run(2, false);
    CHECK(decoded.frame_s == alone.frame_s);
    CHECK(sum_of_decoded == sum);
    for (const auto& [max_vectors, frames] : {std::pair{2, 3}, {5, 1}, {100, 1}}) {
        const auto [shared, sum_of_shared] = run(max_vectors, true);
        CHECK(sum_of_shared == sum);
        CHECK(shared.frame_s == Approx(alone.frame_s * frames / vectors));
        CHECK(shared.uplink_s == Approx(alone.uplink_s));
        CHECK(shared.downlink_s == Approx(alone.downlink_s));
        CHECK(shared.all_reduces == vectors);
    }
}

TEST_CASE("bursts of other media than symbol hold one vector") {
    Config config = default_config();
    config.frame.max_vectors = 2;
    CHECK_NOTHROW(validate(config, "cell.yaml", check_scheme));
    config.medium = AirMedium::waveform;
    CHECK_THROWS_WITH(
        validate(config, "cell.yaml", check_scheme),
        Catch::Contains("frame.max_vectors") && Catch::Contains("medium other than symbol"));
}

TEST_CASE("the server's bursts and everybody's receivers cost energy") {
    Config config = cell("mmse");
    const double header_s = 320 / 10e6, preamble_s = header_s;
    config.radio.server_power_w = 2;
    const Ledger sends = after(config);
    CHECK(sends.server_energy_j == Approx(2 * (2 * header_s + sends.downlink_s)));
    CHECK(sends.standby_energy_j == std::vector<double>(4, 0));

    config.radio.server_receive_power_w = 3;
    config.devices[1].radio_receive_power_w = 0.5;
    const Ledger receives = after(config);
    CHECK(receives.server_energy_j - sends.server_energy_j ==
          Approx(3 * (preamble_s + receives.uplink_s)));
    CHECK(receives.standby_energy_j[0] == 0);
    CHECK(receives.standby_energy_j[1] == Approx(0.5 * (2 * header_s + receives.downlink_s)));

    config.radio.server_idle_power_w = 0.25;
    config.devices[2].radio_idle_power_w = 0.125;
    constexpr double compute_s = 1e-3;
    const Ledger idles = after(config, /*last_site=*/false, /*rounds=*/1, compute_s);
    const double all_s = compute_s + idles.total_s();
    CHECK(idles.server_energy_j - receives.server_energy_j == Approx(0.25 * all_s));
    CHECK(idles.standby_energy_j[2] == Approx(0.125 * all_s));

    config.costs = Costs::paper;
    config.radio.server_idle_power_w = 0;
    CHECK(after(config).server_energy_j == 0);
}

TEST_CASE("a way down is the next burst's header, and devices turn while they compute") {
    const double header_s = 320 / 10e6, turnaround_s = 20e-6;
    Config config = cell("mmse");
    config.radio.coherence_block_s = 1;
    const auto site_s = [&](double compute_s) {
        return after(config, false, 3, compute_s).frame_s -
               after(config, false, 2, compute_s).frame_s;
    };
    CHECK(site_s(0) == Approx(3 * header_s + 2 * turnaround_s));
    config.frame.reference = Reference::downlink;
    CHECK(site_s(0) == Approx(2 * header_s + 2 * turnaround_s));
    CHECK(site_s(5e-6) == Approx(2 * header_s + turnaround_s + 15e-6));
    CHECK(site_s(1e-3) == Approx(2 * header_s + turnaround_s));
    config.frame.burst_preamble = false;
    CHECK(site_s(1e-3) == Approx(header_s + 32 / 10e6 + turnaround_s));
    // The first burst of all has a header of its own, and so has one after a way down by wire.
    CHECK(after(config).frame_s == Approx(2 * header_s + 32 / 10e6 + 2 * turnaround_s));
    config.radio.downlink = "control";
    CHECK(site_s(1e-3) == Approx(header_s + 32 / 10e6 + turnaround_s));
}

TEST_CASE("settings go over the control link, or down over the air, where they are a header too") {
    Config config = cell("mmse");
    config.radio.channel_knowledge = ChannelKnowledge::estimated;
    config.frame.reference = Reference::downlink;
    const Ledger wired = after(config);
    CHECK(wired.control_s > config.radio.control_latency_s);
    config.radio.settings_link = SettingsLink::downlink;
    const Ledger brought = after(config);
    CHECK(brought.control_s == 0);
    CHECK(brought.downlink_s > wired.downlink_s);
    // A burst's header and turnaround more; the header of the first sum and its turnaround less.
    CHECK(brought.frame_s == Approx(wired.frame_s + 20e-6));
}

TEST_CASE("symbols and samples charge the same time for whole tokens") {
    Config symbol = default_config();
    symbol.radio.overhead_factor = 48.0 / 80;  // data subcarriers over samples of an OFDM symbol
    symbol.radio.downlink = "free";
    Config waveform = symbol;
    waveform.medium = AirMedium::waveform;
    const Ledger a = after(symbol, false, 60), b = after(waveform, false, 60);
    CHECK(b.coherence_blocks == a.coherence_blocks);
    CHECK(b.uplink_s == Approx(a.uplink_s).epsilon(0.01));
    CHECK(b.frame_s == Approx(a.frame_s).epsilon(0.01));
    CHECK(b.downlink_s == Approx(a.downlink_s).epsilon(0.01));
    const auto on_air_s = [](const Ledger& ledger) { return ledger.total_s() - ledger.control_s; };
    CHECK(on_air_s(b) == Approx(on_air_s(a)).epsilon(0.01));
}

TEST_CASE(
    "messages that are modulated take longer than the rate of a better code, in as many frames") {
    Config symbol = default_config();
    symbol.radio.overhead_factor = 48.0 / 80;
    symbol.radio.downlink = "multicast";
    Config waveform = symbol;
    waveform.medium = AirMedium::waveform;
    const Ledger a = after(symbol, false, 10), b = after(waveform, false, 10);
    REQUIRE(a.coherence_blocks == 1);
    REQUIRE(b.coherence_blocks == 1);
    REQUIRE(b.of(repeated_messages) == 0);
    // And one burst that teaches the block's streams.
    const double burst_s = 320 / 10e6 + 2 * symbol.frame.turnaround_s;
    CHECK(b.frame_s > a.frame_s);
    CHECK(b.frame_s <= a.frame_s + burst_s);
    CHECK(b.downlink_s > a.downlink_s);
    CHECK(b.downlink_s < 3 * a.downlink_s);
}

TEST_CASE("the sum of a token's last site stays at the server") {
    const Config config = cell("mmse");
    CHECK(after(config, /*last_site=*/false).downlink_s > 0);
    CHECK(after(config, /*last_site=*/true).downlink_s == 0);
    Config paper = config;
    paper.costs = Costs::paper;
    CHECK(after(paper, /*last_site=*/true).downlink_s > 0);
}

TEST_CASE("a finite block carries what the normal approximation says") {
    Config config = default_config();
    config.radio.coding_gap_db = GENERATE(0.0, 1.5);
    config.radio.block_error_rate = GENERATE(1e-2, 1e-5);
    Eigen::MatrixXcd gram = Eigen::MatrixXcd::Zero(2, 2);
    gram(0, 0) = 10, gram(1, 1) = 0.5;
    const double gain = 3;
    const CodedChannel channel(gram, gain, config);
    const double eps = config.radio.block_error_rate;
    const double penalty = boost::math::quantile(boost::math::normal(), 1 - eps);
    for (const double bits : {50.0, 500.0, 50000.0}) {
        const double n = channel.uses(bits) * (1 - eps);
        double capacity = 0, dispersion = 0;
        for (const double eigenvalue : {10.0, 0.5}) {
            const double snr = gain * eigenvalue / std::pow(10, config.radio.coding_gap_db / 10);
            capacity += std::log2(1 + snr);
            dispersion += (1 - std::pow(1 + snr, -2)) * std::pow(std::log2(std::exp(1.0)), 2);
        }
        CHECK(n * capacity - std::sqrt(n * dispersion) * penalty + 0.5 * std::log2(n) ==
              Approx(bits).epsilon(1e-5));
    }
}

TEST_CASE("a channel that carries nothing takes for ever, and Shannon's rate is the paper's") {
    Config config = default_config();
    const Eigen::MatrixXcd nothing = Eigen::MatrixXcd::Zero(2, 2);
    CHECK(std::isinf(CodedChannel(nothing, 1, config).uses(10)));
    config.costs = Costs::paper;
    CHECK(std::isinf(CodedChannel(nothing, 1, config).uses(10)));
    const Eigen::MatrixXcd gram = Eigen::MatrixXcd::Identity(2, 2);
    CHECK(CodedChannel(gram, 3, config).uses(100) == Approx(100 / (2 * std::log2(1 + 3))));
}

/// Mean square of what the devices' codes leave out of the sum over `count` sites of one token.
double left_out(const Config& config, std::size_t count) {
    Sites sites(config.devices.size());
    const auto medium = make_medium(config, length, full_power(config), Calibration());
    std::vector<float> sum(length), exact(length), difference(length, 0.0F);
    for (std::size_t index = 0; index < count; ++index) {
        sites.draw();
        const SumRequest request = sites.request(index);
        medium->all_reduce(request, sum);
        exact_sum(request, exact);
        for (std::size_t i = 0; i < difference.size(); ++i)
            difference[i] += exact[i] - sum[i];
    }
    return mean_square(difference);
}

TEST_CASE("with error feedback a token's sums lack one site's error, without it the error of all") {
    Config config = cell("digital");
    config.radio.downlink = "free";
    config.digital = {4, Quantiser::lloyd_max, false};
    const double step = 4 * LloydMax::of(4).distortion();  // of four devices
    CHECK(left_out(config, 1) == Approx(step).epsilon(0.2));
    CHECK(left_out(config, 40) > 20 * step);
    config.digital.error_feedback = true;
    CHECK(left_out(config, 1) == Approx(step).epsilon(0.2));
    CHECK(left_out(config, 40) < 1.5 * step);
}

TEST_CASE("the best levels err less than levels at equal distances") {
    Config config = cell("digital");
    config.radio.downlink = "free";
    config.digital.bits = GENERATE(3, 5);
    const double uniform = left_out(config, 1);
    config.digital.quantiser = Quantiser::lloyd_max;
    CHECK(left_out(config, 1) < 0.8 * uniform);
}

TEST_CASE("codes of no whole number of bits are of two kinds, and cost what they are") {
    DigitalConfig codes{4.25, Quantiser::lloyd_max, false};
    CHECK(code_bits(400, codes) == 100 * 5 + 300 * 4 + 2 * 32);
    CHECK(code_bits(400, {4, Quantiser::lloyd_max, false}) == 400 * 4 + 32);
    CHECK(code_bits(0, codes) == 0);
    std::mt19937_64 generator(5);
    std::normal_distribution<float> gaussian;
    std::vector<float> values(40000);
    for (float& value : values)
        value = gaussian(generator);
    std::vector<float> read = values;
    quantise(read, codes);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] -= read[i];
    CHECK(mean_square(gsl::span<float>(values).first(10000)) ==
          Approx(LloydMax::of(5).distortion()).epsilon(0.1));
    CHECK(mean_square(gsl::span<float>(values).subspan(10000)) ==
          Approx(LloydMax::of(4).distortion()).epsilon(0.1));
}

TEST_CASE("what codes left out stays with the tokens it belongs to") {
    const Sites sites(2);
    ErrorFeedback feedback;
    const auto put = [&](const SumRequest& request, float value) {
        for (std::size_t n = 0; n < 2; ++n)
            feedback.of(request, n, 0)[5] = value;
    };
    put(sites.request(0), 1);
    CHECK(feedback.of(sites.request(1), 1, 0)[5] == 1);
    put(sites.request(1), 2);
    // The next token, the same token once more, and a site that was left out begin anew.
    CHECK(feedback.of(sites.request(0, 2), 0, 0)[5] == 0);
    put(sites.request(0, 2), 3);
    CHECK(feedback.of(sites.request(0, 2), 0, 0)[5] == 0);
    put(sites.request(0, 2), 3);
    CHECK(feedback.of(sites.request(2, 2), 0, 0)[5] == 0);
}

}  // namespace
}  // namespace aircomp::runtime
