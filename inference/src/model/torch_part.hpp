// SPDX-License-Identifier: GPL-3.0-or-later
// What is computed by libtorch: the torch backend, and the fits of calibrations. It is a shared object of
// its own, loaded when it is first needed: libtorch takes a second to load, and most commands never use it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "aircomp/inference/compute.hpp"
#include "model/fit_moments.hpp"
#include "model/torch_slice.hpp"

namespace aircomp::inference {

class TorchPart {
public:
    virtual ~TorchPart() = default;

    /// Of libtorch.
    virtual std::string version() const = 0;

    /// As require_compute(), of a device of torch.
    virtual void require(const Compute& compute) const = 0;

    /// Without a layer yet, for what require() lets pass. What `context` refers to must outlive it.
    virtual std::unique_ptr<TorchSlice> make_slice(const Compute& compute,
                                                   const TorchContext& context) const = 0;

    virtual std::unique_ptr<PredictionMoments> prediction_moments(std::int64_t hidden_size,
                                                                  std::int64_t width) const = 0;
    virtual std::unique_ptr<CovarianceMoments> covariance_moments(std::int64_t hidden_size,
                                                                  std::int64_t width,
                                                                  std::int64_t pieces) const = 0;
    virtual std::unique_ptr<UpdateMoments> update_moments(std::int64_t hidden_size,
                                                          std::int64_t rank) const = 0;
};

/// Name of the file, which lies where the run path of the program says, and of the function in it that
/// returns the part, a `const TorchPart*`.
constexpr const char* torch_part_file = "libaircomp_torch.so";
constexpr const char* torch_part_function = "aircomp_torch_part_1";

/// Loads it the first time. Throws std::runtime_error, saying why, where it cannot be loaded.
const TorchPart& torch_part();

}  // namespace aircomp::inference
