// SPDX-License-Identifier: GPL-3.0-or-later
// Partials to codes, codes to their sum.
#include "coding/partial_coder.hpp"

#include <algorithm>
#include <utility>

#include "aircomp/inference/add.hpp"
#include "coding/analog_codec.hpp"
#include "coding/packed_partial.hpp"

namespace aircomp::runtime {

PartialCoder::PartialCoder(const Config& config, std::int64_t length,
                           std::vector<SiteTransform> transforms)
    : codes_(config.digital),
      length_(static_cast<std::size_t>(length)),
      rotation_(rotation_of(config, length)),
      transforms_(std::move(transforms)) {}

std::size_t PartialCoder::bytes() const {
    return packed_bytes(length_, codes_);
}

void PartialCoder::write(const SumRequest& request, std::size_t device, std::int64_t v,
                         gsl::span<std::uint8_t> codes) {
    const auto partial = request.partial(device, v);
    std::vector<float> vector(partial.begin(), partial.end());
    gsl::span<float> left;
    if (codes_.error_feedback) {
        left = feedback_.of(request, device, v);
        inference::add(left, vector);
        std::copy(vector.begin(), vector.end(), left.begin());
    }
    if (!transforms_.empty()) transforms_.at(request.site.index).apply(vector);
    if (rotation_) rotation_->apply(vector);
    pack(vector, codes_, codes);
    if (left.empty()) return;
    unpack(codes, codes_, vector);
    undo(request.site, vector);
    for (std::size_t i = 0; i < left.size(); ++i)
        left[i] -= vector[i];
}

void PartialCoder::add(gsl::span<const std::uint8_t> codes, gsl::span<double> total) const {
    std::vector<float> vector(length_);
    unpack(codes, codes_, vector);
    inference::add(vector, total);
}

void PartialCoder::finish(const Site& site, gsl::span<const double> total,
                          gsl::span<float> sum) const {
    std::transform(total.begin(), total.end(), sum.begin(),
                   [](double value) { return static_cast<float>(value); });
    undo(site, sum);
}

void PartialCoder::undo(const Site& site, gsl::span<float> vector) const {
    if (rotation_) rotation_->undo(vector);
    if (!transforms_.empty()) transforms_.at(site.index).undo(vector);
}

}  // namespace aircomp::runtime
