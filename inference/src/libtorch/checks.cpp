// SPDX-License-Identifier: GPL-3.0-or-later
// What libtorch can compute with on this machine.
#include "libtorch/checks.hpp"

#include <ATen/ATen.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <stdexcept>
#include <string>

#include "libtorch/types.hpp"

namespace aircomp::inference {
namespace {

/// Accelerators that this libtorch can use. What computes on them is a library of its own, which
/// only those who want it need to load.
int cuda_devices() {
    static void* const library = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
    if (library == nullptr) return 0;
    if (!c10::impl::hasDeviceGuardImpl(c10::DeviceType::CUDA)) return 0;
    return c10::impl::getDeviceGuardImpl(c10::DeviceType::CUDA)->deviceCount();
}

/// Whether ones times ones are right, as torch_project() multiplies. A sum that is kept in bfloat16
/// stands still at 256, one in float16 at 2048. How a sum is kept depends on sizes, too.
bool multiplies_right(const at::TensorOptions& options, std::int64_t tokens, std::int64_t columns) {
    constexpr std::int64_t terms = 4096;
    try {
        const at::Tensor product =
            at::linear(at::ones({tokens, terms}, options), at::ones({columns, terms}, options));
        return product.to(at::kFloat).eq(static_cast<float>(terms)).all().item<bool>();
    } catch (const c10::Error&) {  // no such product on this device
        return false;
    }
}

}  // namespace

std::string version_of_torch() {
    return TORCH_VERSION;
}

void check_torch(const Compute& compute) {
    const bool on_cpu = compute.device == "cpu";
    const int devices = on_cpu ? 0 : cuda_devices();
    if (!on_cpu && std::stoi(compute.device.substr(compute.device.find(':') + 1)) >= devices) {
        const std::string there =
            devices == 0 ? "cpu, for libtorch " + version_of_torch() + " finds no CUDA device here"
                         : "cpu or cuda:0 to cuda:" + std::to_string(devices - 1);
        throw std::runtime_error("compute.device: expected " + there + ", found " + compute.device);
    }
    const auto options = torch_options(compute);
    const auto is_right = [&](std::int64_t tokens) {
        return multiplies_right(options, tokens, 1) && multiplies_right(options, tokens, 32);
    };
    if (is_right(1) && is_right(16)) return;
    throw std::runtime_error("compute.dtype: expected float32, for the products of libtorch " +
                             version_of_torch() + " in " + name_of(compute.dtype) + " on " +
                             compute.device + " are wrong or missing, found " +
                             name_of(compute.dtype));
}

}  // namespace aircomp::inference
