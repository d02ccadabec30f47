// SPDX-License-Identifier: GPL-3.0-or-later
// What a device computes its partials with: kernels of our own, or libtorch.
#pragma once

#include <string>

namespace aircomp::inference {

/// `kernels` read weights where they lie in the file. `torch` copies the slice into tensors of one
/// type, on a processor or on an accelerator, and computes a whole half-step there.
enum class ComputeBackend { kernels, torch };

/// What tensors of the weights hold, and what they are multiplied in; sums, norms, scores and the KV
/// cache are float32 whatever stands here.
enum class ComputeType { float32, bfloat16, float16 };

struct Compute {
    ComputeBackend backend = ComputeBackend::kernels;
    std::string device = "cpu";                ///< cpu or cuda:N; kernels have cpu alone.
    ComputeType dtype = ComputeType::float32;  ///< Of torch alone.
};

/// "float32", "bfloat16" or "float16", as configurations have it.
const char* name_of(ComputeType type);

/// Bytes of a weight in a tensor of that type.
double bytes_of(ComputeType type);

/// Whether the text is cpu or cuda:N, N a number of at most three digits.
bool is_compute_device(const std::string& text);

/// Throws std::runtime_error, naming the key (compute.device or compute.dtype), what was expected and
/// found, where the libtorch of this program has no such device, or where its products in that type
/// are missing or wrong on it, as they are where a sum is kept in as few bits as its terms.
void require_compute(const Compute& compute);

/// The release of libtorch that this program runs with, such as "1.13.1".
std::string torch_version();

}  // namespace aircomp::inference
