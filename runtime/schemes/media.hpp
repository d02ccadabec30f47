// SPDX-License-Identifier: GPL-3.0-or-later
// From the name of a scheme to the medium that carries it (docs/system-model.md section 6).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "coding/calibration.hpp"
#include "config/checker.hpp"
#include "config/config.hpp"
#include "schemes/medium.hpp"

namespace aircomp::runtime {

/// Names of all schemes, in the order that tables show them.
std::vector<std::string> scheme_names();

/// Whether the scheme sends analog symbols and so needs a calibration.
bool is_analog(const std::string& scheme);

/// Whether the scheme chooses the shares itself, by the long timescale: mmse+sca, sdr+sca.
bool assigns_shares(const std::string& scheme);

/// The transceiver design of a scheme over the air; empty for others.
std::string design_of(const std::string& scheme);

/// Throws, by `check`, where config.scheme is not known or where it needs what the configuration
/// does not have. For read_config() and validate().
void check_scheme(const Config& config, const Checker& check);

/// `config.scheme` over vectors of `length` reals. `power_w[n]` is what device n may transmit with,
/// 0 where it holds nothing of the model. `calibration` is used by analog schemes alone. Throws
/// std::invalid_argument for a scheme of another name.
std::unique_ptr<Medium> make_medium(const Config& config, std::int64_t length,
                                    const std::vector<double>& power_w,
                                    const Calibration& calibration);

}  // namespace aircomp::runtime
