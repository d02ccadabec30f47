// SPDX-License-Identifier: GPL-3.0-or-later
// Messages over a Unix socket: four bytes of length in network order, then a pair (port, message)
// as GNU Radio serialises it.
#include "round/flowgraph/flowgraph_link.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace aircomp::runtime {
namespace {

bool readable(int descriptor, std::chrono::milliseconds limit) {
    pollfd waiting{descriptor, POLLIN, 0};
    return poll(&waiting, 1, static_cast<int>(limit.count())) > 0;
}

}  // namespace

Descriptor::~Descriptor() {
    if (value_ >= 0) close(value_);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
}

pmt::pmt_t entry(const pmt::pmt_t& dictionary, const char* key) {
    return pmt::dict_ref(dictionary, pmt::mp(key), pmt::PMT_NIL);
}

pmt::pmt_t with(const pmt::pmt_t& dictionary, const char* key, const pmt::pmt_t& value) {
    return pmt::dict_add(dictionary, pmt::mp(key), value);
}

FlowgraphLink::FlowgraphLink(std::filesystem::path path, std::string owner)
    : path_(std::move(path)), owner_(std::move(owner)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.string().size() >= sizeof(address.sun_path))
        fail("the socket's path '" + path_.string() + "' is too long");
    path_.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
    std::filesystem::remove(path_);
    listener_ = Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        listen(listener_.get(), 1) != 0)
        fail("cannot listen at '" + path_.string() + "': " + std::strerror(errno));
}

FlowgraphLink::~FlowgraphLink() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
}

void FlowgraphLink::fail(const std::string& why) {
    ended_ = true;
    throw std::runtime_error(owner_ + ": " + why);
}

bool FlowgraphLink::accept(std::chrono::milliseconds limit) {
    if (!readable(listener_.get(), limit)) return false;
    connection_ = Descriptor(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    return connection_.get() >= 0;
}

void FlowgraphLink::send(const char* port, const pmt::pmt_t& value) {
    const std::string body = pmt::serialize_str(pmt::cons(pmt::mp(port), value));
    const std::uint32_t length = htonl(static_cast<std::uint32_t>(body.size()));
    std::string frame(reinterpret_cast<const char*>(&length), sizeof(length));
    frame += body;
    for (std::size_t done = 0; done < frame.size();) {
        const auto sent =
            ::send(connection_.get(), frame.data() + done, frame.size() - done, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) fail("its flowgraph has ended");
        done += static_cast<std::size_t>(sent);
    }
}

void FlowgraphLink::read(char* data, std::size_t count) {
    for (std::size_t done = 0; done < count;) {
        const auto received = recv(connection_.get(), data + done, count - done, 0);
        if (received < 0 && errno == EINTR) continue;
        if (received <= 0) fail("its flowgraph has ended");
        done += static_cast<std::size_t>(received);
    }
}

std::optional<FlowgraphMessage> FlowgraphLink::receive(std::chrono::milliseconds limit) {
    if (!readable(connection_.get(), limit)) return std::nullopt;
    std::uint32_t length = 0;
    read(reinterpret_cast<char*>(&length), sizeof(length));
    length = ntohl(length);
    if (length > most_bytes)
        fail("its flowgraph sent a message of " + std::to_string(length) + " bytes, at most " +
             std::to_string(most_bytes) + " are expected");
    std::string body(length, '\0');
    read(body.data(), body.size());
    try {
        const pmt::pmt_t pair = pmt::deserialize_str(body);
        return FlowgraphMessage{pmt::symbol_to_string(pmt::car(pair)), pmt::cdr(pair)};
    } catch (const std::exception& error) {
        fail(std::string("its flowgraph sent what is no message: ") + error.what());
    }
}

}  // namespace aircomp::runtime
