// SPDX-License-Identifier: GPL-3.0-or-later
// Messages from FlatBuffers, for the codec alone.
#pragma once

#include "daemon/link/messages.hpp"
#include "wire_generated.h"

namespace aircomp::runtime::control {

/// Reads what FlatBuffers has verified. Throws ProtocolError where a number is out of the range that
/// messages.hpp states, or where sizes do not agree.
Message read_body(const wire::Envelope& envelope);

}  // namespace aircomp::runtime::control
