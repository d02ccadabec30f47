// SPDX-License-Identifier: GPL-3.0-or-later
// The channel emulator: every impairment alone against what it says, all of them against the NumPy
// twin, and the streams' independence of how they are cut.
#include "gnuradio/aircomp/phy/channel_emulator.hpp"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "gnuradio/aircomp/phy/noise.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace gr::aircomp::phy;

namespace {

constexpr double pi = 3.14159265358979323846;
using Stream = std::vector<Sample>;
using Streams = std::vector<Stream>;

Stream gaussian_stream(std::size_t count, std::uint64_t seed) {
    Stream samples(count);
    NoiseGenerator(seed).fill(samples, 1.0F);
    return samples;
}

Stream tone(std::size_t count, double frequency) {
    Stream samples(count);
    for (std::size_t n = 0; n < count; ++n)
        samples[n] = Sample(std::polar(1.0, 2 * pi * frequency * static_cast<double>(n)));
    return samples;
}

/// Runs the streams through in calls of `piece` samples.
Streams run(ChannelEmulator& emulator, const Streams& transmit, std::size_t piece = 1000000) {
    const std::size_t count = transmit[0].size();
    Streams receive(emulator.receive_streams(), Stream(count));
    for (std::size_t done = 0; done < count; done += piece) {
        const std::size_t length = std::min(piece, count - done);
        std::vector<gsl::span<const Sample>> in;
        std::vector<gsl::span<Sample>> out;
        for (const Stream& s : transmit)
            in.push_back(gsl::span(s).subspan(done, length));
        for (Stream& s : receive)
            out.push_back(gsl::span(s).subspan(done, length));
        emulator.process(in, out);
    }
    return receive;
}

Stream run_one(ChannelEmulator& emulator, const Stream& transmit) {
    return run(emulator, {transmit})[0];
}

void json(std::ostream& out, std::size_t antennas, const RadioImpairments& r) {
    out << "{\"antennas\": " << antennas << ", \"carrier_offset_hz\": " << r.carrier_offset_hz
        << ", \"sampling_offset_ppm\": " << r.sampling_offset_ppm
        << ", \"timing_offset\": " << r.timing_offset << ", \"linewidth_hz\": " << r.linewidth_hz
        << ", \"iq_gain_db\": " << r.iq_gain_db << ", \"iq_phase_deg\": " << r.iq_phase_deg
        << ", \"full_scale\": " << r.full_scale << ", \"converter_bits\": " << r.converter_bits
        << ", \"on\": " << (r.on ? "true" : "false") << "}";
}

void json(std::ostream& out, gsl::span<const Path> paths) {
    out << "[";
    for (std::size_t p = 0; p < paths.size(); ++p) {
        out << (p > 0 ? ", " : "") << "{\"delay\": " << paths[p].delay << ", \"gain\": ["
            << paths[p].gain.real() << ", " << paths[p].gain.imag()
            << "], \"shift_hz\": " << paths[p].shift_hz << ", \"spread_hz\": " << paths[p].spread_hz
            << ", \"fading_seed\": " << paths[p].fading_seed << "}";
    }
    out << "]";
}

std::string describe(const EmulatorConfig& config, const ChannelEmulator& emulator) {
    std::ostringstream out;
    out.precision(17);
    out << "{\"sample_rate_hz\": " << config.sample_rate_hz << ", \"seed\": " << config.seed
        << ", \"most_offset\": " << config.most_offset
        << ", \"noise_power\": " << emulator.noise_power() << ",\n\"transmitters\": [";
    for (std::size_t n = 0; n < config.transmitter_antennas.size(); ++n) {
        if (n > 0) out << ", ";
        json(out, config.transmitter_antennas[n], emulator.transmitter(n));
    }
    out << "],\n\"receivers\": [";
    for (std::size_t n = 0; n < config.receiver_antennas.size(); ++n) {
        if (n > 0) out << ", ";
        json(out, config.receiver_antennas[n], emulator.receiver(n));
    }
    out << "],\n\"links\": [";
    for (std::size_t r = 0; r < emulator.receive_streams(); ++r) {
        for (std::size_t k = 0; k < emulator.transmit_streams(); ++k) {
            if (r + k > 0) out << ",\n";
            json(out, emulator.link(r, k));
        }
    }
    out << "]}\n";
    return out.str();
}

void write(const std::string& path, const Streams& streams) {
    std::ofstream file(path, std::ios::binary);
    for (const Stream& s : streams)
        file.write(reinterpret_cast<const char*>(s.data()),
                   static_cast<std::streamsize>(s.size() * sizeof(Sample)));
}

/// The largest difference from the NumPy twin, relative to the output's root mean square.
double difference_from_twin(const EmulatorConfig& config, const ChannelEmulator& emulator,
                            const Streams& transmit, const Streams& receive) {
    const aircomp::test::TemporaryFolder folder;
    const std::string base = folder.path().string();
    folder.write("scenario.json", describe(config, emulator));
    write(base + "/in", transmit);
    write(base + "/out", receive);
    const std::string command = std::string(AIRCOMP_PYTHON) + " " + AIRCOMP_SOURCE_DIR +
                                "/test/phy/emulator_twin.py " + base + "/scenario.json " + base +
                                "/in " + base + "/out";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    REQUIRE(pipe);
    double difference = NAN;
    REQUIRE(std::fscanf(pipe.get(), "%lf", &difference) == 1);
    return difference;
}

double power(const Stream& samples, std::size_t from) {
    double sum = 0;
    for (std::size_t n = from; n < samples.size(); ++n)
        sum += std::norm(std::complex<double>(samples[n]));
    return sum / static_cast<double>(samples.size() - from);
}

void set_transmitter(ChannelEmulator& emulator, double RadioImpairments::*field, double value) {
    RadioImpairments impairments = emulator.transmitter(0);
    impairments.*field = value;
    emulator.set_transmitter(0, impairments);
}

}  // namespace

TEST_CASE("an emulator without impairments only delays, bit by bit") {
    ChannelEmulator emulator{EmulatorConfig{}};
    const Stream in = gaussian_stream(3000, 1);
    const Stream out = run_one(emulator, in);
    for (std::size_t n = 0; n < in.size(); ++n)
        REQUIRE(out[n] == (n < emulator.latency() ? Sample(0) : in[n - emulator.latency()]));
}

TEST_CASE("all impairments of several radios agree with the NumPy twin") {
    EmulatorConfig config;
    config.transmitter_antennas = {1, 2, 1};
    config.receiver_antennas = {2, 1};
    config.most_delay = 12;
    config.seed = 42;
    ChannelEmulator emulator(config);
    emulator.set_transmitter(0, {1200, 15, 3.25, 100, 0.4, 3, 2, 10, true});
    emulator.set_transmitter(1, {-800, -20, -2.5, 50, -0.2, -2, 1.5, 0, true});
    emulator.set_transmitter(2, {300, 0, 0, 0, 0, 0, 0, 0, false});
    emulator.set_receiver(0, {150, 5, 0.125, 20, 0.3, 1, 0, 0, true});
    emulator.set_receiver(1, {0, 0, 0, 0, 0, 0, 3, 0, true});
    emulator.set_noise_power(0.01);
    for (std::size_t r = 0; r < 3; ++r) {
        for (std::size_t k = 0; k < 4; ++k) {
            DelayProfile profile;
            profile.step = 1.3 + 0.7 * static_cast<double>(r);
            profile.rician_k = static_cast<double>(k);
            profile.shift_hz = 40.0 * static_cast<double>(r);
            profile.spread_hz = 70.0 * static_cast<double>(k);
            emulator.set_link(r, k, draw_paths(profile, 10 * r + k));
        }
    }
    emulator.set_link(2, 1, {});
    const Streams in = {gaussian_stream(5000, 1), gaussian_stream(5000, 2),
                        gaussian_stream(5000, 3), gaussian_stream(5000, 4)};
    const Streams out = run(emulator, in, 777);
    CHECK(emulator.slips() == 0);
    // Single precision: some 30 terms of 6e-8 each, and phases of 1e-7 turns.
    CHECK(difference_from_twin(config, emulator, in, out) < 2e-5);
}

TEST_CASE("the converters of a receiver agree with the NumPy twin") {
    EmulatorConfig config;
    config.seed = 7;
    ChannelEmulator emulator(config);
    RadioImpairments receiver;
    receiver.full_scale = 1.5;
    receiver.converter_bits = 8;
    emulator.set_receiver(0, receiver);
    const Streams in = {gaussian_stream(4000, 5)};
    const Streams out = run(emulator, in);
    CHECK(difference_from_twin(config, emulator, in, out) < 1e-6);
}

TEST_CASE("samples do not depend on how a stream is cut into calls") {
    const auto make = [] {
        EmulatorConfig config;
        config.transmitter_antennas = {1, 1};
        ChannelEmulator emulator(config);
        emulator.set_transmitter(0, {700, 20, 0.5, 100, 0.1, 1, 2, 12, true});
        emulator.set_receiver(0, {-90, 3, 0, 10, 0, 0, 4, 12, true});
        DelayProfile profile;
        profile.spread_hz = 50;
        emulator.set_link(0, 1, draw_paths(profile, 3));
        emulator.set_noise_power(0.1);
        return emulator;
    };
    ChannelEmulator whole = make();
    const Streams in = {gaussian_stream(6000, 1), gaussian_stream(6000, 2)};
    const Streams expected = run(whole, in);
    for (const std::size_t piece : {1, 17, 64, 1000, 1024, 5000}) {
        ChannelEmulator cut = make();
        const Streams found = run(cut, in, piece);
        double worst = 0;
        for (std::size_t n = 0; n < 6000; ++n)
            worst = std::max<double>(worst, std::abs(found[0][n] - expected[0][n]));
        CAPTURE(piece);
        // At most one step of the receiver's converter, where rounding differs in the last bit.
        CHECK(worst <= 4.0 / 2048 * 1.5);
    }
}

TEST_CASE("a link's response is what a tone meets") {
    ChannelEmulator emulator{EmulatorConfig{}};
    DelayProfile profile;
    profile.paths = 4;
    profile.step = 2.4;
    emulator.set_link(0, 0, draw_paths(profile, 5));
    set_transmitter(emulator, &RadioImpairments::timing_offset, 3.7);
    for (const double frequency : {-0.4, -0.1, 0.0, 0.25, 0.42}) {
        const Stream in = tone(600, frequency);
        const Stream out = run_one(emulator, in);
        const auto response = emulator.response(0, 0, frequency);
        for (std::size_t n = 300; n < 600; ++n) {
            const auto expected = response * std::complex<double>(in[n - emulator.latency()]);
            REQUIRE(std::abs(expected - std::complex<double>(out[n])) < 1e-5);
        }
    }
}

TEST_CASE("a fractional delay is within -37 dB of an ideal one up to 0.42 of the rate") {
    ChannelEmulator emulator{EmulatorConfig{}};
    for (int step = 0; step < 54; ++step) {
        const double delay = 0.037 * step;
        const Path path{delay, 1, 0, 0};
        emulator.set_link(0, 0, {&path, 1});
        for (int bin = -21; bin <= 21; ++bin) {
            const double f = 0.02 * bin;
            const auto ideal = std::polar(1.0, -2 * pi * f * delay);
            REQUIRE(std::abs(emulator.response(0, 0, f) - ideal) < std::pow(10, -37.0 / 20));
        }
    }
}

TEST_CASE("a carrier offset turns at its rate, and goes on turning smoothly when changed") {
    ChannelEmulator emulator{EmulatorConfig{}};
    const std::size_t latency = emulator.latency();
    set_transmitter(emulator, &RadioImpairments::carrier_offset_hz, 2000);
    Stream out = run_one(emulator, Stream(16000, 1.0F));
    for (std::size_t n = latency; n < out.size(); ++n) {
        const double turns = 2000.0 / 10e6 * static_cast<double>(n - latency);
        REQUIRE(std::abs(std::complex<double>(out[n]) - std::polar(1.0, 2 * pi * turns)) < 1e-5);
    }
    CHECK(emulator.transmitter_phase(0) ==
          Approx(2 * pi * (2000.0 / 10e6 * 16000 - 3)).margin(1e-6));
    set_transmitter(emulator, &RadioImpairments::carrier_offset_hz, -500);
    const Stream after = run_one(emulator, Stream(4000, 1.0F));
    for (std::size_t n = 1; n < after.size(); ++n)
        REQUIRE(std::abs(after[n] - after[n - 1]) < 2 * pi * 2001 / 10e6);
}

TEST_CASE("equal offsets of transmitter and receiver cancel") {
    ChannelEmulator emulator{EmulatorConfig{}};
    RadioImpairments both;
    both.carrier_offset_hz = 0;
    both.sampling_offset_ppm = 25;
    emulator.set_transmitter(0, both);
    emulator.set_receiver(0, both);
    const Stream in = gaussian_stream(20000, 6);
    const Stream out = run_one(emulator, in);
    for (std::size_t n = emulator.latency(); n < in.size(); ++n)
        REQUIRE(std::abs(out[n] - in[n - emulator.latency()]) < 1e-5F);
}

TEST_CASE("phase noise has the variance of its linewidth") {
    EmulatorConfig config;
    config.seed = 3;
    ChannelEmulator emulator(config);
    set_transmitter(emulator, &RadioImpairments::linewidth_hz, 100);
    constexpr std::size_t gap = 1600;
    constexpr std::size_t gaps = 4000;
    const Stream out = run_one(emulator, Stream(gap * gaps, 1.0F));
    double sum = 0;
    for (std::size_t g = 1; g + 1 < gaps; ++g)
        sum += std::pow(std::arg(out[(g + 1) * gap] * std::conj(out[g * gap])), 2);
    const double expected = 2 * pi * 100 * static_cast<double>(gap) / 10e6;
    // Five standard errors of a variance from 4000 draws.
    CHECK(sum / (gaps - 2) == Approx(expected).epsilon(5 * std::sqrt(2.0 / gaps)));
}

TEST_CASE("what is received after a seek is what was received there") {
    EmulatorConfig config;
    config.transmitter_antennas = {1, 1};
    config.receiver_antennas = {2};
    config.seed = 3;
    RadioImpairments sender, receiver;
    sender.carrier_offset_hz = 1234.5;
    sender.linewidth_hz = 200;
    sender.sampling_offset_ppm = 900;  // slips every 278 blocks
    sender.timing_offset = -0.3;
    receiver.carrier_offset_hz = -77;
    receiver.linewidth_hz = 100;
    const auto make = [&] {
        ChannelEmulator emulator(config);
        emulator.set_transmitter(0, sender);
        emulator.set_receiver(0, receiver);
        emulator.set_noise_power(0.1);
        emulator.set_link(1, 1, std::vector<Path>{{1.5, {0.3, 0.4}, 20, 50}});
        return emulator;
    };
    const std::size_t length = 100000, from = GENERATE(64U, 5000U, 64U * 1000, 99000U);
    Streams in = {gaussian_stream(length, 1), gaussian_stream(length, 2)};
    ChannelEmulator whole = make();
    // Silence before: a seek forgets what was sent.
    for (auto& stream : in)
        std::fill_n(stream.begin(), from, Sample(0));
    const Streams expected = run(whole, in);
    ChannelEmulator sought = make();
    run(sought, {gaussian_stream(7777, 3), gaussian_stream(7777, 4)});
    sought.seek(from);
    Streams rest;
    for (const auto& stream : in)
        rest.emplace_back(stream.begin() + static_cast<std::ptrdiff_t>(from), stream.end());
    const Streams found = run(sought, rest, 3200);
    for (std::size_t r = 0; r < 2; ++r) {
        double difference = 0;
        for (std::size_t n = from; n < length; ++n)
            difference =
                std::max<double>(difference, std::abs(found[r][n - from] - expected[r][n]));
        // Cut within a stretch of linear phase, its floats are rounded elsewhere.
        CHECK(difference <= (from % 16 == 0 ? 0 : 2e-5));
    }
}

TEST_CASE("transmitter and receiver of one oscillator cancel, in the emulator's time") {
    EmulatorConfig config;
    ChannelEmulator emulator(config);
    RadioImpairments radio;
    radio.carrier_offset_hz = 5000;
    radio.linewidth_hz = 1000;
    radio.oscillator_seed = 99;
    emulator.set_transmitter(0, radio);
    radio.oscillator_ahead = -static_cast<std::int64_t>(emulator.latency());
    emulator.set_receiver(0, radio);
    emulator.seek(std::uint64_t{1} << 54);  // fifty years at 10 MHz
    const Streams in = {gaussian_stream(5000, 1)};
    const Streams out = run(emulator, in);
    for (std::size_t n = emulator.latency(); n < 5000; ++n)
        REQUIRE(std::abs(out[0][n] - in[0][n - emulator.latency()]) < 1e-5F);
}

TEST_CASE("IQ imbalance leaves the image that its angle and gain predict") {
    ChannelEmulator emulator{EmulatorConfig{}};
    RadioImpairments impairments;
    impairments.iq_gain_db = 1;
    impairments.iq_phase_deg = 5;
    emulator.set_transmitter(0, impairments);
    const double frequency = 1.0 / 16;
    const Stream out = run_one(emulator, tone(1600 + 512, frequency));
    std::complex<double> image = 0;
    std::complex<double> wanted = 0;
    for (std::size_t n = 512; n < 512 + 1600; ++n) {
        const auto turn = std::polar(1.0, 2 * pi * frequency * static_cast<double>(n));
        image += std::complex<double>(out[n]) * turn;
        wanted += std::complex<double>(out[n]) / turn;
    }
    const double g = std::pow(10, 1.0 / 20);
    const double c = std::cos(5 * pi / 180);
    CHECK(std::norm(image) / std::norm(wanted) ==
          Approx((g * g + 1 - 2 * g * c) / (g * g + 1 + 2 * g * c)).epsilon(1e-3));
}

TEST_CASE("a converter of b bits leaves the noise of its steps") {
    ChannelEmulator emulator{EmulatorConfig{}};
    RadioImpairments impairments;
    impairments.full_scale = 6;
    for (const unsigned bits : {6U, 8U, 12U}) {
        impairments.converter_bits = bits;
        emulator.set_transmitter(0, impairments);
        Stream in = gaussian_stream(100000, 9);
        Stream error = run_one(emulator, in);
        for (std::size_t n = in.size(); n-- > emulator.latency();)
            error[n] -= in[n - emulator.latency()];
        const double step = 6.0 / std::pow(2, bits - 1);
        CAPTURE(bits);
        CHECK(power(error, 200) == Approx(step * step / 6).epsilon(0.03));
    }
}

TEST_CASE("Jakes fading has unit power and the correlation of its Doppler") {
    EmulatorConfig config;
    config.sample_rate_hz = 1e6;
    constexpr std::size_t links = 64;
    config.receiver_antennas.assign(links, 1);
    config.seed = 11;
    ChannelEmulator emulator(config);
    const Path path{0, 1, 0, 500};
    for (std::size_t r = 0; r < links; ++r)
        emulator.set_link(r, 0, {&path, 1});
    const Streams out = run(emulator, {Stream(64 * 1024, 1.0F)});
    constexpr std::size_t lag = 512;
    double power_sum = 0;
    double correlation = 0;
    std::size_t count = 0;
    for (const Stream& y : out) {
        for (std::size_t n = 256; n + lag < y.size(); n += 64, ++count) {
            power_sum += std::norm(std::complex<double>(y[n]));
            correlation +=
                std::real(std::complex<double>(y[n + lag]) * std::conj(std::complex<double>(y[n])));
        }
    }
    const auto draws = static_cast<double>(count);
    // Each link sees about 30 independent fades in 65 ms at 500 Hz.
    CHECK(power_sum / draws == Approx(1).margin(5 / std::sqrt(30.0 * links)));
    CHECK(correlation / draws ==
          Approx(std::cyl_bessel_j(0, 2 * pi * 500 * lag / 1e6)).margin(0.1));
}

TEST_CASE("a drifting clock slips back when it has gone too far") {
    EmulatorConfig config;
    config.most_offset = 2;
    ChannelEmulator emulator(config);
    set_transmitter(emulator, &RadioImpairments::sampling_offset_ppm, 100);
    run_one(emulator, Stream(50000));
    CHECK(emulator.slips() == 2);
    emulator.restart_clocks();
    run_one(emulator, Stream(19000));
    CHECK(emulator.slips() == 2);
}

TEST_CASE("a clock that is fast by 100 ppm gains a sample in 10000") {
    ChannelEmulator emulator{EmulatorConfig{}};
    set_transmitter(emulator, &RadioImpairments::sampling_offset_ppm, 100);
    const Stream in = tone(40000, 0.01);
    const Stream out = run_one(emulator, in);
    // The tone comes out 100 ppm higher; timing moves in steps of 64 samples.
    for (std::size_t n = 1000; n < in.size(); ++n) {
        const double index =
            static_cast<double>(n) * (1 + 1e-4) - static_cast<double>(emulator.latency());
        REQUIRE(std::abs(std::complex<double>(out[n]) - std::polar(1.0, 2 * pi * 0.01 * index)) <
                0.01);
    }
}

TEST_CASE("a radio that is off sends nothing, receives only noise, and comes back") {
    EmulatorConfig config;
    config.transmitter_antennas = {1, 1};
    ChannelEmulator emulator(config);
    const Streams in = {Stream(2000, 1.0F), Stream(2000, 2.0F)};
    RadioImpairments off;
    off.on = false;
    emulator.set_transmitter(1, off);
    CHECK(run(emulator, in)[0].back() == Sample(1));
    emulator.set_transmitter(1, {});
    CHECK(run(emulator, in)[0].back() == Sample(3));
    emulator.set_receiver(0, off);
    emulator.set_noise_power(0.5);
    CHECK(power(run(emulator, in)[0], 0) == Approx(0.5).epsilon(0.15));
}

TEST_CASE("drawn paths have the profile's mean powers") {
    DelayProfile profile;
    profile.paths = 3;
    profile.decay_db = 3;
    profile.rician_k = 2;
    profile.power = 4;
    double sums[3] = {};
    constexpr int draws = 4000;
    for (int seed = 0; seed < draws; ++seed) {
        const auto paths = draw_paths(profile, static_cast<std::uint64_t>(seed));
        for (std::size_t p = 0; p < 3; ++p)
            sums[p] += std::norm(paths[p].gain) / draws;
    }
    const double ratio = std::pow(10, -0.3);
    const double first = 4 / (1 + ratio + ratio * ratio);
    for (std::size_t p = 0; p < 3; ++p)
        CHECK(sums[p] == Approx(first * std::pow(ratio, static_cast<double>(p)))
                             .epsilon(5 / std::sqrt(static_cast<double>(draws))));
}

TEST_CASE("the emulator refuses what it cannot do and says what it found") {
    EmulatorConfig config;
    ChannelEmulator emulator(config);
    const Path late{100, 1, 0, 0};
    CHECK_THROWS_WITH(emulator.set_link(0, 0, {&late, 1}),
                      "channel emulator: path delay: expected from 0 to most_delay, found 100");
    CHECK_THROWS_WITH(emulator.set_link(0, 1, {&late, 1}),
                      "channel emulator: transmit stream: expected one that is there, found 1");
    RadioImpairments impairments;
    impairments.converter_bits = 8;
    CHECK_THROWS_WITH(emulator.set_transmitter(0, impairments),
                      "channel emulator: full_scale: expected above 0 where converter_bits is "
                      "set, found 0");
    CHECK_THROWS_AS(emulator.set_noise_power(-1), std::invalid_argument);
    CHECK_THROWS_AS(emulator.set_noise_power(NAN), std::invalid_argument);
    config.receiver_antennas = {};
    CHECK_THROWS_AS(ChannelEmulator(config), std::invalid_argument);
    const Stream in(10);
    Stream out(9);
    const gsl::span<const Sample> ins[] = {in};
    const gsl::span<Sample> outs[] = {out};
    CHECK_THROWS_AS(emulator.process(ins, outs), std::invalid_argument);
}
