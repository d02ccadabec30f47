// SPDX-License-Identifier: GPL-3.0-or-later
// A relay between a virtual radio and its air that can stop passing anything on.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace aircomp::test {

class SocketRelay {
public:
    /// Listens at `path` for programs that look for the socket `target`.
    SocketRelay(const std::string& path, std::string target) : target_(std::move(target)) {
        listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
        const sockaddr_un address = named(path);
        if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
            ::listen(listener_, 4) != 0)
            throw std::runtime_error(path + ": cannot be listened at");
        thread_ = std::thread([this] { serve(); });
    }
    ~SocketRelay() {
        ending_ = true;
        thread_.join();
        for (const int socket : sockets_)
            ::close(socket);
        ::close(listener_);
    }
    SocketRelay(const SocketRelay&) = delete;
    SocketRelay& operator=(const SocketRelay&) = delete;

    /// From now on nothing comes through, and nothing ends.
    void freeze() { frozen_ = true; }
    /// Whether something has come since. Programs ask and the air answers, one after the other: so
    /// a program waits for it.
    bool keeps_waiting() const { return keeps_waiting_; }

private:
    static sockaddr_un named(const std::string& path) {
        sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        if (path.size() >= sizeof address.sun_path) throw std::runtime_error(path + ": too long");
        std::memcpy(address.sun_path, path.data(), path.size());
        return address;
    }

    void serve() {
        while (!ending_) {
            const bool is_frozen = frozen_;
            std::vector<pollfd> waiting;
            if (!keeps_waiting_) {
                waiting.push_back({is_frozen ? -1 : listener_, POLLIN, 0});
                for (const int socket : sockets_)
                    waiting.push_back({socket, POLLIN, 0});
            }
            if (::poll(waiting.data(), waiting.size(), 10) <= 0) continue;
            if (is_frozen) {
                keeps_waiting_ = true;
                continue;
            }
            for (std::size_t i = 1; i < waiting.size(); ++i) {
                if (waiting[i].revents != 0) pass(i - 1);
            }
            if (waiting[0].revents != 0) take_in();
        }
    }

    /// Sockets stand in pairs: a program's, and the one to the target.
    void take_in() {
        const int program = ::accept(listener_, nullptr, nullptr);
        const int target = ::socket(AF_UNIX, SOCK_STREAM, 0);
        const sockaddr_un address = named(target_);
        if (::connect(target, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            ::close(target);
            ::close(program);
            return;
        }
        sockets_.push_back(program);
        sockets_.push_back(target);
    }

    void pass(std::size_t from) {
        char bytes[1 << 16];
        const std::size_t to = from ^ 1U;
        const auto size = ::recv(sockets_[from], bytes, sizeof bytes, 0);
        if (size > 0 &&
            ::send(sockets_[to], bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL) == size)
            return;
        // poll() skips negative descriptors.
        for (const std::size_t end : {from, to}) {
            ::close(sockets_[end]);
            sockets_[end] = -1;
        }
    }

    std::string target_;
    int listener_;
    std::vector<int> sockets_;
    std::atomic<bool> frozen_ = false;
    std::atomic<bool> keeps_waiting_ = false;
    std::atomic<bool> ending_ = false;
    std::thread thread_;
};

}  // namespace aircomp::test
