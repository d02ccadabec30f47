// SPDX-License-Identifier: GPL-3.0-or-later
// What the operating system alone takes to carry bytes to other processes and back: the floor under
// the control link's figures.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <vector>

namespace aircomp::runtime::testbed {

/// Processes that send every so many bytes back over TCP on the loopback interface.
class EchoPeers {
public:
    /// Throws std::runtime_error where the system refuses.
    EchoPeers(int peers, std::size_t bytes);
    ~EchoPeers();
    EchoPeers(const EchoPeers&) = delete;
    EchoPeers& operator=(const EchoPeers&) = delete;

    /// Seconds until what was sent to the first `peers` of them has come back from all.
    double round_trip_s(int peers);

private:
    std::vector<std::byte> bytes_;
    std::vector<int> sockets_;
    std::vector<pid_t> processes_;
};

}  // namespace aircomp::runtime::testbed
