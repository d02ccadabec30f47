// SPDX-License-Identifier: GPL-3.0-or-later
// Transceivers for one coherence block, by two schemes, and their errors.
#include <cstdio>

#include "aircomp/optimizer/channel.hpp"
#include "aircomp/optimizer/design.hpp"

int main() {
    namespace optimizer = aircomp::optimizer;

    // Four devices of two antennas before a server of eight.
    optimizer::Random random(1);
    optimizer::Link link;
    link.receive_antennas = 8;
    link.transmit_antennas = 2;

    optimizer::TransceiverProblem problem;
    problem.noise_power_w = 0.01;
    for (int device = 0; device < 4; ++device) {
        problem.channels.push_back(optimizer::draw_channel(link, random));
        problem.power_w.push_back(1);
        problem.second_moments.push_back(1);
    }

    for (const char* scheme : {"inversion", "mmse"}) {
        const optimizer::Design design = optimizer::design(scheme, problem);
        std::printf("%s: NMSE %.5f\n", scheme, design.nmse);
    }
}
