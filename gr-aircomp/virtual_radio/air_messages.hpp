// SPDX-License-Identifier: GPL-3.0-or-later
// What processes and the server of an air tell each other. Both run on one host: numbers are in its
// byte order.
//
//   server, on connection   air: its clock and boards
//   request  transmit       answer: one byte, 1 where all were in time
//   request  receive        answer: samples, or an error
//   request  claim          answer: an error, empty where the boards are the connection's now
//   request  release        answer: the same; the boards are free
//   request  peek, hold     answer: the time of the event clock
//   request  wait           answer: the same, once it has come
//   request  rest, call     answer: the same
//
// Those from peek on are of a connection that has claimed boards (EventClock::Member).
#pragma once

#include <string>

#include "air.hpp"
#include "local_socket.hpp"

namespace gr::aircomp::virtual_radio {

enum class Request : std::uint32_t {
    transmit = 1,
    receive = 2,
    claim = 3,
    release = 4,
    peek = 5,
    hold = 6,
    wait = 7,
    rest = 8,
    call = 9
};

/// What a process must know of the air that it joins; paths and impairments stay at the server.
struct Joined {
    AirConfig config;
    AirClock clock;
};

Bytes encode_air(const AirConfig& config, const AirClock& clock);
Bytes encode_transmit(const std::vector<Transmission>& transmissions);
Bytes encode_accepted(bool accepted);
Bytes encode_receive(const Window& window);
Bytes encode_samples(const std::vector<Sample>& samples);
/// Empty: all is well.
Bytes encode_error(const std::string& what);
/// A claim or a call.
Bytes encode_boards(Request request, const std::vector<std::size_t>& boards);
/// A request that says no more.
Bytes encode_request(Request request);
Bytes encode_wait(Ticks until);
Bytes encode_time(Ticks now);

/// These throw std::runtime_error on what is cut off, too long or of another version.
Joined decode_air(const Bytes& message);
Request decode_request(const Bytes& message);
/// Boards and antennas are those of `config`.
std::vector<Transmission> decode_transmit(const Bytes& message, const AirConfig& config);
bool decode_accepted(const Bytes& message);
std::vector<std::size_t> decode_boards(const Bytes& message, const AirConfig& config);
Ticks decode_wait(const Bytes& message);
Ticks decode_time(const Bytes& message);
std::string decode_error(const Bytes& message);
Window decode_receive(const Bytes& message, const AirConfig& config);
/// Throws the server's error where it sent one.
std::vector<Sample> decode_samples(const Bytes& message, std::size_t count);

}  // namespace gr::aircomp::virtual_radio
