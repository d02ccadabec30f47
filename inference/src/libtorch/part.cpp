// SPDX-License-Identifier: GPL-3.0-or-later
// The shared object's one door.
#include "libtorch/checks.hpp"
#include "libtorch/moments.hpp"
#include "libtorch/tensor_slice.hpp"
#include "model/torch_part.hpp"

namespace aircomp::inference {
namespace {

class Part final : public TorchPart {
public:
    std::string version() const override { return version_of_torch(); }

    void require(const Compute& compute) const override { check_torch(compute); }

    std::unique_ptr<TorchSlice> make_slice(const Compute& compute,
                                           const TorchContext& context) const override {
        return std::make_unique<TensorSlice>(compute, context);
    }

    std::unique_ptr<PredictionMoments> prediction_moments(std::int64_t hidden_size,
                                                          std::int64_t width) const override {
        return make_prediction_moments(hidden_size, width);
    }

    std::unique_ptr<CovarianceMoments> covariance_moments(std::int64_t hidden_size,
                                                          std::int64_t width,
                                                          std::int64_t pieces) const override {
        return make_covariance_moments(hidden_size, width, pieces);
    }

    std::unique_ptr<UpdateMoments> update_moments(std::int64_t hidden_size,
                                                  std::int64_t rank) const override {
        return make_update_moments(hidden_size, rank);
    }
};

}  // namespace
}  // namespace aircomp::inference

/// torch_part_function, as torch_part.hpp has it.
extern "C" __attribute__((visibility("default"))) const aircomp::inference::TorchPart*
aircomp_torch_part_1() {
    static const aircomp::inference::Part part;
    return &part;
}
