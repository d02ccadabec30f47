// SPDX-License-Identifier: GPL-3.0-or-later
// A medium that looks at what passes through it.
#include "experiment/outliers.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "coding/analog_codec.hpp"
#include "coding/exact_sum.hpp"

namespace aircomp::runtime {
namespace {

/// Sums over vectors.
struct Moments {
    double vectors = 0, power = 0, peak = 0, largest_peak = 0, kurtosis = 0;

    void add(gsl::span<const float> x) {
        double square = 0, fourth = 0, most = 0;
        for (const float value : x) {
            const double s = static_cast<double>(value) * value;
            square += s;
            fourth += s * s;
            most = std::max(most, s);
        }
        if (square == 0) return;  // a device that holds nothing of the site
        const auto count = static_cast<double>(x.size());
        const double mean = square / count;
        const double crest = std::sqrt(most / mean);
        ++vectors;
        power += mean;
        peak += crest;
        largest_peak = std::max(largest_peak, crest);
        kurtosis += fourth / count / (mean * mean);
    }
};

}  // namespace

struct OutlierMedium::Observations {
    std::optional<phy::Rotation> rotation;
    Moments first_token, later_tokens;
    std::vector<float> vector;
};

OutlierMedium::OutlierMedium(const Config& config, std::int64_t length, Site site)
    : site_(site), observations_(std::make_unique<Observations>()) {
    observations_->rotation = rotation_of(config, length);
    observations_->vector.resize(static_cast<std::size_t>(length));
}

OutlierMedium::~OutlierMedium() = default;

void OutlierMedium::all_reduce(const SumRequest& request, SumCopies sum) {
    check_request(request, sum);
    exact_sum(request, sum.server);
    sum.share();
    if (request.site.index != site_.index) return;
    auto& [rotation, first_token, later_tokens, vector] = *observations_;
    for (std::int64_t v = 0; v < request.vectors; ++v) {
        for (std::size_t n = 0; n < request.partials.size(); ++n) {
            const auto partial = request.partial(n, v);
            std::copy(partial.begin(), partial.end(), vector.begin());
            if (rotation) rotation->apply(vector);
            (request.position_of(v) == 0 ? first_token : later_tokens).add(vector);
        }
    }
}

Outliers OutlierMedium::outliers() const {
    const Moments& first = observations_->first_token;
    const Moments& later = observations_->later_tokens;
    if (first.vectors == 0 || later.vectors == 0)
        throw std::logic_error("outliers need a sequence of at least two tokens");
    return {later.peak / later.vectors, later.largest_peak, later.kurtosis / later.vectors,
            first.peak / first.vectors,
            first.power / first.vectors / (later.power / later.vectors)};
}

}  // namespace aircomp::runtime
