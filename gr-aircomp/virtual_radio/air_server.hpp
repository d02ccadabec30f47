// SPDX-License-Identifier: GPL-3.0-or-later
// Offers an air to the processes of a host.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "air_messages.hpp"
#include "local_air.hpp"
#include "local_socket.hpp"

namespace gr::aircomp::virtual_radio {

/// A thread accepts, and every connection has one that answers. The destructor ends them all and
/// removes the socket.
class AirServer {
public:
    /// Throws std::runtime_error where `path` cannot be listened at.
    AirServer(std::shared_ptr<LocalAir> air, std::string path);
    ~AirServer();
    AirServer(const AirServer&) = delete;
    AirServer& operator=(const AirServer&) = delete;

private:
    struct Connection {
        LocalSocket socket;
        std::thread thread;
        bool over = false;
    };

    void accept();
    void serve(Connection& connection);
    void converse(const LocalSocket& socket);
    void move_clock(Request request, const Bytes& message, const LocalSocket& socket,
                    const LocalAir::Place& place);
    void tidy();

    const std::shared_ptr<LocalAir> air_;
    const std::string path_;
    LocalSocket listener_;
    std::mutex mutex_;
    std::list<Connection> connections_;
    bool stopping_ = false;
    std::thread accepting_;
};

}  // namespace gr::aircomp::virtual_radio
