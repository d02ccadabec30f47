// SPDX-License-Identifier: GPL-3.0-or-later
// Rounds of analog media.
#include "schemes/up/analog_rounds.hpp"

#include "coding/exact_sum.hpp"

namespace aircomp::runtime {

void all_reduce_by(const AnalogRounds& rounds, RadioCell& cell, const SumRequest& request,
                   gsl::span<float> sum) {
    check_request(request, sum);
    if (cell.config().analog.scale == ScalePolicy::exchanged) {
        cell.charge_control(static_cast<double>(request.partials.size() * sizeof(float)) *
                            static_cast<double>(request.vectors));
    }
    const auto length = static_cast<std::size_t>(request.length);
    for (std::int64_t v = 0; v < request.vectors; ++v) {
        if (cell.enter_block(rounds.settings_bytes)) rounds.enter_block();
        const auto out = sum.subspan(static_cast<std::size_t>(v) * length, length);
        rounds.transmit(v, out);
        cell.downlink(out);
    }
}

}  // namespace aircomp::runtime
