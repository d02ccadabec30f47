// SPDX-License-Identifier: GPL-3.0-or-later
// Which program this is.
#pragma once

namespace aircomp::app {

/// The release and a hash of the sources, as 0.1.0+8c1f0a52d3b7: programs that could measure
/// differently have different versions.
const char* version();

}  // namespace aircomp::app
