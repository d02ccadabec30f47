// SPDX-License-Identifier: GPL-3.0-or-later
// What an all-reduce is asked for: the devices' partials of one site.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <gsl/span>
#include <vector>

#include "coding/energy_forecast.hpp"
#include "coding/site.hpp"
#include "coding/update_code.hpp"

namespace aircomp::runtime {

/// The partials of one site for one or several tokens, a vector each.
struct SumRequest {
    Site site;
    std::int64_t position = 0;  ///< Of the first token in its sequence.
    std::int64_t vectors = 1;
    std::int64_t length = 0;  ///< D, reals of one vector.
    /// One per device, row-major [vectors, length].
    gsl::span<const std::vector<float>> partials;
    /// The residual stream before the sum, the same on every device, [vectors, length].
    gsl::span<const float> residual;
    /// The server's copy of it, where that may differ; empty: the devices'.
    gsl::span<const float> server_residual = {};
    /// What the energy of each vector is foretold from, [vectors]; empty: nothing.
    gsl::span<const EnergyFeatures> features = {};
    /// What the devices divide each vector by, [vectors], where it has been chosen; otherwise empty.
    gsl::span<const double> scales = {};
    /// Reals that each device's last projection is applied to, where devices send these.
    gsl::span<const std::int64_t> input_widths = {};
    /// For ways down that close a loop, in models that norm sums: makes of the server's sum of vector
    /// `v` what its stream gets. Empty in others.
    std::function<void(std::int64_t v, gsl::span<float> sum)> finish = {};
    /// How large an error each coordinate of such a sum bears beside the others, [length].
    gsl::span<const float> norm_weights = {};
    bool last_site = false;  ///< No device computes from the sum.
    /// The vectors go through the model at once and may share frames. Otherwise they stand for tokens
    /// that are decoded one after the other.
    bool together = false;
    /// Of each vector's token in its sequence, [vectors], where they are of several; empty: the tokens
    /// follow each other.
    gsl::span<const std::int64_t> positions = {};
    /// Of the model's calibration, by Site::index; null where it has none.
    const UpdateCodes* updates = nullptr;
    /// What everybody adds to both copies besides the sum, [vectors, length]; empty: nothing.
    gsl::span<const float> foretold = {};
    /// For ways down that find another copy of the stream at the devices than the server takes for it:
    /// gives them the server's for vector `v`, [length], before the sum is added.
    std::function<void(std::int64_t v, gsl::span<const float> copy)> put_right = {};

    /// Of the token of vector `v`.
    std::int64_t position_of(std::int64_t v) const {
        return positions.empty() ? position + v : positions[static_cast<std::size_t>(v)];
    }

    /// Vector `v` of `device`.
    gsl::span<const float> partial(std::size_t device, std::int64_t v) const {
        return gsl::span<const float>(partials[device])
            .subspan(static_cast<std::size_t>(v * length), static_cast<std::size_t>(length));
    }
};

/// One vector's place in the model, and the two copies of the stream before its sum.
struct StreamPlace {
    Site site;
    std::int64_t vector = 0;                 ///< Among those that go through the model at once.
    gsl::span<const float> server, devices;  ///< [length]
    gsl::span<const float> foretold;         ///< See SumRequest.
    const UpdateCode* code = nullptr;        ///< Of the site; null where there is none.
    std::size_t sites = 0;                   ///< That have one.
    /// What the way up is expected to cost a token in this coherence block; 0 where nobody knows.
    double uplink_loss_nats = 0;
    std::function<void(gsl::span<const float> copy)> put_right;
};

/// Where a sum goes, [vectors, length]: as the server and as every device end up knowing it. They
/// differ where a way down loses something and the server remembers what.
struct SumCopies {
    SumCopies(gsl::span<float> for_server, gsl::span<float> for_devices)
        : server(for_server), devices(for_devices) {}
    /// One place for both, which ends up with what the devices know.
    SumCopies(gsl::span<float> both) : SumCopies(both, both) {}
    SumCopies(std::vector<float>& both) : SumCopies(gsl::span<float>(both)) {}

    /// What the server has becomes what the devices have.
    void share() const {
        if (devices.data() != server.data())
            std::copy(server.begin(), server.end(), devices.begin());
    }

    gsl::span<float> server, devices;
    gsl::span<const float> side = {};  ///< What goes down with the vector besides.
    /// How large an error each coordinate bears beside the others, [length]; empty: all alike.
    gsl::span<const float> weights = {};
    const StreamPlace* place = nullptr;  ///< For ways down, of one vector.
};

}  // namespace aircomp::runtime
