// SPDX-License-Identifier: GPL-3.0-or-later
// Pre-processing, post-processing and sounding beside their twins in NumPy, which share no line.
#include <cstdlib>
#include <fstream>

#include "gnuradio/aircomp/phy/postprocessor.hpp"
#include "gnuradio/aircomp/phy/sounder.hpp"
#include "signals.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace gr::aircomp::phy {
namespace {

using ::aircomp::test::TemporaryFolder;

template <typename T>
void put(const TemporaryFolder& folder, const std::string& name, const std::vector<T>& values) {
    std::ofstream(folder.path() / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(values.data()),
               static_cast<std::streamsize>(values.size() * sizeof(T)));
}

template <typename T>
std::vector<T> get(const TemporaryFolder& folder, const std::string& name, std::size_t count) {
    std::vector<T> values(count);
    std::ifstream stream(folder.path() / name, std::ios::binary);
    stream.read(reinterpret_cast<char*>(values.data()),
                static_cast<std::streamsize>(count * sizeof(T)));
    REQUIRE(stream.gcount() == static_cast<std::streamsize>(count * sizeof(T)));
    return values;
}

void run_twin(const TemporaryFolder& folder, const std::string& what) {
    const std::string command = std::string(AIRCOMP_PYTHON) + " " + AIRCOMP_SOURCE_DIR +
                                "/test/phy/phy_twin.py " + what + " " + folder.path().string();
    REQUIRE(std::system(command.c_str()) == 0);
}

/// Largest difference over the largest value.
template <typename T>
double distance(const std::vector<T>& a, const std::vector<T>& b) {
    double difference = 0;
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference = std::max<double>(difference, std::abs(a[i] - b[i]));
        largest = std::max<double>(largest, std::abs(b[i]));
    }
    return difference / largest;
}

std::vector<Sample> random_samples(std::size_t count, std::uint64_t seed) {
    std::vector<Sample> values(count);
    test::Noise(seed).add(values, 1);
    return values;
}

BurstFormat small_format() {
    BurstFormat format;
    format.resource_block = 3;
    format.device_antennas = {2, 1};
    format.sounding_symbols = 2;
    return format;
}

TEST_CASE("pre- and post-processing agree with their twin to float rounding") {
    const BurstFormat format = small_format();
    const Payload payload{500, 2, {}};
    Preprocessor transmitter(format, payload, 2);
    const auto vector = test::gaussian(500, 1);
    const auto precoders = random_samples(format.resource_blocks() * 4, 2);
    TransmitSettings send;
    send.scale = 1.5;
    send.second_moment = 0.8;
    send.clip_level = 2;
    send.precoders = precoders;
    send.preamble_power_w = 0.5;
    send.phase = 0.3;
    send.offset = 1e-4;
    std::vector<Sample> samples(2 * transmitter.burst_samples());
    const auto sent = transmitter.data_burst(vector, send, samples);

    // Each server antenna hears one of the device's, 40 samples late.
    const std::size_t window = transmitter.burst_samples() + 100;
    auto received = random_samples(2 * window, 3);
    for (auto& sample : received)
        sample *= 0.01F;
    for (std::size_t t = 0; t < 2; ++t) {
        for (std::size_t i = 0; i < transmitter.burst_samples(); ++i)
            received[t * window + 40 + i] += samples[t * transmitter.burst_samples() + i];
    }
    const auto combiners = random_samples(format.resource_blocks() * 4, 4);
    // What the pilots become, but for what estimates are wrong by and a third of a sample of delay.
    auto reference = random_samples(format.resource_blocks() * 2, 5);
    for (std::size_t i = 0; i < reference.size(); ++i) {
        reference[i] *= 0.1F;
        for (std::size_t r = 0; r < 2; ++r) {
            const Sample* const sent_by = &precoders[i / 2 * 4 + r * 2];
            reference[i] += combiners[i * 2 + r] * (sent_by[0] + sent_by[1]) * std::sqrt(0.8F);
        }
        const std::size_t symbol = i / 2;
        reference[i] *= Sample(std::polar(1.0, 0.1 * static_cast<double>(symbol)));
    }
    ReceiveSettings receive;
    receive.scale = 1.5;
    receive.combiners = combiners;
    receive.pilot_reference = reference;
    receive.channel_reference = 40;
    receive.tracking_reach = 1;
    Postprocessor receiver(format, payload, 2, window);
    std::vector<float> sum(500);
    const auto& report = receiver.process(received, receive, sum);
    REQUIRE(report.found);
    // What the twin is told of synchronisation, which the tests of that cover.
    const std::vector<double> known = {
        static_cast<double>(report.sync.start), static_cast<double>(report.sync.spread),
        report.offset_corrected ? report.sync.offset : 0.0, report.phase_slope};

    const TemporaryFolder folder;
    put(folder, "vector", vector);
    put(folder, "precoders", precoders);
    put(folder, "received", received);
    put(folder, "combiners", combiners);
    put(folder, "reference", reference);
    put(folder, "known", known);
    run_twin(folder, "data");
    CHECK(distance(samples, get<Sample>(folder, "samples", samples.size())) < 1e-5);
    CHECK(distance(sum, get<float>(folder, "sum", sum.size())) < 1e-4);
    const auto figures = get<double>(folder, "figures", 4);
    CHECK(static_cast<double>(sent.clipped) == figures[0]);
    CHECK(sent.peak_power_w == Approx(figures[1]).epsilon(1e-4));
    CHECK(report.noise_power_w == Approx(figures[2]).epsilon(1e-3));
    CHECK(report.evm[1] == Approx(figures[3]).epsilon(1e-3));
}

TEST_CASE("sounding agrees with its twin to float rounding") {
    const BurstFormat format = small_format();
    const std::size_t window = format.sounding_samples() + 100;
    auto received = random_samples(2 * window, 6);
    for (auto& sample : received)
        sample *= 0.1F;
    std::vector<Sample> burst;
    for (std::size_t n = 0; n < 2; ++n) {
        const std::size_t antennas = format.device_antennas[n];
        Preprocessor transmitter(format, {16, 1, {}}, antennas);
        burst.resize(antennas * format.sounding_samples());
        transmitter.sounding_burst(n, 0.5, {}, burst);
        const auto gains = random_samples(2 * antennas, 7 + n);
        for (std::size_t i = 0; i < 2 * antennas * format.sounding_samples(); ++i) {
            const std::size_t at = i % format.sounding_samples();
            const std::size_t t = i / format.sounding_samples() % antennas;
            const std::size_t r = i / format.sounding_samples() / antennas;
            received[r * window + 50 + at] +=
                gains[r * antennas + t] * burst[t * format.sounding_samples() + at];
        }
    }
    Sounder sounder(format, 2, window);
    const auto& report = sounder.process(received, std::vector<double>{0.5, 0.5});
    REQUIRE(report.found);
    const TemporaryFolder folder;
    put(folder, "received", received);
    put(folder, "known",
        std::vector<double>{static_cast<double>(report.sync.start),
                            static_cast<double>(report.sync.spread), 0, 0});
    run_twin(folder, "sounding");
    for (std::size_t n = 0; n < 2; ++n) {
        const auto& device = report.devices[n];
        const auto suffix = std::to_string(n);
        CHECK(distance(device.least_squares,
                       get<Sample>(folder, "ls" + suffix, device.mmse.size())) < 1e-5);
        CHECK(distance(device.mmse, get<Sample>(folder, "mmse" + suffix, device.mmse.size())) <
              1e-4);
    }
}

}  // namespace
}  // namespace gr::aircomp::phy
