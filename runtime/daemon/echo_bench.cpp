// SPDX-License-Identifier: GPL-3.0-or-later
// Blocking sockets and forked processes, nothing else.
#include "daemon/echo_bench.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>

namespace aircomp::runtime::testbed {
namespace {

int require(int result, const char* what) {
    if (result >= 0) return result;
    throw std::runtime_error(std::string("TCP echo: ") + what + ": " + std::strerror(errno));
}

void send_at_once(int socket) {
    const int yes = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

bool carry(int socket, std::vector<std::byte>& bytes, bool out) {
    for (std::size_t done = 0; done < bytes.size();) {
        const auto n = out ? send(socket, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL)
                           : recv(socket, bytes.data() + done, bytes.size() - done, 0);
        if (n <= 0) return false;
        done += static_cast<std::size_t>(n);
    }
    return true;
}

/// The child's whole life: ends when its peer does.
[[noreturn]] void echo(const sockaddr_in& address, std::vector<std::byte> bytes) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) _exit(1);
    send_at_once(socket);
    while (carry(socket, bytes, /*out=*/false) && carry(socket, bytes, /*out=*/true)) {
    }
    _exit(0);
}

}  // namespace

EchoPeers::EchoPeers(int peers, std::size_t bytes) : bytes_(bytes) {
    const int listener = require(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "no socket");
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const where = reinterpret_cast<sockaddr*>(&address);
    require(bind(listener, where, size), "cannot bind");
    require(listen(listener, peers), "cannot listen");
    require(getsockname(listener, where, &size), "no address");
    for (int i = 0; i < peers; ++i) {
        const pid_t process = require(fork(), "cannot fork");
        if (process == 0) {
            // A child that holds another's connection would keep it from ending.
            for (const int other : sockets_)
                close(other);
            close(listener);
            echo(address, bytes_);
        }
        processes_.push_back(process);
        sockets_.push_back(require(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC), "no peer"));
        send_at_once(sockets_.back());
    }
    close(listener);
}

EchoPeers::~EchoPeers() {
    for (const int socket : sockets_)
        close(socket);
    for (const pid_t process : processes_)
        waitpid(process, nullptr, 0);
}

double EchoPeers::round_trip_s(int peers) {
    const auto begin = std::chrono::steady_clock::now();
    bool whole = true;
    for (int i = 0; i < peers; ++i)
        whole = carry(sockets_.at(static_cast<std::size_t>(i)), bytes_, /*out=*/true) && whole;
    for (int i = 0; i < peers; ++i)
        whole = carry(sockets_.at(static_cast<std::size_t>(i)), bytes_, /*out=*/false) && whole;
    if (!whole) throw std::runtime_error("TCP echo: a peer ended the connection");
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace aircomp::runtime::testbed
