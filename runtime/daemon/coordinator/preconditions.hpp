// SPDX-License-Identifier: GPL-3.0-or-later
// What has to be true before a coordinator listens.
#pragma once

#include "config/testbed_section.hpp"
#include "daemon/testbed.hpp"

namespace aircomp::runtime::testbed {

/// Throws std::runtime_error or std::invalid_argument, naming key, expected and found, where the
/// configuration is not valid, its scheme goes over no testbed, or there is nothing to continue.
void check_options(const CoordinatorOptions& options);

/// Throws std::invalid_argument where an address can be reached from other machines, which needs
/// certificates.
void require_loopback(const TestbedConfig& testbed);

}  // namespace aircomp::runtime::testbed
