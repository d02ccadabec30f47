// SPDX-License-Identifier: GPL-3.0-or-later
// Rounds, up and down.
#include "schemes/up/rounds.hpp"

#include "coding/exact_sum.hpp"

namespace aircomp::runtime {

void all_reduce_by(const Rounds& rounds, RadioCell& cell, WayDown& down, const SumRequest& request,
                   gsl::span<float> sum) {
    check_request(request, sum);
    if (rounds.scaled && cell.config().analog.scale == ScalePolicy::exchanged) {
        cell.charge_control(static_cast<double>(request.partials.size() * sizeof(float)) *
                            static_cast<double>(request.vectors));
    }
    const auto length = static_cast<std::size_t>(request.length);
    for (std::int64_t v = 0; v < request.vectors; ++v) {
        const bool simulated = rounds.settings_bytes.has_value();
        if (simulated && cell.enter_block(*rounds.settings_bytes)) rounds.enter_block();
        const auto out = sum.subspan(static_cast<std::size_t>(v) * length, length);
        rounds.transmit(v, out);
        if (simulated) {
            down.bring(cell, out);
        } else {
            down.charge_beside_radios(cell, length);
        }
    }
}

}  // namespace aircomp::runtime
