// SPDX-License-Identifier: GPL-3.0-or-later
// The air of another process.
#include "remote_air.hpp"

#include <stdexcept>

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

Bytes RemoteAir::ask(const Bytes& request) {
    const auto take = [this] {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (idle_.empty()) {
            Joined again;
            return join(again);
        }
        LocalSocket socket = std::move(idle_.back());
        idle_.pop_back();
        return socket;
    };
    LocalSocket socket = take();
    socket.send(request);
    Bytes answer;
    if (!socket.receive(answer))
        throw std::runtime_error(path_ + ": the server of the air is gone");
    const std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(std::move(socket));
    return answer;
}

bool RemoteAir::transmit(std::vector<Transmission> transmissions) {
    return decode_accepted(ask(encode_transmit(transmissions)));
}

std::vector<Sample> RemoteAir::receive(const Window& window) {
    return decode_samples(ask(encode_receive(window)), window.antennas.size() * window.count);
}

}  // namespace gr::aircomp::virtual_radio
