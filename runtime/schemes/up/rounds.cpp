// SPDX-License-Identifier: GPL-3.0-or-later
// Rounds, up and down.
#include "schemes/up/rounds.hpp"

#include <array>

#include "coding/exact_sum.hpp"
#include "schemes/entries.hpp"

namespace aircomp::runtime {
namespace {

float energy_of(gsl::span<const float> values) {
    return static_cast<float>(mean_square(values) * static_cast<double>(values.size()));
}

/// x - xh of one vector, before its sum.
std::vector<float> lag_of_devices(const SumRequest& request, std::size_t begin) {
    std::vector<float> lag(static_cast<std::size_t>(request.length), 0.0F);
    if (request.server_residual.empty()) return lag;
    for (std::size_t i = 0; i < lag.size(); ++i)
        lag[i] = request.server_residual[begin + i] - request.residual[begin + i];
    return lag;
}

}  // namespace

void all_reduce_by(const Rounds& rounds, RadioCell& cell, WayDown& down, const SumRequest& request,
                   SumCopies sum) {
    check_request(request, sum);
    if (rounds.codec != nullptr && rounds.settings_bytes &&
        cell.config().analog.scale == ScalePolicy::exchanged) {
        cell.charge_control(static_cast<double>(request.partials.size() * sizeof(float)) *
                            static_cast<double>(request.vectors));
    }
    AnalogCodec::Shaped shaped;
    SumRequest sent = request;
    const bool shapes = rounds.codec != nullptr && rounds.codec->shapes();
    if (shapes) {
        shaped = rounds.codec->shape(request);
        sent.partials = shaped.partials;
        sent.scales = shaped.scales;
        cell.ledger().add(limited_vectors, static_cast<double>(shaped.limited_vectors));
        cell.ledger().add(clipped_reals, static_cast<double>(shaped.clipped_reals));
    }
    const auto length = static_cast<std::size_t>(request.length);
    for (std::int64_t v = 0; v < request.vectors; ++v) {
        const bool simulated = rounds.settings_bytes.has_value();
        if (simulated && cell.enter_block()) {
            down.bring_settings(cell, *rounds.settings_bytes);
            rounds.enter_block();
        }
        const auto begin = static_cast<std::size_t>(v) * length;
        SumCopies out(sum.server.subspan(begin, length), sum.devices.subspan(begin, length));
        rounds.transmit(sent, v, out.server);
        // Devices foretell the next partials' energy from those of what the server received and of the
        // whole sum, and cannot see them in a normed sum.
        std::array<float, 2> energies = {};
        if (request.finish) energies[0] = energy_of(out.server);
        if (shapes) rounds.codec->unshape(request.site, out.server);
        if (request.finish) {
            energies[1] = energy_of(out.server);
            request.finish(v, out.server);
            out.side = energies;
            out.weights = request.norm_weights;
        }
        out.share();
        if (request.last_site && cell.config().costs == Costs::whole) continue;
        if (simulated) {
            down.bring(cell, lag_of_devices(request, begin), out);
        } else {
            down.charge_beside_radios(cell, length);
        }
    }
}

}  // namespace aircomp::runtime
