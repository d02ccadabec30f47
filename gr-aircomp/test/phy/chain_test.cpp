// SPDX-License-Identifier: GPL-3.0-or-later
// The whole chain: vectors to samples, through a channel, to their sum, beside equation (4).
#include <cstdlib>
#include <limits>
#include <new>

#include "air.hpp"
#include "gnuradio/aircomp/phy/rotation.hpp"
#include "support/catch.hpp"

namespace gr::aircomp::phy {
namespace {

using test::Links;

constexpr std::size_t antennas = 4;
constexpr std::size_t devices = 4;
constexpr std::size_t length = 2048;
constexpr std::size_t margin = 100;  // samples before and after a burst

BurstFormat format_of_four() {
    BurstFormat format;
    format.device_antennas.assign(devices, 1);
    return format;
}

/// Four devices, their server and the air between them.
class Cell {
public:
    Cell(const BurstFormat& format, std::size_t taps, std::size_t stagger, std::uint64_t seed)
        : format_(format), random_(seed) {
        links_ = test::draw_links(devices, antennas, taps, stagger, random_);
        for (std::size_t n = 0; n < devices; ++n)
            transmitters_.emplace_back(format_, Payload{length, 1, 7}, 1);
    }

    SoundingReport sound(double noise_power_w) {
        const std::size_t window = format_.sounding_samples() + 2 * margin;
        std::vector<Sample> received(antennas * window);
        std::vector<Sample> burst(format_.sounding_samples());
        for (std::size_t n = 0; n < devices; ++n) {
            transmitters_[n].sounding_burst(n, 1, {}, burst);
            test::propagate(links_[n], burst, margin, received);
        }
        random_.add(received, test::sample_noise(format_, noise_power_w));
        Sounder sounder(format_, antennas, window);
        return sounder.process(received, std::vector<double>(devices, 1.0));
    }

    struct Outcome {
        double nmse = 0;
        ReceiveReport report;
        TransmitReport sent;
    };

    /// One round of independent Gaussian vectors; `absent` devices stay silent.
    Outcome round(const test::OneStream& design, std::ptrdiff_t channel_reference,
                  double noise_power_w, unsigned seed, std::size_t absent = devices,
                  double offset = 0) {
        const std::size_t samples = transmitters_[0].burst_samples();
        const std::size_t window = samples + 2 * margin;
        std::vector<Sample> received(antennas * window);
        std::vector<Sample> burst(samples);
        std::vector<float> truth(length, 0.0F);
        Outcome outcome;
        for (std::size_t n = 0; n < devices; ++n) {
            const auto vector = test::gaussian(length, seed + static_cast<unsigned>(n), 3);
            for (std::size_t i = 0; i < length; ++i)
                truth[i] += vector[i];
            TransmitSettings settings;
            settings.scale = 3 * std::sqrt(2.0);  // a symbol of unit power
            settings.precoders = design.precoders[n];
            settings.offset = offset;
            outcome.sent = transmitters_[n].data_burst(vector, settings, burst);
            if (n != absent) test::propagate(links_[n], burst, margin, received);
        }
        random_.add(received, test::sample_noise(format_, noise_power_w));
        Postprocessor receiver(format_, {length, 1, 7}, antennas, window);
        ReceiveSettings settings;
        settings.scale = 3 * std::sqrt(2.0);
        settings.combiners = design.combiners;
        settings.pilot_reference = design.pilot_reference;
        settings.channel_reference = channel_reference;
        settings.smallest_part = 1.0 / devices;
        std::vector<float> sum(length);
        outcome.report = receiver.process(received, settings, sum);
        outcome.nmse = test::nmse(sum, truth);
        return outcome;
    }

private:
    BurstFormat format_;
    test::Noise random_;
    Links links_;
    std::vector<Preprocessor> transmitters_;
};

using Channels = std::vector<std::vector<Sample>>;

Channels least_squares(const SoundingReport& report) {
    Channels channels;
    for (const auto& device : report.devices)
        channels.push_back(device.least_squares);
    return channels;
}

Channels mmse(const SoundingReport& report) {
    Channels channels;
    for (const auto& device : report.devices)
        channels.push_back(device.mmse);
    return channels;
}

/// Mean NMSE of rounds over mean of (4), dB, over several drawings of the channel.
struct Excess {
    double known_db = 0;
    double estimated_db = 0;
};

Excess excess(std::size_t taps, std::size_t stagger, double snr_db,
              const BurstFormat& format = format_of_four()) {
    const double noise = test::from_db(-snr_db);
    double known = 0, estimated = 0, expected = 0;
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        Cell cell(format, taps, stagger, seed);
        const SoundingReport truth = cell.sound(0);
        REQUIRE(truth.found);
        const auto channels = least_squares(truth);
        const auto perfect = test::design(channels, noise, antennas);
        expected += perfect.expected_nmse(channels, noise, antennas);
        const SoundingReport report = cell.sound(noise);
        REQUIRE(report.found);
        const auto design = test::design(mmse(report), noise, antennas);
        for (unsigned i = 0; i < 4; ++i) {
            const auto a = cell.round(perfect, truth.reference, noise, 10 * i + 1);
            const auto b = cell.round(design, report.reference, noise, 10 * i + 1);
            REQUIRE(a.report.found);
            REQUIRE(b.report.found);
            CHECK(a.report.confidence > 0.9);
            CHECK(a.report.noise_power_w == Approx(noise).epsilon(0.15));
            known += a.nmse / 4;
            estimated += b.nmse / 4;
        }
    }
    return {test::to_db(known / expected), test::to_db(estimated / expected)};
}

TEST_CASE("the chain's error is that of equation (4), one path") {
    const auto snr_db = GENERATE(0, 10, 20, 30);
    const auto stagger = GENERATE(0, 2);  // timing offsets up to 6 of 16 samples
    CAPTURE(snr_db, stagger);
    const Excess found = excess(1, static_cast<std::size_t>(stagger), snr_db);
    CAPTURE(found.known_db, found.estimated_db);
    CHECK(std::abs(found.known_db) < 0.5);
    CHECK(found.estimated_db < found.known_db + 1);
}

TEST_CASE("the chain's error is that of equation (4), four paths") {
    const auto snr_db = GENERATE(0, 10, 20, 30);
    const auto stagger = GENERATE(0, 2);
    CAPTURE(snr_db, stagger);
    const Excess found = excess(4, static_cast<std::size_t>(stagger), snr_db);
    CAPTURE(found.known_db, found.estimated_db);
    CHECK(std::abs(found.known_db) < 0.5);
    CHECK(found.estimated_db < found.known_db + 1);
}

TEST_CASE("bursts without a preamble are as exact: their time is the sounding's") {
    BurstFormat bare = format_of_four();
    bare.data_preamble = 0;
    CHECK(bare.burst_samples(5) == format_of_four().burst_samples(5) - bare.preamble_samples());
    CHECK(bare.sounding_samples() == format_of_four().sounding_samples());
    const auto taps = GENERATE(1, 4);
    const auto stagger = GENERATE(0, 2);
    CAPTURE(taps, stagger);
    const Excess found =
        excess(static_cast<std::size_t>(taps), static_cast<std::size_t>(stagger), 20, bare);
    CHECK(std::abs(found.known_db) < 0.5);
    CHECK(found.estimated_db < found.known_db + 1);
}

TEST_CASE("without a preamble pilots show that devices are there") {
    BurstFormat bare = format_of_four();
    bare.data_preamble = 0;
    Cell cell(bare, 1, 1, 5);
    const double noise = 1e-2;
    const auto truth = cell.sound(0);
    const auto design = test::design(least_squares(truth), noise, antennas);
    CHECK(cell.round(design, truth.reference, noise, 1).report.confidence > 0.99);
    CHECK(cell.round(design, truth.reference, noise, 1, 2).report.confidence < 0.1);
    // A small common offset turns the pilots, and is taken out by them.
    const auto turned = cell.round(design, truth.reference, noise, 1, devices, -1e-5);
    CHECK(turned.report.found);
    CHECK(turned.nmse < 1.2 * cell.round(design, truth.reference, noise, 1).nmse);

    Postprocessor receiver(bare, {64, 1, {}}, 2, 2000);
    std::vector<Sample> received(4000);
    test::Noise(1).add(received, 1);
    const std::vector<Sample> combiners(2 * bare.used_subcarriers(), 1);
    const std::vector<Sample> reference(bare.used_subcarriers(), 1);
    ReceiveSettings settings;
    settings.combiners = combiners;
    settings.pilot_reference = reference;
    settings.channel_reference = margin;
    std::vector<float> vector(64);
    const auto report = receiver.process(received, settings, vector);
    CHECK((!report.found || report.confidence < 0.5));
}

TEST_CASE("a carrier offset that all devices share is found and taken out") {
    Cell cell(format_of_four(), 2, 0, 3);
    const double noise = 1e-2;
    const auto truth = cell.sound(0);
    const auto design = test::design(least_squares(truth), noise, antennas);
    const double offset = GENERATE(1e-5, 2e-4, -2e-3);  // 100 Hz to 20 kHz at 10 MHz
    const auto still = cell.round(design, truth.reference, noise, 1);
    const auto turned = cell.round(design, truth.reference, noise, 1, devices, -offset);
    CHECK(turned.report.sync.offset == Approx(offset).margin(2e-5));
    CHECK(test::to_db(turned.nmse / still.nmse) < 0.5);
}

TEST_CASE("beyond half a subcarrier of offset there is no sum, rather than a wrong one") {
    Cell cell(format_of_four(), 1, 0, 3);
    const double noise = 1e-3;
    const auto truth = cell.sound(0);
    const auto design = test::design(least_squares(truth), noise, antennas);
    const double subcarriers = GENERATE(0.4, -0.4, 0.6, -0.7, 1.0, 1.5);
    CAPTURE(subcarriers);
    const auto turned = cell.round(design, truth.reference, noise, 1, devices, -subcarriers / 64);
    CHECK(turned.report.found == (std::abs(subcarriers) < 0.5));
}

TEST_CASE("a burst of one symbol is found by its four pilots, at 10 dB too") {
    const auto format = format_of_four();
    Preprocessor transmitter(format, {64, 1, {}}, 1);
    const std::vector<Sample> ones(format.used_subcarriers(), 1);
    TransmitSettings transmit;
    transmit.precoders = ones;
    const std::size_t window = transmitter.burst_samples() + 2 * margin;
    Postprocessor receiver(format, {64, 1, {}}, 1, window);
    ReceiveSettings receive;
    receive.combiners = ones;
    receive.pilot_reference = ones;
    receive.channel_reference = margin;
    test::Noise random(11);
    int found = 0;
    for (unsigned round = 0; round < 100; ++round) {
        auto vector = test::gaussian(64, round);
        std::vector<Sample> received(window);
        transmitter.data_burst(vector, transmit,
                               gsl::span<Sample>(received).subspan(margin, window - 2 * margin));
        random.add(received, 0.1);
        found += receiver.process(received, receive, vector).found ? 1 : 0;
    }
    CHECK(found == 100);
}

TEST_CASE("a window with a sample that is no number holds no sum") {
    const auto format = format_of_four();
    Preprocessor transmitter(format, {64, 1, {}}, 1);
    const std::vector<Sample> ones(format.used_subcarriers(), 1);
    TransmitSettings transmit;
    transmit.precoders = ones;
    std::vector<float> vector(64, 0.5F);
    const std::size_t window = transmitter.burst_samples() + 2 * margin;
    std::vector<Sample> received(window);
    transmitter.data_burst(vector, transmit,
                           gsl::span<Sample>(received).subspan(margin, window - 2 * margin));
    Postprocessor receiver(format, {64, 1, {}}, 1, window);
    ReceiveSettings receive;
    receive.combiners = ones;
    receive.pilot_reference = ones;
    receive.channel_reference = margin;
    REQUIRE(receiver.process(received, receive, vector).found);
    CHECK(vector[5] == Approx(0.5).epsilon(1e-3));
    received[window - margin - 100] =
        GENERATE(Sample(std::numeric_limits<float>::quiet_NaN(), 0),
                 Sample(0, -std::numeric_limits<float>::infinity()), Sample(3e38F, 0));
    CHECK_FALSE(receiver.process(received, receive, vector).found);
    CHECK(vector[5] == Approx(0.5).epsilon(1e-3));

    const std::vector<Sample> sent(transmitter.burst_samples());
    std::vector<Sample> burst(sent);
    vector[7] = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_WITH(transmitter.data_burst(vector, transmit, burst),
                      "preprocessor: vector: expected finite numbers, found nan at 7");
    vector[7] = 0;
    transmit.phase = std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH(transmitter.data_burst(vector, transmit, burst),
                      "preprocessor: expected a phase that is finite, found inf");
    CHECK_THROWS(transmitter.sounding_burst(0, 1, transmit, burst));
    CHECK(burst == sent);
    receive.channel_reference = std::numeric_limits<std::ptrdiff_t>::min();
    CHECK_THROWS_WITH(receiver.process(received, receive, vector),
                      Catch::Contains("channel reference: expected a sample within"));
    CHECK_THROWS_WITH(Postprocessor(format, {64, 2, {}}, 1, 5000),
                      Catch::Contains("expected at most 1 streams, as many as antennas"));
    CHECK_THROWS_WITH(write_header(format, std::numeric_limits<double>::quiet_NaN(),
                                   gsl::span<Sample>(burst).first(format.header_samples())),
                      Catch::Contains("header: power: expected at least 0, found"));
}

TEST_CASE("a device that is missing is noticed") {
    Cell cell(format_of_four(), 1, 1, 5);
    const double noise = 1e-2;
    const auto truth = cell.sound(0);
    const auto design = test::design(least_squares(truth), noise, antennas);
    CHECK(cell.round(design, truth.reference, noise, 1).report.confidence > 0.99);
    const auto report = cell.round(design, truth.reference, noise, 1, 2).report;
    REQUIRE(report.found);
    CHECK(report.confidence < 0.1);
    CHECK(report.evm[0] > 0.2);
}

TEST_CASE("noise holds no round and leaves the vector alone") {
    const auto format = format_of_four();
    Postprocessor receiver(format, {64, 1, {}}, 2, 2000);
    std::vector<Sample> received(4000);
    test::Noise(1).add(received, 1);
    const std::vector<Sample> combiners(2 * format.used_subcarriers(), 1);
    const std::vector<Sample> reference(format.used_subcarriers(), 1);
    ReceiveSettings settings;
    settings.combiners = combiners;
    settings.pilot_reference = reference;
    std::vector<float> vector(64, 5.0F);
    CHECK_FALSE(receiver.process(received, settings, vector).found);
    CHECK(vector == std::vector<float>(64, 5.0F));
}

TEST_CASE("every kernel refuses spans of the wrong size and says which it expected") {
    using Catch::Contains;
    BurstFormat format;
    const Payload payload{100, 1, 3};
    Preprocessor transmitter(format, payload, 1);
    const std::vector<Sample> precoders(format.resource_blocks(), 1);
    std::vector<float> vector(100);
    std::vector<Sample> burst(transmitter.burst_samples());
    TransmitSettings send;
    send.precoders = precoders;
    const auto shorter = [](auto& values) { return gsl::span(values).first(values.size() - 1); };
    CHECK_THROWS_WITH(transmitter.data_burst(shorter(vector), send, burst),
                      Contains("expected 100, found 99"));
    CHECK_THROWS_WITH(transmitter.data_burst(vector, send, shorter(burst)),
                      Contains("expected " + std::to_string(burst.size())));
    CHECK_THROWS_AS(transmitter.sounding_burst(0, 1, send, burst), std::invalid_argument);
    send.precoders = shorter(precoders);
    CHECK_THROWS_AS(transmitter.data_burst(vector, send, burst), std::invalid_argument);
    CHECK_THROWS_AS(write_header(format, 1, burst), std::invalid_argument);

    std::vector<Sample> window(burst.size() + 50);
    Postprocessor receiver(format, payload, 1, window.size());
    ReceiveSettings receive;
    receive.combiners = receive.pilot_reference = precoders;
    CHECK_THROWS_AS(receiver.process(shorter(window), receive, vector), std::invalid_argument);
    CHECK_THROWS_AS(receiver.process(window, receive, shorter(vector)), std::invalid_argument);
    receive.combiners = shorter(precoders);
    CHECK_THROWS_AS(receiver.process(window, receive, vector), std::invalid_argument);
    receive.combiners = precoders;
    receive.pilot_reference = shorter(precoders);
    CHECK_THROWS_AS(receiver.process(window, receive, vector), std::invalid_argument);

    std::vector<Sample> sounded(format.sounding_samples());
    Sounder sounder(format, 1, sounded.size());
    const std::vector<double> power_w = {1, 1};
    CHECK_THROWS_AS(sounder.process(sounded, power_w), std::invalid_argument);
    CHECK_THROWS_AS(sounder.process(shorter(sounded), gsl::span(power_w).first(1)),
                    std::invalid_argument);
    HeaderReceiver header(format, 1, window.size());
    CHECK_THROWS_AS(header.measure(shorter(window)), std::invalid_argument);
    const Rotation rotation(100, 1);
    CHECK_THROWS_AS(rotation.apply(shorter(vector)), std::invalid_argument);
    CHECK_THROWS_AS(rotation.undo(shorter(vector)), std::invalid_argument);
}

}  // namespace
}  // namespace gr::aircomp::phy
