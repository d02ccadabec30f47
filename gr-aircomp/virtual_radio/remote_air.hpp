// SPDX-License-Identifier: GPL-3.0-or-later
// The air of another process, which a server offers at a local socket.
#pragma once

#include <mutex>

#include "air.hpp"
#include "air_messages.hpp"

namespace gr::aircomp::virtual_radio {

class RemoteAir : public Air {
public:
    /// Joins the air at `path`. Throws std::runtime_error; other calls throw AirGone when the
    /// server is gone.
    explicit RemoteAir(std::string path);

    const AirConfig& config() const override { return joined_.config; }
    const AirClock& clock() const override { return joined_.clock; }
    /// The server knows the process by its connection.
    std::shared_ptr<Seat> claim(const std::vector<std::size_t>& boards, int process) override;
    bool transmit(std::vector<Transmission> transmissions) override;
    std::vector<Sample> receive(const Window& window) override;

private:
    class Place;

    LocalSocket join(Joined& joined) const;
    LocalSocket idle();
    Bytes exchange(const LocalSocket& socket, const Bytes& request) const;
    Bytes ask(const Bytes& request);

    const std::string path_;
    Joined joined_;
    std::mutex mutex_;
    std::vector<LocalSocket> idle_;  ///< As many as threads ever asked at once.
};

}  // namespace gr::aircomp::virtual_radio
