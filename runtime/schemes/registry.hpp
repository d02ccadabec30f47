// SPDX-License-Identifier: GPL-3.0-or-later
// All schemes, a row each (docs/system-model.md section 6). Whoever wants to know what a scheme needs or does
// asks its row; nobody compares names.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "aircomp/inference/decoder.hpp"
#include "coding/calibration.hpp"
#include "config/checker.hpp"
#include "config/config.hpp"
#include "schemes/medium.hpp"

namespace aircomp::runtime {

/// The scheme that a plan of the model chooses; whoever runs a model puts the one that it chose in its
/// place.
inline const std::string automatic_scheme = "auto";

/// What a scheme's medium is made of.
struct MediumSetup {
    const Config& config;
    std::int64_t length;  ///< Reals of a vector.
    /// What each device may transmit with; 0 where it holds nothing of the model.
    const std::vector<double>& power_w;
    const Calibration& calibration;  ///< Of analog schemes; others leave it alone.
};

/// One scheme. A file of up/ offers its rows by a function that registry.cpp lists.
struct Scheme {
    std::string name;
    std::string is;               ///< What it is, in a sentence.
    bool analog = false;          ///< Sends analog symbols, whose scales come from a calibration.
    bool assigns_shares = false;  ///< Chooses the shares itself, by the long timescale.
    /// Transceiver design of a scheme that sums over the air, which also runs sample by sample and
    /// over radios; empty for others.
    std::string design;
    /// Precoders are the best ones for the combiner, so that each device can find its own.
    bool answers_combiner = false;
    /// The design's objective has kinks, so that a search for shares never meets its tolerance.
    bool kinked_objective = false;
    bool uses_relays = false;
    bool exact = false;       ///< Sums are what they should be, rounded once.
    bool one_device = false;  ///< The whole model on one device: what the split is compared with.
    bool quantises = false;   ///< What travels are codes of digital.bits bits.
    /// Of schemes whose server holds the last projection of every site: what the coding does to the
    /// inputs of a device's. Empty for others.
    std::function<inference::InputCoder(const Config& config)> input_coder;
    /// Also goes over wires: MPI, and the control link where nothing is quantised.
    bool wired = false;
    /// Of analog schemes: a vector's time on the air is in proportion to the devices that take part.
    bool time_grows_with_devices = false;
    std::vector<LedgerEntry> entries;  ///< That its medium makes of its own in the ledger.
    bool planned = false;              ///< Among those that a plan tries.
    bool compared = false;  ///< Among those that a comparison shows unless it is told otherwise.
    std::function<std::unique_ptr<Medium>(const MediumSetup&)> make;
};

/// All of them, in the order that tables show them.
const std::vector<Scheme>& schemes();

/// Throws std::invalid_argument, which lists the names that there are.
const Scheme& find_scheme(const std::string& name);

/// What the cost of a token shows of the schemes' own entries, each once: the same for all schemes,
/// so that they stand in one table.
std::vector<LedgerEntry> entries_per_token();

/// The model on one device.
const Scheme& unsplit_scheme();

/// The scheme of wires: float32 partials, or codes where it `quantises`.
const Scheme& wired_scheme(bool quantises = false);

/// Throws, by `check`, where config.scheme or radio.downlink is not known, or where the scheme
/// needs what the configuration does not have or bears not what it has. For read_config() and
/// validate().
void check_scheme(const Config& config, const Checker& check);

/// `config.scheme` over vectors of `length` reals; the arguments are those of MediumSetup. Throws
/// std::invalid_argument for a scheme of another name.
std::unique_ptr<Medium> make_medium(const Config& config, std::int64_t length,
                                    const std::vector<double>& power_w,
                                    const Calibration& calibration);

}  // namespace aircomp::runtime
