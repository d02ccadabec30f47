// SPDX-License-Identifier: GPL-3.0-or-later
// One residual over all sites of a token.
#include "coding/error_feedback.hpp"

namespace aircomp::runtime {

bool ErrorFeedback::goes_on(const Place& from, const Place& to) {
    const bool same = to.site == from.site || to.site == from.site + 1;
    return same && to.position == from.position && to.vectors == from.vectors &&
           to.length == from.length && to.devices == from.devices;
}

gsl::span<float> ErrorFeedback::of(const SumRequest& request, std::size_t device, std::int64_t v) {
    const Place now = {request.site.index, request.position, request.vectors, request.length,
                       request.partials.size()};
    const bool begins = now.site == 0 && (place_.site != 0 || (device == 0 && v == 0));
    if (begins || !goes_on(place_, now)) {
        left_.assign(now.devices * static_cast<std::size_t>(now.vectors * now.length), 0.0F);
    }
    place_ = now;
    const auto length = static_cast<std::size_t>(now.length);
    const std::size_t vector =
        device * static_cast<std::size_t>(now.vectors) + static_cast<std::size_t>(v);
    return gsl::span<float>(left_).subspan(vector * length, length);
}

}  // namespace aircomp::runtime
