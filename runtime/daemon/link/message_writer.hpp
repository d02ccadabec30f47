// SPDX-License-Identifier: GPL-3.0-or-later
// Messages to FlatBuffers, for the codec alone.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <cstddef>

#include "daemon/link/messages.hpp"
#include "wire_generated.h"

namespace aircomp::runtime::control {

/// Reals that the message carries, for the first guess of its size.
std::size_t values_of(const Message& message);

/// Appends the message to what `builder` has.
flatbuffers::Offset<void> write_body(flatbuffers::FlatBufferBuilder& builder,
                                     const Message& message);

}  // namespace aircomp::runtime::control
