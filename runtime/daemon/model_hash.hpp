// SPDX-License-Identifier: GPL-3.0-or-later
// By what coordinator and devices know that they hold the same checkpoint.
#pragma once

#include <string>

#include "aircomp/inference/checkpoint.hpp"
#include "daemon/link/messages.hpp"

namespace aircomp::runtime::testbed {

/// SHA-256 over every tensor in the order of their names: name, type, shape and 16 pieces of 4 KiB
/// of its bytes, the first and the last among them, the others evenly between; all bytes of a
/// tensor of up to 64 KiB. Tells models, fine-tunings and precisions apart at the price of reading
/// a few megabytes; damage to the bytes between is for the file system to find.
control::Hash model_hash(const inference::Checkpoint& checkpoint);

/// 64 hexadecimal digits.
std::string to_hex(const control::Hash& hash);

}  // namespace aircomp::runtime::testbed
