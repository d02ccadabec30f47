// SPDX-License-Identifier: GPL-3.0-or-later
// A relay between a device and its coordinator that can lose, hold back or dribble frames, and cut
// the connection.
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace aircomp::test {

inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/// A socket connected to the port, or -1.
inline int dial(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = loopback(port);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        return socket;
    }
    ::close(socket);
    return -1;
}

/// Frames from the device of more than `vector_bytes` are partials.
class Relay {
public:
    explicit Relay(std::uint16_t coordinator) : coordinator_(coordinator) {
        listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address = loopback(0);
        ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        ::listen(listener_, 4);
        socklen_t size = sizeof address;
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~Relay() {
        ending_ = true;
        thread_.join();
        ::close(listener_);
    }
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

    /// Loses the next so many partials.
    void lose(int partials) { to_lose_ = partials; }
    int left_to_lose() const { return to_lose_; }
    /// Holds the next partial back for so long, while all that follows goes through.
    void hold(double seconds) { to_hold_s_ = seconds; }
    bool has_held() const { return held_; }
    /// Sends the next so many partials a few bytes at a time.
    void dribble(int partials) { to_dribble_ = partials; }
    int left_to_dribble() const { return to_dribble_; }
    /// Ends the connection that there is.
    void cut() { cutting_ = true; }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::size_t vector_bytes = 1000;

    void serve() {
        while (!ending_) {
            pollfd waiting = {listener_, POLLIN, 0};
            if (::poll(&waiting, 1, 10) <= 0) continue;
            const int device = ::accept(listener_, nullptr, nullptr);
            const int coordinator = dial(coordinator_);
            if (coordinator >= 0) carry(device, coordinator);
            ::close(coordinator);
            ::close(device);
        }
    }

    void carry(int device, int coordinator) {
        cutting_ = false;
        std::vector<char> frames;  // From the device, not yet whole.
        held_back_.clear();
        std::vector<char> bytes(1 << 16);
        pollfd sides[] = {{device, POLLIN, 0}, {coordinator, POLLIN, 0}};
        while (!ending_ && !cutting_) {
            if (!pass_held(coordinator)) return;
            if (::poll(sides, 2, 10) <= 0) continue;
            if (sides[1].revents != 0) {
                const auto size = ::recv(coordinator, bytes.data(), bytes.size(), 0);
                if (size <= 0 || !pass(device, bytes.data(), static_cast<std::size_t>(size)))
                    return;
            }
            if (sides[0].revents != 0) {
                const auto size = ::recv(device, bytes.data(), bytes.size(), 0);
                if (size <= 0) return;
                frames.insert(frames.end(), bytes.begin(), bytes.begin() + size);
                if (!pass_whole(frames, coordinator)) return;
            }
        }
    }

    bool pass_whole(std::vector<char>& frames, int coordinator) {
        std::uint32_t length = 0;
        while (frames.size() >= 4) {
            std::memcpy(&length, frames.data(), 4);
            const std::size_t size = 4 + std::size_t{length};
            if (frames.size() < size) break;
            const bool is_partial = size > vector_bytes;
            if (is_partial && to_lose_ > 0) {
                --to_lose_;
            } else if (is_partial && to_hold_s_ > 0) {
                held_back_.assign(frames.begin(),
                                  frames.begin() + static_cast<std::ptrdiff_t>(size));
                due_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                          std::chrono::duration<double>(to_hold_s_.exchange(0)));
            } else if (is_partial && to_dribble_ > 0) {
                if (!dribble(coordinator, frames.data(), size)) return false;
                --to_dribble_;
            } else if (!pass(coordinator, frames.data(), size)) {
                return false;
            }
            frames.erase(frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(size));
        }
        return true;
    }

    bool pass_held(int coordinator) {
        if (held_back_.empty() || Clock::now() < due_) return true;
        const bool passed = pass(coordinator, held_back_.data(), held_back_.size());
        held_back_.clear();
        held_ = true;
        return passed;
    }

    static bool dribble(int socket, const char* data, std::size_t size) {
        constexpr std::size_t piece = 97;
        const int at_once = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
        for (std::size_t at = 0; at < size; at += piece) {
            if (!pass(socket, data + at, std::min(piece, size - at))) return false;
            std::this_thread::sleep_for(std::chrono::microseconds(500));
        }
        return true;
    }

    static bool pass(int socket, const char* data, std::size_t size) {
        return ::send(socket, data, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size);
    }

    std::uint16_t coordinator_;
    int listener_;
    std::uint16_t port_ = 0;
    std::atomic<int> to_lose_ = 0;
    std::atomic<int> to_dribble_ = 0;
    std::atomic<double> to_hold_s_ = 0;
    std::atomic<bool> held_ = false;  ///< What was held back has gone through.
    std::vector<char> held_back_;
    Clock::time_point due_;
    std::atomic<bool> cutting_ = false;
    std::atomic<bool> ending_ = false;
    std::thread thread_;
};

}  // namespace aircomp::test
