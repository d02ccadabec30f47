// SPDX-License-Identifier: GPL-3.0-or-later
// A socket between processes of one host.
#include "local_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace gr::aircomp::virtual_radio {
namespace {

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        throw std::runtime_error("socket: expected a path of 1 to " +
                                 std::to_string(sizeof address.sun_path - 1) +
                                 " characters, found '" + path + "'");
    }
    std::memcpy(address.sun_path, path.c_str(), path.size());
    return address;
}

LocalSocket open_socket() {
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) fail("socket");
    return LocalSocket(descriptor);
}

}  // namespace

LocalSocket::~LocalSocket() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

LocalSocket::LocalSocket(LocalSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

LocalSocket& LocalSocket::operator=(LocalSocket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

LocalSocket LocalSocket::connect(const std::string& path) {
    const sockaddr_un address = address_of(path);
    LocalSocket socket = open_socket();
    if (::connect(socket.descriptor_, reinterpret_cast<const sockaddr*>(&address),
                  sizeof address) != 0)
        fail(path);
    return socket;
}

LocalSocket LocalSocket::listen(const std::string& path) {
    const sockaddr_un address = address_of(path);
    const auto* const general = reinterpret_cast<const sockaddr*>(&address);
    LocalSocket socket = open_socket();
    const LocalSocket probe = open_socket();
    if (::connect(probe.descriptor_, general, sizeof address) == 0)
        throw std::runtime_error(path + ": somebody listens there already");
    const bool nobody = errno == ECONNREFUSED;  // Of a file that is no socket, too.
    struct stat there {};
    if (::lstat(path.c_str(), &there) == 0) {
        if (!S_ISSOCK(there.st_mode))
            throw std::runtime_error(path + ": is there and is no socket");
        if (nobody) ::unlink(path.c_str());
    }
    if (::bind(socket.descriptor_, general, sizeof address) != 0 ||
        ::listen(socket.descriptor_, SOMAXCONN) != 0)
        fail(path);
    return socket;
}

LocalSocket LocalSocket::accept() const {
    for (;;) {
        const int descriptor = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
        if (descriptor >= 0) return LocalSocket(descriptor);
        if (errno != EINTR && errno != ECONNABORTED) fail("accept");
    }
}

int LocalSocket::peer() const {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(descriptor_, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) fail("peer");
    return credentials.pid;
}

void LocalSocket::send(const Bytes& message) const {
    const std::uint64_t length = message.size();
    Bytes all(sizeof length + message.size());
    std::memcpy(all.data(), &length, sizeof length);
    if (!message.empty()) std::memcpy(all.data() + sizeof length, message.data(), message.size());
    for (std::size_t sent = 0; sent < all.size();) {
        const ssize_t n = ::send(descriptor_, all.data() + sent, all.size() - sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("connection");
        sent += static_cast<std::size_t>(n);
    }
}

bool LocalSocket::read(char* bytes, std::size_t count) const {
    while (count > 0) {
        const ssize_t n = ::recv(descriptor_, bytes, count, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes += n;
        count -= static_cast<std::size_t>(n);
    }
    return true;
}

bool LocalSocket::receive(Bytes& message) const {
    std::uint64_t length = 0;
    if (!read(reinterpret_cast<char*>(&length), sizeof length)) return false;
    if (length > most_bytes) {
        throw std::runtime_error("message: expected at most " + std::to_string(most_bytes) +
                                 " bytes, found " + std::to_string(length));
    }
    message.resize(length);
    return read(message.data(), message.size());
}

void LocalSocket::shut_down() const {
    ::shutdown(descriptor_, SHUT_RDWR);
}

}  // namespace gr::aircomp::virtual_radio
