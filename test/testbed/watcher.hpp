// SPDX-License-Identifier: GPL-3.0-or-later
// An HTTP client that says what it is told to.
#pragma once

#include <string>

#include "testbed/relay.hpp"

namespace aircomp::test {

/// The port in HOST:PORT or a URL that ends in it.
inline std::uint16_t port_of(const std::string& address) {
    return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

/// Sends `request` to the port and returns all that comes back until the connection ends.
inline std::string http(std::uint16_t port, const std::string& request) {
    const int socket = dial(port);
    if (socket < 0) return "";
    ::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
    std::string answer;
    char bytes[4096];
    for (ssize_t size; (size = ::recv(socket, bytes, sizeof bytes, 0)) > 0;)
        answer.append(bytes, static_cast<std::size_t>(size));
    ::close(socket);
    return answer;
}

inline std::string body_of(const std::string& answer) {
    const auto end = answer.find("\r\n\r\n");
    return end == std::string::npos ? "" : answer.substr(end + 4);
}

}  // namespace aircomp::test
