// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes what processes and the server of a virtual air tell each other: any message is refused, or
// says what can be said again. An input is the message's kind in one byte, and the message.
#include "air_messages.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace {

using namespace gr::aircomp::virtual_radio;

AirConfig two_boards() {
    AirConfig air;
    air.boards.resize(2);
    air.boards[1].antennas = 3;
    return air;
}

/// Numbers that are none have no equal, but the same bytes.
void same(const Bytes& one, const Bytes& other) {
    if (one != other) std::abort();
}

void read(std::uint8_t kind, const Bytes& message) {
    static const AirConfig air = two_boards();
    switch (kind % 8) {
        case 0: {
            const Joined joined = decode_air(message);
            const Bytes again = encode_air(joined.config, joined.clock);
            const Joined twice = decode_air(again);
            same(encode_air(twice.config, twice.clock), again);
            break;
        }
        case 1:
            decode_request(message);
            break;
        case 2: {
            const auto transmissions = decode_transmit(message, air);
            for (const Transmission& t : transmissions) {
                if (t.board > 1 || t.antenna >= air.boards[t.board].antennas) std::abort();
            }
            const Bytes again = encode_transmit(transmissions);
            same(encode_transmit(decode_transmit(again, air)), again);
            break;
        }
        case 3:
            decode_accepted(message);
            break;
        case 4: {
            const Window window = decode_receive(message, air);
            if (window.antennas.size() != window.tunings.size()) std::abort();
            const Bytes again = encode_receive(window);
            same(encode_receive(decode_receive(again, air)), again);
            break;
        }
        case 5:
            same(encode_samples(decode_samples(message, 4)), message);
            break;
        case 6: {
            const auto boards = decode_boards(message, air);
            const Bytes again = encode_boards(Request::call, boards);
            if (decode_boards(again, air) != boards) std::abort();
            break;
        }
        default: {
            const Ticks until = decode_wait(message);
            if (decode_wait(encode_wait(until)) != until) std::abort();
            if (decode_time(encode_time(until)) != until) std::abort();
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    try {
        read(data[0], Bytes(data + 1, data + size));
    } catch (const std::runtime_error&) {
        return 0;  // refused, as most inputs are
    }
    return 0;
}
