// SPDX-License-Identifier: GPL-3.0-or-later
// Words and sizes of what devices compute with; what libtorch can do is in libtorch/checks.cpp.
#include "aircomp/inference/compute.hpp"

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include "model/torch_part.hpp"

namespace aircomp::inference {

const char* name_of(ComputeType type) {
    switch (type) {
        case ComputeType::float32:
            return "float32";
        case ComputeType::bfloat16:
            return "bfloat16";
        case ComputeType::float16:
            return "float16";
    }
    return "";
}

double bytes_of(ComputeType type) {
    return type == ComputeType::float32 ? 4 : 2;
}

bool is_compute_device(const std::string& text) {
    if (text == "cpu") return true;
    const std::string cuda_prefix = "cuda:";
    if (text.compare(0, cuda_prefix.size(), cuda_prefix) != 0) return false;
    const std::string number = text.substr(cuda_prefix.size());
    return !number.empty() && number.size() <= 3 &&
           std::all_of(number.begin(), number.end(),
                       [](unsigned char c) { return std::isdigit(c) != 0; });
}

void require_compute(const Compute& compute) {
    if (!is_compute_device(compute.device)) {
        throw std::runtime_error("compute.device: expected cpu or cuda:N, found '" +
                                 compute.device + "'");
    }
    if (compute.backend == ComputeBackend::torch) return torch_part().require(compute);
    if (compute.device == "cpu") return;
    throw std::runtime_error("compute.device: expected cpu with the backend kernels, found " +
                             compute.device);
}

}  // namespace aircomp::inference
