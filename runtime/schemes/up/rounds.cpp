// SPDX-License-Identifier: GPL-3.0-or-later
// Rounds, up and down.
#include "schemes/up/rounds.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <gsl/util>

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

StreamPlace place_of(const SumRequest& request, std::int64_t v) {
    const auto length = static_cast<std::size_t>(request.length);
    const auto own = [&](gsl::span<const float> all) {
        return all.empty() ? all : all.subspan(static_cast<std::size_t>(v) * length, length);
    };
    StreamPlace place;
    place.site = request.site;
    place.vector = v;
    place.devices = own(request.residual);
    place.server = request.server_residual.empty() ? place.devices : own(request.server_residual);
    // Normed sums have it in them.
    if (!request.finish) place.foretold = own(request.foretold);
    if (request.updates != nullptr) {
        place.code = &request.updates->at(request.site.index);
        place.sites = request.updates->size();
    }
    place.put_right = [&request, v](gsl::span<const float> copy) { request.put_right(v, copy); };
    return place;
}

/// What comes before and after a round of one vector.
class VectorRound {
public:
    VectorRound(const Rounds& rounds, const SumRequest& request, std::int64_t v, SumCopies all)
        : rounds_(rounds),
          request_(request),
          v_(v),
          begin_(static_cast<std::size_t>(v * request.length)),
          out_(part(all.server), part(all.devices)) {}

    /// `sent`: the request, its partials as they are sent.
    void go_up(const SumRequest& sent) {
        rounds_.transmit(sent, v_, out_.server);
        // Devices foretell the next partials' energy from those of what the server received and of the
        // whole sum, and cannot see them in a normed sum.
        if (request_.finish) energies_[0] = energy_of(out_.server);
        if (rounds_.shapes()) rounds_.codec->unshape(request_.site, out_.server);
        if (request_.finish) {
            energies_[1] = energy_of(out_.server);
            request_.finish(v_, out_.server);
            out_.side = energies_;
            out_.weights = request_.norm_weights;
        }
        out_.share();
    }

    void come_down(RadioCell& cell, WayDown& down) {
        StreamPlace place = place_of(request_, v_);
        if (rounds_.expected_loss_nats)
            place.uplink_loss_nats = rounds_.expected_loss_nats(request_.site.kind);
        out_.place = &place;
        down.bring(cell, lag_of_devices(request_, begin_), out_);
    }

private:
    gsl::span<float> part(gsl::span<float> all) const {
        return all.subspan(begin_, static_cast<std::size_t>(request_.length));
    }

    const Rounds& rounds_;
    const SumRequest& request_;
    std::int64_t v_;
    std::size_t begin_;
    std::array<float, 2> energies_ = {};
    SumCopies out_;
};

/// Vectors from `first` on up to `last`: all up in one burst, then all down in one.
void share_frames(const Rounds& rounds, RadioCell& cell, WayDown& down, const SumRequest& request,
                  const SumRequest& sent, std::int64_t first, std::int64_t last, SumCopies sum) {
    const auto together = gsl::finally([&] { cell.share_frame(false); });
    std::deque<VectorRound> group;  // keeps addresses, which spans hold
    for (std::int64_t v = first; v < last; ++v) {
        cell.share_frame(v > first);
        group.emplace_back(rounds, request, v, sum).go_up(sent);
    }
    if (request.last_site && cell.config().costs == Costs::whole) return;
    for (VectorRound& round : group) {
        cell.share_frame(&round != &group.front());
        round.come_down(cell, down);
    }
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
    if (rounds.shapes()) {
        shaped = rounds.codec->shape(request);
        sent.partials = shaped.partials;
        sent.scales = shaped.scales;
        cell.ledger().add(limited_vectors, static_cast<double>(shaped.limited_vectors));
        cell.ledger().add(clipped_reals, static_cast<double>(shaped.clipped_reals));
    }
    const std::int64_t most = request.together ? cell.config().frame.max_vectors : 1;
    for (std::int64_t v = 0; v < request.vectors; v += most) {
        if (rounds.settings_bytes && cell.enter_block()) {
            down.bring_settings(cell, *rounds.settings_bytes);
            rounds.enter_block();
        }
        share_frames(rounds, cell, down, request, sent, v, std::min(v + most, request.vectors),
                     sum);
    }
}

}  // namespace aircomp::runtime
