// SPDX-License-Identifier: GPL-3.0-or-later
// All ways down, a row each: the values of radio.downlink.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/checker.hpp"
#include "schemes/down/broadcast.hpp"
#include "schemes/down/way_down.hpp"

namespace aircomp::runtime {

/// A sum as the message of a way down that codes nothing else, for those who have no simulated cell.
struct SumMessage {
    /// Bytes of the message of a sum of `length` reals.
    std::function<std::size_t(const RadioConfig& radio, std::size_t length)> bytes;
    std::function<void(const RadioConfig& radio, gsl::span<const float> sum,
                       gsl::span<std::uint8_t> message)>
        write;
    /// What write() was given, as the codes have it.
    std::function<void(const RadioConfig& radio, gsl::span<const std::uint8_t> message,
                       gsl::span<float> sum)>
        read;
};

/// One way down. A file of down/ offers it by a function that registry.cpp lists.
struct Downlink {
    std::string name;
    std::string is;  ///< What it is, in a sentence.
    /// `broadcast` carries what goes over the air.
    std::function<std::unique_ptr<WayDown>(std::shared_ptr<Broadcast> broadcast)> make;
    int most_bits = 32;            ///< Of radio.downlink_bits.
    bool fractional_bits = false;  ///< That may be no whole number.
    /// Brings the devices what they lack of the server's stream in place of the sum. Goes with
    /// simulated cells.
    bool closes_loop = false;
    /// Codes by what a calibration file of the model says of it.
    bool needs_calibration = false;
    std::vector<LedgerEntry> entries = {};  ///< That it makes of its own in the ledger.
    bool on_air = false;                    ///< Can bring the devices' settings as well: an OnAir.
    bool wired = false;                     ///< Over the control link.
    /// Of a way on the air that brings sums as they are.
    std::optional<SumMessage> message = {};
};

/// All of them, in the order that errors show them.
const std::vector<Downlink>& downlinks();

/// Throws, by `check`, where radio.downlink is not known or does not go with the other keys.
void check_downlink(const Config& config, const Checker& check);

/// That of radio.downlink for sums of daemons, one of which has the radio `end`. Throws
/// std::runtime_error where daemons cannot bring sums down by it, or that radio cannot.
const Downlink& downlink_of_daemon(const Config& config, const RadioEndConfig& end);

/// That of radio.downlink. Throws std::invalid_argument, which lists the names that there are. Messages
/// on the air are charged at the multicast's rate where no `broadcast` carries them.
std::unique_ptr<WayDown> make_way_down(const Config& config,
                                       std::shared_ptr<Broadcast> broadcast = nullptr);

}  // namespace aircomp::runtime
