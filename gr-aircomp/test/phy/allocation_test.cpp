// SPDX-License-Identifier: GPL-3.0-or-later
// No call per burst takes memory from the heap: operator new is replaced by one that counts. The
// sanitizers have one of their own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include <cstdlib>
#include <new>

#include "gnuradio/aircomp/phy/channel_emulator.hpp"
#include "gnuradio/aircomp/phy/postprocessor.hpp"
#include "gnuradio/aircomp/phy/sounder.hpp"
#include "signals.hpp"
#include "support/catch.hpp"

namespace {
std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
    ++allocations;
    if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace gr::aircomp::phy {
namespace {

template <typename Action>
std::size_t allocations_of(Action&& action) {
    action();  // VOLK looks its machine up at the first call
    const std::size_t before = allocations;
    action();
    return allocations - before;
}

TEST_CASE("bursts and headers are sent and received without an allocation") {
    BurstFormat format;
    format.device_antennas = {2};
    // 768 = 3 * 256: the rotation with its transform across blocks.
    const Payload payload{768, 2, 3};
    Preprocessor transmitter(format, payload, 2);
    const std::size_t window = transmitter.burst_samples() + 100;
    Postprocessor receiver(format, payload, 2, window);
    const std::vector<Sample> matrices(format.resource_blocks() * 4, Sample(0.5F, 0.1F));
    const std::vector<Sample> reference(format.resource_blocks() * 2, Sample(1));
    const auto vector = test::gaussian(768, 1);
    std::vector<float> sum(768);
    std::vector<Sample> burst(2 * transmitter.burst_samples());
    std::vector<Sample> sounding(2 * format.sounding_samples());
    TransmitSettings send;
    send.precoders = matrices;
    send.offset = 1e-5;
    CHECK(allocations_of([&] { transmitter.data_burst(vector, send, burst); }) == 0);
    CHECK(allocations_of([&] { transmitter.sounding_burst(0, 1, send, sounding); }) == 0);

    std::vector<Sample> received(2 * window);
    for (std::size_t r = 0; r < 2; ++r) {
        std::copy_n(burst.begin(), transmitter.burst_samples(),
                    received.begin() + static_cast<std::ptrdiff_t>(r * window + 30));
    }
    ReceiveSettings receive;
    receive.combiners = matrices;
    receive.pilot_reference = reference;
    receive.channel_reference = 30;
    bool found = false;
    CHECK(allocations_of([&] { found = receiver.process(received, receive, sum).found; }) == 0);
    CHECK(found);

    HeaderReceiver header(format, 2, window);
    CHECK(allocations_of([&] { found = header.measure(received).found; }) == 0);
    CHECK(found);
}

TEST_CASE("a sounding at a known level is estimated without an allocation") {
    BurstFormat format;
    format.device_antennas = {2};
    Preprocessor transmitter(format, {100, 1, {}}, 2);
    const std::size_t samples = format.sounding_samples();
    std::vector<Sample> sounding(2 * samples), received(samples + 100);
    transmitter.sounding_burst(0, 1, {}, sounding);
    std::copy_n(sounding.begin(), samples, received.begin() + 30);
    test::Noise(1).add(received, 1e-3);
    Sounder sounder(format, 1, received.size());
    const std::vector<double> power_w = {1};
    bool found = false;
    CHECK(allocations_of([&] { found = sounder.process(received, power_w).devices[0].found; }) ==
          0);
    CHECK(found);
}

TEST_CASE("the emulator passes samples and changes every impairment without an allocation") {
    EmulatorConfig config;
    config.transmitter_antennas = {2, 1};
    config.receiver_antennas = {1, 2};
    ChannelEmulator emulator(config);
    RadioImpairments radio;
    radio.carrier_offset_hz = 700;
    radio.sampling_offset_ppm = 20;
    radio.timing_offset = 0.4;
    radio.linewidth_hz = 10;
    radio.iq_gain_db = 0.5;
    radio.iq_phase_deg = 2;
    radio.full_scale = 2;
    radio.converter_bits = 10;
    DelayProfile profile;
    profile.step = 1.3;
    profile.spread_hz = 50;
    profile.shift_hz = 10;
    const auto paths = draw_paths(profile, 1);
    constexpr std::size_t length = 3000;
    const std::vector<Sample> sent(length, 1);
    std::vector<std::vector<Sample>> received(3, std::vector<Sample>(length));
    const std::vector<gsl::span<const Sample>> transmit(3, sent);
    const std::vector<gsl::span<Sample>> receive(received.begin(), received.end());
    CHECK(allocations_of([&] {
              emulator.process(transmit, receive);
              emulator.set_transmitter(1, radio);
              emulator.set_receiver(1, radio);
              for (std::size_t r = 0; r < 3; ++r) {
                  for (std::size_t k = 0; k < 3; ++k)
                      emulator.set_link(r, k, paths);
              }
              emulator.set_noise_power(0.1);
              emulator.process(transmit, receive);
              emulator.restart_clocks();
              emulator.seek(12345);
              emulator.process(transmit, receive);
          }) == 0);
    // That there is a sum of power near the three streams' shows that all of it was at work.
    CHECK(std::norm(received[2].back()) > 1e-3F);
}

}  // namespace
}  // namespace gr::aircomp::phy
#endif
