// SPDX-License-Identifier: GPL-3.0-or-later
// The air of another process.
#include "remote_air.hpp"

#include <stdexcept>
#include <utility>

namespace gr::aircomp::virtual_radio {

RemoteAir::RemoteAir(std::string path) : path_(std::move(path)) {
    idle_.push_back(join(joined_));
}

LocalSocket RemoteAir::join(Joined& joined) const {
    LocalSocket socket = LocalSocket::connect(path_);
    Bytes message;
    if (!socket.receive(message))
        throw std::runtime_error(path_ + ": the server of the air closed the connection");
    joined = decode_air(message);
    return socket;
}

/// One question and its answer.
Bytes RemoteAir::exchange(const LocalSocket& socket, const Bytes& request) const {
    Bytes answer;
    try {
        socket.send(request);
        if (socket.receive(answer)) return answer;
    } catch (const std::runtime_error& error) {
        throw AirGone(path_ + ": the server of the air is gone: " + error.what());
    }
    throw AirGone(path_ + ": the server of the air is gone");
}

LocalSocket RemoteAir::idle() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.empty()) {
        try {
            Joined again;
            return join(again);
        } catch (const std::runtime_error& error) {
            throw AirGone(error.what());
        }
    }
    LocalSocket socket = std::move(idle_.back());
    idle_.pop_back();
    return socket;
}

Bytes RemoteAir::ask(const Bytes& request) {
    LocalSocket socket = idle();
    Bytes answer = exchange(socket, request);
    const std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(std::move(socket));
    return answer;
}

/// A connection that has claimed boards: they are kept as long as it lasts.
class RemoteAir::Place final : public Membership {
public:
    Place(const RemoteAir& air, LocalSocket socket) : air_(air), socket_(std::move(socket)) {}
    ~Place() override {
        try {
            // An answer says that the boards are free again.
            air_.exchange(socket_, encode_request(Request::release));
        } catch (const AirGone&) {
            return;  // Nobody is left who could keep them.
        }
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    Ticks peek() override { return ask(encode_request(Request::peek)); }
    Ticks hold() override { return ask(encode_request(Request::hold)); }
    Ticks wait(Ticks until) override { return ask(encode_wait(until)); }
    void rest() override { ask(encode_request(Request::rest)); }
    void call(const std::vector<std::size_t>& boards) override {
        ask(encode_boards(Request::call, boards));
    }

private:
    Ticks ask(const Bytes& request) { return decode_time(air_.exchange(socket_, request)); }

    const RemoteAir& air_;
    const LocalSocket socket_;
};

std::shared_ptr<Seat> RemoteAir::claim(const std::vector<std::size_t>& boards, int) {
    Joined again;
    LocalSocket socket = join(again);
    const std::string error = decode_error(exchange(socket, encode_boards(Request::claim, boards)));
    if (!error.empty()) throw std::runtime_error(path_ + ": " + error);
    auto place = std::make_unique<Place>(*this, std::move(socket));
    if (config().clock == ClockKind::event)
        return std::make_shared<EventSeat>(std::move(place), clock().tick_rate_hz);
    return std::make_shared<ScaledSeat>(clock(), std::move(place));
}

bool RemoteAir::transmit(std::vector<Transmission> transmissions) {
    return decode_accepted(ask(encode_transmit(transmissions)));
}

std::vector<Sample> RemoteAir::receive(const Window& window) {
    return decode_samples(ask(encode_receive(window)), window.antennas.size() * window.count);
}

}  // namespace gr::aircomp::virtual_radio
