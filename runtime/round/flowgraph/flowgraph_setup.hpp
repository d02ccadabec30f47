// SPDX-License-Identifier: GPL-3.0-or-later
// What a flowgraph is told before it runs: the values that its Radio Setup has by name.
#pragma once

#include <pmt/pmt.h>

#include <optional>

#include "config/config.hpp"
#include "gnuradio/aircomp/phy/preprocessor.hpp"
#include "radio/radio_session.hpp"

namespace aircomp::runtime {

namespace phy = gr::aircomp::phy;

/// Of a device's radio or, without one, the server's; no burst may be louder than `max_mean_dbfs`.
/// Throws std::runtime_error where the sample rate is not a whole number of Hz.
pmt::pmt_t flowgraph_setup(const Config& config, const phy::BurstFormat& format,
                           const phy::Payload& payload, std::optional<std::size_t> device,
                           const RadioOptions& options, double max_mean_dbfs);

}  // namespace aircomp::runtime
