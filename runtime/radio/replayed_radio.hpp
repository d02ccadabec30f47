// SPDX-License-Identifier: GPL-3.0-or-later
// Radios that are a recording: they receive what was received, and send nothing.
#pragma once

#include "radio/recording_file.hpp"

namespace aircomp::runtime {

/// Opens the radios of read_recording(base). Their clock stands `lead` before the server's next
/// recorded burst, so that whoever orders rounds orders them for the same times. Sessions throw
/// std::runtime_error where anything else is asked of them than was recorded. `recording` must
/// outlive them.
RadioOpener replay_opener(const std::filesystem::path& base, const Recording& recording,
                          Ticks lead);

}  // namespace aircomp::runtime
