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

std::shared_ptr<void> RemoteAir::claim(const std::vector<std::size_t>& boards, int) {
    Joined again;
    auto socket = std::make_unique<LocalSocket>(join(again));
    const std::string error = decode_error(exchange(*socket, encode_claim(boards)));
    if (!error.empty()) throw std::runtime_error(path_ + ": " + error);
    // The boards are kept as long as the connection; an answer says that they are free again.
    return {socket.release(), [this](LocalSocket* own) {
                const std::unique_ptr<LocalSocket> closed(own);
                try {
                    exchange(*own, encode_release());
                } catch (const AirGone&) {
                    return;  // Nobody is left who could keep them.
                }
            }};
}

bool RemoteAir::transmit(std::vector<Transmission> transmissions) {
    return decode_accepted(ask(encode_transmit(transmissions)));
}

std::vector<Sample> RemoteAir::receive(const Window& window) {
    return decode_samples(ask(encode_receive(window)), window.antennas.size() * window.count);
}

}  // namespace gr::aircomp::virtual_radio
