// SPDX-License-Identifier: GPL-3.0-or-later
// One board's receiver at one sampling rate: windows of what it hears, each computed from seed,
// board time and transmissions alone.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "air.hpp"
#include "links.hpp"

namespace gr::aircomp::virtual_radio {

using Transmissions = std::vector<std::shared_ptr<const Transmission>>;

/// Runs the channel emulator over each window. The emulator's time is the receiving board's, in
/// samples: noise, oscillators and clocks depend on when a window is, not on what came before.
class Receiver {
public:
    Receiver(const AirConfig& config, std::size_t board, double tick_rate_hz, Ticks period);

    /// `heard` are all transmissions of this period that reach() says matter, in order of their
    /// start. Any thread may call, one at a time gets through.
    std::vector<Sample> receive(const Window& window, const Transmissions& heard);

private:
    /// What one transmit stream of the emulator is set to.
    struct Sender {
        Antenna antenna;
        const Transmission* now = nullptr;  ///< What it sends or sent last; none: silent.
        std::int64_t ahead = 0;             ///< Samples by which its board is ahead of this one.
        double fraction = 0;                ///< Its samples lie this far behind whole ones.
    };
    /// A transmission in the emulator's time.
    struct Placed {
        std::int64_t start;  ///< Position of its first sample.
        std::size_t sender;
        const Transmission* transmission;
        double fraction;
    };

    std::vector<Placed> place(const Window& window, const Transmissions& heard) const;
    void set_receivers(const Window& window);
    void set_sender(const Window& window, std::size_t sender, const Placed& placed);
    void set_links(const Window& window, std::size_t sender, std::int64_t position);
    bool heard(const Window& window, const Sender& sender, std::size_t antenna) const;
    std::int64_t coherence_block(const Window& window, const Sender& sender,
                                 std::int64_t position) const;
    std::int64_t next_block(const Window& window, std::int64_t position) const;
    void fill(const std::vector<Placed>& placed, std::int64_t position, std::size_t count);

    const AirConfig& config_;
    const std::size_t board_;
    const double rate_hz_;
    const Ticks period_;
    std::mutex mutex_;
    std::vector<Sender> senders_;
    phy::ChannelEmulator emulator_;
    std::vector<std::vector<Sample>> input_, output_;
};

/// Air time around a window within which a transmission matters to it: before its start, after
/// its end.
struct Reach {
    Ticks before, after;
};
Reach reach(const AirConfig& config, Ticks period);

}  // namespace gr::aircomp::virtual_radio
