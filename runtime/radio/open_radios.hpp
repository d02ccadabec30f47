// SPDX-License-Identifier: GPL-3.0-or-later
// From the configuration's section `radios` to guarded sessions, ready to be aligned and tuned.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "radio/guarded_session.hpp"

namespace aircomp::runtime {

/// What the radio of a device is opened with, or, without one, the server's.
RadioOptions radio_options(const Config& config, std::optional<std::size_t> device);

/// What that radio's full scale is at its connector, dBm, where it is calibrated. Throws
/// std::runtime_error as PowerCalibration does.
std::optional<double> full_scale_dbm(const Config& config, std::optional<std::size_t> device);

/// The radio of a device, or, without one, the server's, within the configuration's limits. Throws
/// std::runtime_error where a limit would be broken, before the radio is touched, or as
/// open_radio() does.
std::unique_ptr<GuardedSession> open_guarded_radio(const Config& config,
                                                   std::optional<std::size_t> device,
                                                   const RadioOpener& open = open_radio);

/// One time for all radios, and their carriers: align_clocks() and a timed tune of all at once.
/// `lead_s` is radios.lead_s. Returns a time shortly after, from which rounds can begin.
Ticks bring_up(gsl::span<TimedRadio* const> radios, double lead_s);

/// Opens one radio of the configuration, a device's or, without one, the server's, and closes it.
/// Returns what it was opened with. Throws as open_radio() does.
RadioOptions try_radio(const Config& config, std::optional<std::size_t> device);

}  // namespace aircomp::runtime
