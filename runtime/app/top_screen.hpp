// SPDX-License-Identifier: GPL-3.0-or-later
// A run's figures as text.
#pragma once

#include <string>

namespace aircomp::app {

/// `event` is one of /live; `colours`: devices that are away and troubles stand out. Throws
/// std::runtime_error where it has no figures of a run.
std::string top_screen(const std::string& event, bool colours);

}  // namespace aircomp::app
