// SPDX-License-Identifier: GPL-3.0-or-later
// The burst format that a configuration describes.
#pragma once

#include "config/config.hpp"
#include "gnuradio/aircomp/phy/burst_format.hpp"
#include "gnuradio/aircomp/phy/preprocessor.hpp"

namespace aircomp::runtime {

namespace phy = gr::aircomp::phy;

/// Not validated. The sounding symbols are as many as make the estimates' error variance that of
/// radio.pilots_per_antenna pilots: a symbol has one on each subcarrier, and a channel within the
/// prefix as many unknowns as that has samples.
phy::BurstFormat burst_format(const Config& config);

/// How long a burst takes after its preamble, s.
double payload_s(const Config& config, const phy::BurstFormat& format, const phy::Payload& payload);

}  // namespace aircomp::runtime
