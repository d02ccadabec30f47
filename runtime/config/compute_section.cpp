// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and checks of the section compute.
#include "config/compute_section.hpp"

#include "config/keys.hpp"

namespace aircomp::runtime {

using inference::Compute;
using inference::ComputeBackend;
using inference::ComputeType;

const Keys<Compute>& compute_keys() {
    using C = Compute;
    static const Keys<C> keys = {
        choice("backend", &C::backend,
               {{"kernels", ComputeBackend::kernels}, {"torch", ComputeBackend::torch}},
               "kernels: this program's own, which read weights where they lie in the file; torch: "
               "libtorch, with a copy of each slice as tensors."),
        text("device", &C::device,
             "Where torch computes: cpu, or an accelerator that its libtorch finds, cuda:0 and so "
             "on.",
             {"cpu or cuda:N", inference::is_compute_device}),
        choice("dtype", &C::dtype,
               {{"float32", ComputeType::float32},
                {"bfloat16", ComputeType::bfloat16},
                {"float16", ComputeType::float16}},
               "What the weights are held and multiplied in with torch, whatever they are in the "
               "file; everything else stays float32."),
    };
    return keys;
}

void check_compute(const Compute& compute, const Checker& check) {
    if (compute.backend == ComputeBackend::torch) return;
    check.require(compute.device == "cpu", "device", "cpu with the backend kernels",
                  compute.device);
    check.require(compute.dtype == ComputeType::float32, "dtype",
                  "float32 with the backend kernels", inference::name_of(compute.dtype));
}

}  // namespace aircomp::runtime
