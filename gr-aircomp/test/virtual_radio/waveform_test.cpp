// SPDX-License-Identifier: GPL-3.0-or-later
// What virtual radios receive: the channel emulator's samples, at their tick.
#include <cmath>

#include "gnuradio/aircomp/phy/channel_emulator.hpp"
#include "gnuradio/aircomp/phy/seed.hpp"
#include "laboratory.hpp"
#include "links.hpp"
#include "support/catch.hpp"

namespace aircomp::test {
namespace {

using gr::aircomp::phy::derive_seed;
namespace phy = gr::aircomp::phy;

double distance(const Samples& a, const Samples& b) {
    REQUIRE(a.size() == b.size());
    double most = 0;
    for (std::size_t n = 0; n < a.size(); ++n)
        most = std::max<double>(most, std::abs(a[n] - b[n]));
    return most;
}

/// `samples` after `delay` samples of silence, in a window of `count`.
Samples placed(const Samples& samples, std::size_t delay, std::size_t count) {
    Samples window(count);
    std::copy(samples.begin(), samples.end(), window.begin() + static_cast<std::ptrdiff_t>(delay));
    return window;
}

/// Boards a and b, ideal.
constexpr auto two_boards = "boards: [{name: a}, {name: b}]\n";

TEST_CASE("a burst arrives at its sample, scaled and turned by gains and link") {
    Laboratory lab(
        std::string(two_boards) +
        "links: [{between: [a, b], given: [{delay_samples: 2, gains: [[[0.3, 0.4]]]}]}]");
    lab.device().set_tx_gain(20, 0);
    lab.device().set_rx_gain(-20 + 26, 1);
    const Samples burst = gaussian(3000, 1);
    const auto time = lab.soon();
    lab.send(0, burst, time + uhd::time_spec_t(0.0005));
    Samples expected = placed(burst, 502, 5000);
    for (auto& sample : expected)
        sample *= std::complex<float>(0.3F, 0.4F) * static_cast<float>(std::pow(10, 26 / 20.0));
    CHECK(distance(lab.receive({1}, 5000, time)[0], expected) < 1e-5 * 20);
}

TEST_CASE("automatic gain counts until it is switched off, the gain that is set from then on") {
    Laboratory lab("boards: [{name: a}, {name: b, automatic_gain: true}]");
    uhd::usrp::multi_usrp& device = lab.device();
    CHECK(device.get_tx_subdev_name(1) == "air");
    CHECK(device.get_rx_subdev_name(1) == "FE-RX1");
    device.set_rx_gain(10, 1);
    const Samples burst = gaussian(2000, 1);
    const auto received_db = [&] {
        const auto time = lab.soon();
        lab.send(0, burst, time);
        return 20 * std::log10(std::abs(lab.receive({1}, 2000, time)[0][1000] / burst[1000]));
    };
    CHECK(received_db() == Approx(30).margin(0.1));
    device.set_rx_agc(false, 1);
    CHECK(received_db() == Approx(10).margin(0.1));
    device.set_rx_gain(5, 1);
    CHECK(received_db() == Approx(5).margin(0.1));
}

TEST_CASE("channels are the same in both directions, between all antennas") {
    Laboratory lab(R"(
boards: [{name: a, antennas: 2}, {name: b, antennas: 3}, {name: c}]
link: {fading: rayleigh, paths: 4, path_step_samples: 1.5}
coherence_time_s: 0.005
)");
    const Samples impulse(1, 1);
    // Both at once, so that both are of one block.
    const auto time = lab.soon();
    lab.send(1, impulse, time + uhd::time_spec_t(0.001));
    lab.send(3, impulse, time + uhd::time_spec_t(0.001));
    const auto both = lab.receive({1, 3}, 2000, time);
    CHECK(distance(both[0], Samples(2000)) > 0.1);
    CHECK(distance(both[0], both[1]) < 1e-6);
}

TEST_CASE("fading is drawn anew when a coherence block ends") {
    Laboratory lab(std::string(two_boards) + "link: {fading: rayleigh}\ncoherence_time_s: 0.01\n");
    const auto time = lab.soon();
    lab.send(0, Samples(20000, 1), time);
    const Samples window = lab.receive({1}, 20000, time)[0];
    CHECK(std::abs(window[100] - window[9990]) < 1e-6F);
    CHECK(std::abs(window[10010] - window[19900]) < 1e-6F);
    CHECK(std::abs(window[9990] - window[10010]) > 1e-2F);
}

TEST_CASE("a window holds what the emulator makes of it") {
    Laboratory lab(R"(
seed: 11
boards:
  - {name: a, carrier_offset_hz: 700, linewidth_hz: 50, sampling_offset_ppm: 3,
     timing_offset_samples: 0.25, transmitter: {iq_gain_db: 0.5, full_scale: 2, converter_bits: 10}}
  - {name: b, noise_power: 0.05, carrier_offset_hz: -40, linewidth_hz: 20,
     receiver: {iq_phase_deg: 2}}
link: {fading: rayleigh, paths: 3}
)");
    const Samples burst = gaussian(4000, 2);
    const auto time = lab.soon();
    lab.send(0, burst, time + uhd::time_spec_t(0.001));
    const Samples found = lab.receive({1}, 6000, time)[0];

    phy::EmulatorConfig config;
    config.sample_rate_hz = 1e6;
    config.transmitter_antennas = {1, 1};
    config.seed = derive_seed(derive_seed(11, 22), 1);
    phy::ChannelEmulator emulator(config);
    phy::RadioImpairments a, b;
    a.carrier_offset_hz = 700, a.linewidth_hz = 50, a.sampling_offset_ppm = 3;
    a.timing_offset = 0.25, a.iq_gain_db = 0.5, a.full_scale = 2, a.converter_bits = 10;
    a.oscillator_seed = derive_seed(derive_seed(11, 21), 0) | 1U;
    b.carrier_offset_hz = -40, b.linewidth_hz = 20, b.iq_phase_deg = 2;
    b.oscillator_seed = derive_seed(derive_seed(11, 21), 1) | 1U;
    b.oscillator_ahead = -static_cast<std::int64_t>(emulator.latency());
    emulator.set_transmitter(0, a);
    emulator.set_receiver(0, b);
    emulator.set_noise_power(0.05);
    phy::DelayProfile profile;
    std::uint64_t seed = derive_seed(11, 20);
    for (const std::uint64_t index : {0U, 0U, 1U, 0U, 0U})
        seed = derive_seed(seed, index);
    profile.decay_db = 0;
    emulator.set_link(0, 0, phy::draw_paths(profile, seed));
    emulator.set_link(0, 1, {});
    const auto start = (1 << 20) + static_cast<std::uint64_t>(time.to_ticks(1e6));
    const std::size_t lead = 960;
    emulator.seek(start - lead);
    const std::size_t length = lead + 6000 + emulator.latency();
    const Samples in = placed(burst, lead + 1000, length), silence(length);
    Samples out(length);
    const gsl::span<const phy::Sample> ins[] = {in, silence};
    const gsl::span<phy::Sample> outs[] = {out};
    emulator.process(ins, outs);
    const auto first = static_cast<std::ptrdiff_t>(lead + emulator.latency());
    // Windows begin on another sample of the grid: floats round elsewhere.
    CHECK(distance(found, Samples(out.begin() + first, out.end())) < 1e-4);
}

TEST_CASE("the same seed and times give the same samples, bit by bit") {
    const auto run = [] {
        Laboratory lab(R"(
seed: 5
noise_power: 0.1
coherence_time_s: 0.002
boards:
  - {name: a, carrier_offset_hz: 700, linewidth_hz: 50, sampling_offset_ppm: 3}
  - {name: b, linewidth_hz: 20}
link: {fading: rayleigh, paths: 3}
)");
        const uhd::time_spec_t time = 0.5;
        lab.send(0, gaussian(4000, 2), time + uhd::time_spec_t(0.001));
        return lab.receive({1}, 8000, time)[0];
    };
    CHECK(run() == run());
}

TEST_CASE("Doppler turns a link's gain within a window, in both directions alike") {
    Laboratory lab(std::string(two_boards) +
                   "link: {fading: rayleigh, paths: 2, spread_hz: 400}\n");
    const auto time = lab.soon();
    const Samples ones(20000, 1);
    lab.send(0, ones, time);
    lab.send(1, ones, time);
    const auto both = lab.receive({0, 1}, 20000, time);
    CHECK(distance(both[0], both[1]) < 1e-6);
    // 0.1 ms is 4% of the Doppler's period, 10 ms four of them.
    const auto& window = both[0];
    float slow = 0, fast = 0, power = 0;
    for (std::size_t n = 100; n < 9900; ++n) {
        power += std::norm(window[n]);
        slow += std::norm(window[n + 100] - window[n]);
        fast += std::norm(window[n + 10000] - window[n]);
    }
    // E|h(t + d) - h(t)|^2 = 2 E|h|^2 (1 - J0(2 pi 400 Hz d)), 1 - J0(0.25) being 0.016.
    CHECK(slow < 0.1F * power);
    CHECK(fast > 0.3F * power);
}

TEST_CASE("a board with a random phase after every tune has one, its antennas together") {
    const auto phases = [](const std::string& board) {
        Laboratory lab("seed: 4\nboards: [{name: a, antennas: 2" + board + "}, {name: b}]\n");
        std::vector<std::complex<float>> found;
        for (const double frequency_hz : {1.1e9, 1.2e9, 1.1e9}) {
            for (const std::size_t channel : {0U, 1U, 2U}) {
                lab.device().set_tx_freq(frequency_hz, channel);
                lab.device().set_rx_freq(frequency_hz, channel);
            }
            for (const std::size_t antenna : {0U, 1U}) {
                const auto time = lab.soon();
                lab.send(antenna, Samples(1000, 1), time);
                found.push_back(lab.receive({2}, 1000, time)[0][500]);
            }
        }
        return found;
    };
    const auto random = phases(", tune_phase: random");
    for (std::size_t i = 0; i < 6; i += 2) {
        CHECK(std::abs(random[i] - random[i + 1]) < 1e-5F);
        CHECK(std::abs(std::abs(random[i]) - 1) < 1e-5F);
        CHECK(std::abs(random[i] - random[(i + 2) % 6]) > 0.01F);
    }
    CHECK(phases(", tune_phase: random") == random);
    for (const auto& sample : phases(""))
        CHECK(std::abs(sample - 1.0F) < 1e-5F);
}

TEST_CASE("boards that are tuned apart hear a shifted signal, and beyond half the rate nothing") {
    Laboratory lab(two_boards);
    lab.device().set_tx_freq(1e9 + 1e5, 0);
    lab.device().set_rx_freq(1e9, 1);
    auto time = lab.soon();
    lab.send(0, Samples(2000, 1), time);
    Samples window = lab.receive({1}, 2000, time)[0];
    for (std::size_t n = 1000; n < 1010; ++n) {
        const auto step = window[n + 1] * std::conj(window[n]);
        CHECK(static_cast<double>(std::arg(step)) == Approx(2 * M_PI * 0.1).epsilon(1e-3));
    }
    lab.device().set_tx_freq(1e9 + 6e5, 0);
    time = lab.soon();
    lab.send(0, Samples(2000, 1), time);
    window = lab.receive({1}, 2000, time)[0];
    CHECK(distance(window, Samples(2000)) == 0);
}

TEST_CASE("a tune at a command time holds from then on") {
    Laboratory lab(two_boards);
    const auto time = lab.soon(0.1);
    lab.device().set_command_time(time + uhd::time_spec_t(0.01));
    lab.device().set_tx_gain(20, 0);
    lab.device().clear_command_time();
    lab.send(0, Samples(1000, 1), time);
    lab.send(0, Samples(1000, 1), time + uhd::time_spec_t(0.01));
    const Samples window = lab.receive({1}, 11000, time)[0];
    CHECK(std::abs(window[500] - 1.0F) < 1e-5F);
    CHECK(std::abs(window[10500] - 10.0F) < 1e-4F);
}

TEST_CASE("a burst between two samples of the receiver is delayed by the fraction") {
    Laboratory lab(two_boards);
    const auto time = lab.soon();
    // A slow tone: half a sample late is a phase.
    const double step = 2 * M_PI * 0.05;
    Samples tone(2000);
    for (std::size_t n = 0; n < tone.size(); ++n)
        tone[n] = std::complex<float>(std::polar(1.0, step * static_cast<double>(n)));
    lab.send(0, tone, time + uhd::time_spec_t::from_ticks(100, 200e6));
    const Samples window = lab.receive({1}, 2000, time)[0];
    for (std::size_t n = 900; n < 910; ++n) {
        const auto expected = std::polar(1.0, step * (static_cast<double>(n) - 0.5));
        CHECK(std::abs(std::complex<double>(window[n]) - expected) < 0.02);
    }
}

}  // namespace
}  // namespace aircomp::test
