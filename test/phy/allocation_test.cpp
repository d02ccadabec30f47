// SPDX-License-Identifier: GPL-3.0-or-later
// No call per burst takes memory from the heap: operator new is replaced by one that counts.
#include <cstdlib>
#include <new>

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

}  // namespace
}  // namespace gr::aircomp::phy
