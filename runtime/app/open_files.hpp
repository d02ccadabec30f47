// SPDX-License-Identifier: GPL-3.0-or-later
// How many files and sockets this process may have open.
#pragma once

namespace aircomp::app {

/// As many as the system lets it: a server of many clients needs more than the usual 1,024.
void allow_many_files();

}  // namespace aircomp::app
