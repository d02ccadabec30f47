// SPDX-License-Identifier: GPL-3.0-or-later
// Offers an air to the processes of a host.
#include "air_server.hpp"

#include <unistd.h>

#include <exception>
#include <stdexcept>

#include "air_messages.hpp"

namespace gr::aircomp::virtual_radio {
namespace {

std::vector<Sample> receive(LocalAir& air, const Window& window) {
    const Ticks end = window.start + static_cast<Ticks>(window.count) * window.period;
    if (air.now() < air.ready(end, window.period))
        throw std::runtime_error("window: expected one that is over, found one that is not");
    return air.receive(window);
}

Bytes answer_receive(LocalAir& air, const Bytes& request) {
    try {
        return encode_samples(receive(air, decode_receive(request, air.config())));
    } catch (const std::exception& error) {
        return encode_error(error.what());
    }
}

Bytes answer_claim(LocalAir& air, const Bytes& request, int process, LocalAir::Place& place) {
    try {
        place = air.take(decode_boards(request, air.config()), process);
        return encode_error("");
    } catch (const std::runtime_error& error) {
        return encode_error(error.what());
    }
}

}  // namespace

AirServer::AirServer(std::shared_ptr<LocalAir> air, std::string path)
    : air_(std::move(air)), path_(std::move(path)), listener_(LocalSocket::listen(path_)) {
    accepting_ = std::thread([this] { accept(); });
}

AirServer::~AirServer() {
    ::unlink(path_.c_str());
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        stopping_ = true;
        for (Connection& connection : connections_)
            connection.socket.shut_down();
    }
    listener_.shut_down();
    accepting_.join();
    for (Connection& connection : connections_)
        connection.thread.join();
}

void AirServer::accept() {
    for (;;) {
        try {
            LocalSocket socket = listener_.accept();
            const std::lock_guard<std::mutex> lock(mutex_);
            if (stopping_) return;
            tidy();
            connections_.push_back({std::move(socket), {}});
            Connection& connection = connections_.back();
            connection.thread = std::thread([this, &connection] { serve(connection); });
        } catch (const std::runtime_error&) {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (stopping_) return;
            // Too many open files: those who are connected go on, and some will leave.
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }
}

/// Joins the threads whose connection is over.
void AirServer::tidy() {
    for (auto c = connections_.begin(); c != connections_.end();) {
        if (!c->over) {
            ++c;
            continue;
        }
        c->thread.join();
        c = connections_.erase(c);
    }
}

void AirServer::serve(Connection& connection) {
    try {
        converse(connection.socket);
    } catch (const std::exception&) {
        // Whoever sends nonsense, or leaves in the middle of an answer, loses the connection.
        connection.socket.shut_down();
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    connection.over = true;
}

void AirServer::converse(const LocalSocket& socket) {
    LocalAir::Place place;  // For as long as the connection lasts.
    socket.send(encode_air(air_->config(), air_->clock()));
    for (Bytes request; socket.receive(request);) {
        const Request kind = decode_request(request);
        switch (kind) {
            case Request::transmit:
                socket.send(
                    encode_accepted(air_->transmit(decode_transmit(request, air_->config()))));
                break;
            case Request::receive:
                socket.send(answer_receive(*air_, request));
                break;
            case Request::claim:
                socket.send(answer_claim(*air_, request, socket.peer(), place));
                break;
            case Request::release:
                place = {};
                socket.send(encode_error(""));
                break;
            default:
                move_clock(kind, request, socket, place);
        }
    }
}

/// An answer to a wait comes when its time has come, from whoever lets the clock go on.
void AirServer::move_clock(Request request, const Bytes& message, const LocalSocket& socket,
                           const LocalAir::Place& place) {
    if (!place.member) throw std::runtime_error("message: expected boards to be claimed first");
    if (request == Request::wait) {
        return place.member->wait(decode_wait(message), [&socket](Ticks now) {
            try {
                socket.send(encode_time(now));
            } catch (const std::runtime_error&) {
                return;  // The thread that reads from it sees its end, too.
            }
        });
    }
    if (request == Request::hold) place.member->hold();
    if (request == Request::rest) place.member->rest();
    if (request == Request::call) air_->call(decode_boards(message, air_->config()));
    socket.send(encode_time(air_->now()));
}

}  // namespace gr::aircomp::virtual_radio
