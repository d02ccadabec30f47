// SPDX-License-Identifier: GPL-3.0-or-later
// By what two processes, or a model and what was made of it, know that they mean the same checkpoint.
#pragma once

#include "aircomp/inference/checkpoint.hpp"
#include "files/sha256.hpp"

namespace aircomp::runtime {

using ModelHash = Sha256Digest;

/// SHA-256 over every tensor in the order of their names: name, type, shape and 16 pieces of 4 KiB
/// of its bytes, the first and the last among them, the others evenly between; all bytes of a
/// tensor of up to 64 KiB. Tells models, fine-tunings and precisions apart at the price of reading
/// a few megabytes; damage to the bytes between is for the file system to find.
ModelHash model_hash(const inference::Checkpoint& checkpoint);

}  // namespace aircomp::runtime
