// SPDX-License-Identifier: GPL-3.0-or-later
// Figures of a run as another process reads them: the other end of /live.
#pragma once

#include <functional>
#include <string>

#include "daemon/link/net.hpp"

namespace aircomp::runtime::serve {

/// Hands the data of every event to `take` until that returns false or the server ends. `token`
/// empty: none is sent. Throws std::runtime_error that names the address: where it cannot be
/// reached, or what the server says in place of figures.
void read_live(const control::Address& address, const std::string& token,
               const std::function<bool(const std::string& event)>& take);

}  // namespace aircomp::runtime::serve
