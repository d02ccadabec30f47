// SPDX-License-Identifier: GPL-3.0-or-later
#include "compute_options.hpp"

#include <string>
#include <utility>
#include <vector>

#include "config/checker.hpp"
#include "config/compute_section.hpp"
#include "validators.hpp"

namespace aircomp::app {

void add_compute(CLI::App& command, inference::Compute& compute) {
    using inference::ComputeBackend;
    using inference::ComputeType;
    const std::vector<std::pair<std::string, ComputeBackend>> backends = {
        {"kernels", ComputeBackend::kernels}, {"torch", ComputeBackend::torch}};
    std::vector<std::pair<std::string, ComputeType>> types;
    for (const ComputeType type :
         {ComputeType::float32, ComputeType::bfloat16, ComputeType::float16})
        types.emplace_back(inference::name_of(type), type);
    command
        .add_option("--backend", compute.backend,
                    "What the slice is computed with: kernels of this program, or libtorch with a "
                    "copy of the slice as tensors")
        ->transform(meaning(backends))
        ->default_str("kernels");
    command.add_option("--compute-device", compute.device, "Where torch computes: cpu or cuda:N")
        ->capture_default_str();
    command.add_option("--dtype", compute.dtype, "What torch holds and multiplies the weights in")
        ->transform(meaning(types))
        ->default_str("float32");
}

void check_compute_options(const inference::Compute& compute) {
    const runtime::Checker check([](const std::string& key) {
        return key == "device" ? std::string("--compute-device") : "--" + key;
    });
    check.require(inference::is_compute_device(compute.device), "device", "cpu or cuda:N",
                  "'" + compute.device + "'");
    runtime::check_compute(compute, check);
}

}  // namespace aircomp::app
