// SPDX-License-Identifier: GPL-3.0-or-later
// Messages to bytes and back. Behind it alone is FlatBuffers known.
#pragma once

#include <cstddef>
#include <gsl/span>
#include <memory>
#include <vector>

#include "daemon/link/messages.hpp"

namespace aircomp::runtime::control {

/// Bytes of the length that every frame begins with: little-endian, of what follows it.
constexpr std::size_t length_bytes = 4;

/// Longest frame, length included, of a message that carries no vectors.
constexpr std::size_t most_plain_bytes = 64 * 1024;

/// Longest first frame of a device.
constexpr std::size_t most_hello_bytes = 4 * 1024;

/// Vectors that a round may have at most, whatever the configuration says.
constexpr std::int64_t most_vectors_of_a_round = 1024;

/// Longest frame that carries `values` reals.
constexpr std::size_t frame_bytes(std::size_t values) {
    return 1024 + values * sizeof(float);
}

/// One message with its length, shared among the links that it goes over.
using Frame = std::shared_ptr<const std::vector<std::byte>>;

Frame encode(const Message& message);

/// Checks a whole frame, which begins at an address aligned to 8 bytes, and reads it: the
/// structure before anything is followed, then that numbers are finite and in the ranges that
/// messages.hpp states, and that sizes agree. Allocates no more than the frame's own strings.
/// Throws ProtocolError.
Message decode(gsl::span<const std::byte> frame);

}  // namespace aircomp::runtime::control
