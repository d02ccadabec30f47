// SPDX-License-Identifier: GPL-3.0-or-later
// Two devices' vectors go through the same air at once; the server reads their sum.
#include <cstdio>
#include <vector>

#include "gnuradio/aircomp/phy/postprocessor.hpp"
#include "gnuradio/aircomp/phy/preprocessor.hpp"

int main() {
    namespace phy = gr::aircomp::phy;

    phy::BurstFormat format;
    format.device_antennas = {1, 1};
    phy::Payload payload;
    payload.length = 96;
    const std::vector<std::vector<float>> vectors = {std::vector<float>(payload.length, 0.5F),
                                                     std::vector<float>(payload.length, -0.2F)};

    // The channel is 1 here, and so are precoders and combiner, for every resource block.
    const std::vector<phy::Sample> ones(format.resource_blocks(), 1);
    phy::TransmitSettings transmit;
    transmit.precoders = ones;

    phy::Preprocessor device(format, payload, 1);
    const std::size_t margin = 100;
    std::vector<phy::Sample> burst(device.burst_samples());
    std::vector<phy::Sample> air(burst.size() + 2 * margin);
    for (const std::vector<float>& vector : vectors) {
        device.data_burst(vector, transmit, burst);
        for (std::size_t i = 0; i < burst.size(); ++i)
            air[margin + i] += burst[i];
    }

    // Two devices: a pilot of value one arrives as two.
    const std::vector<phy::Sample> pilots(format.resource_blocks(), 2);
    phy::ReceiveSettings receive;
    receive.combiners = ones;
    receive.pilot_reference = pilots;
    receive.smallest_part = 0.5;
    receive.channel_reference = margin;  // Where the burst begins, as the channel is known.

    phy::Postprocessor server(format, payload, 1, air.size());
    std::vector<float> sum(payload.length);
    const phy::ReceiveReport& report = server.process(air, receive, sum);
    std::printf("found: %d, first of the sum: %.3f, last: %.3f\n", report.found, sum.front(),
                sum.back());
}
