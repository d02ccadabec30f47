// SPDX-License-Identifier: GPL-3.0-or-later
// What carrying sums has cost: every medium charges it, every result reports it. What all media
// have is typed; what only some have stands under a name of its own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace aircomp::runtime {

/// A kind of entry that not every medium makes.
struct LedgerEntry {
    std::string key;         ///< As results show it, its unit at the end.
    std::string unit;        ///< Empty: a count or a ratio.
    std::string is;          ///< What it counts, in a sentence.
    bool per_token = false;  ///< The cost of a token shows its mean.
};

/// What carrying the sums has cost so far, in simulated time and in radio resources.
class Ledger {
public:
    explicit Ledger(std::size_t devices = 0)
        : transmit_energy_j(devices, 0), standby_energy_j(devices, 0) {}

    double uplink_s = 0;
    double downlink_s = 0;
    double sounding_s = 0;
    double control_s = 0;
    double frame_s = 0;            ///< Headers and turnarounds, equation (17).
    std::int64_t all_reduces = 0;  ///< Vectors summed.
    std::int64_t uplink_channel_uses = 0;
    std::int64_t sounding_channel_uses = 0;
    std::int64_t coherence_blocks = 0;      ///< For which the channel was sounded.
    std::vector<double> transmit_energy_j;  ///< Per device, data and sounding.
    std::vector<double> standby_energy_j;   ///< Per device: its radio receives or is idle.
    double relay_energy_j = 0;              ///< Transmitted by all relays, data and sounding.
    double server_energy_j = 0;             ///< The server's radio sends, receives or is idle.

    double total_s() const { return uplink_s + downlink_s + sounding_s + control_s + frame_s; }

    /// Adds to an entry of a medium's own.
    void add(const LedgerEntry& entry, double amount);
    /// What was added to it; 0 where nothing was.
    double of(const LedgerEntry& entry) const;
    /// All that something was added to, by key.
    const std::map<std::string, double>& own() const { return own_; }

private:
    std::map<std::string, double> own_;
};

}  // namespace aircomp::runtime
