// SPDX-License-Identifier: GPL-3.0-or-later
// Configurations out of a few lines of YAML, and what is said of wrong ones.
#pragma once

#include <functional>
#include <string>

#include "config/config.hpp"

namespace aircomp::runtime {

/// What a file of that text is read to.
Config read(const std::string& yaml);

/// The words of the error that `action` throws; none where it throws none.
std::string message_of(const std::function<void()>& action);

/// What reading a file of that text says, without the folder that the file was in.
std::string error_of(const std::string& yaml);

/// What validation says about the default configuration after a change.
std::string error_after(const std::function<void(Config&)>& change);

/// A complete device on lines 2 to 7 after a "devices:" on line 1, one of its lines replaced.
std::string device_with(const std::string& key, const std::string& line);

}  // namespace aircomp::runtime
