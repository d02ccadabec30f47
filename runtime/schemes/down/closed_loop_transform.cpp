// SPDX-License-Identifier: GPL-3.0-or-later
// Way down `closed-loop-transform`, equation (14b): what the devices' copy of the residual stream lacks of
// the server's, in the bases of the model's calibration, entropy-coded. The server keeps a replica of the
// devices' copy. Its checksum is in every message; where a device finds another, the server sends the
// replica.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <stdexcept>
#include <vector>

#include "aircomp/inference/add.hpp"
#include "coding/update_code.hpp"
#include "schemes/down/on_air.hpp"
#include "schemes/down/registry.hpp"
#include "schemes/entries.hpp"

namespace aircomp::runtime {
namespace {

/// Of what the way up loses, at least, the way down may lose: finer steps would carry noise.
constexpr double part_of_uplink = 0.125;

/// How often that is twice the loss that is configured.
std::uint8_t coarser_by(double uplink_loss_nats, double downlink_loss_nats) {
    constexpr int most = 16;
    const double ratio = part_of_uplink * uplink_loss_nats / downlink_loss_nats;
    return static_cast<std::uint8_t>(ratio < 2 ? 0 : std::min(most, std::ilogb(ratio)));
}

class ClosedLoopTransform final : public OnAir {
public:
    using OnAir::OnAir;

    void bring(RadioCell& cell, gsl::span<const float>, SumCopies sum) override {
        if (sum.place == nullptr || sum.place->code == nullptr) {
            throw std::invalid_argument(
                "radio.downlink: closed-loop-transform needs a calibration of the model");
        }
        const StreamPlace& place = *sum.place;
        const UpdateCode& code = *place.code;
        std::vector<float>& replica = replica_at(place);
        const double loss_nats = site_loss_nats(cell.config(), place.sites);
        const UpdateCode::Steps steps = {
            loss_nats, coarser_by(place.uplink_loss_nats, cell.config().radio.downlink_loss_nats)};
        for (std::size_t i = 0; i < replica.size(); ++i)
            sum.devices[i] = (place.server[i] - replica[i]) + sum.server[i];
        auto message = code.encode(sum.devices, replica, steps, checksum_of(replica));
        std::vector<float> update(replica.size());
        code.decode(message, replica, loss_nats, update);

        const double bits = 8 * static_cast<double>(message.size()) + UpdateCode::length_bits;
        send(cell, message, bits);
        std::vector<float> copy(place.devices.begin(), place.devices.end());
        if (UpdateCode::checksum(message) != checksum_of(copy)) {
            copy = resynchronise(cell, replica);
            place.put_right(copy);
        }
        code.decode(message, copy, loss_nats, sum.devices);

        // As the devices add it to their copy.
        if (!place.foretold.empty()) inference::add(place.foretold, update);
        inference::add(update, replica);
    }

private:
    /// The server's, of the token at that place.
    std::vector<float>& replica_at(const StreamPlace& place) {
        if (place.site.index == 0) {
            // Both begin with the token's embedding; earlier tokens have ended.
            if (site_ != 0) replicas_.clear();
            replicas_[place.vector].assign(place.server.begin(), place.server.end());
        }
        site_ = place.site.index;
        return replicas_.at(place.vector);
    }

    /// Nothing is coded behind the last site.
    static double site_loss_nats(const Config& config, std::size_t sites) {
        return config.radio.downlink_loss_nats /
               static_cast<double>(std::max<std::size_t>(2, sites) - 1);
    }

    /// What the devices then hold.
    std::vector<float> resynchronise(RadioCell& cell, const std::vector<float>& replica) {
        std::vector<std::uint8_t> message(replica.size() * sizeof(float));
        std::memcpy(message.data(), replica.data(), message.size());
        const double bits = 8 * static_cast<double>(message.size());
        send(cell, message, bits);
        cell.ledger().add(resynchronised_copies, 1);
        std::vector<float> copy(replica.size());
        std::memcpy(copy.data(), message.data(), message.size());
        return copy;
    }

    std::map<std::int64_t, std::vector<float>> replicas_;  // by vector
    std::size_t site_ = 0;                                 // of the last message
};

}  // namespace

Downlink closed_loop_transform_downlink() {
    Downlink way = {"closed-loop-transform",
                    "the same in bases that a calibration of the model has, entropy-coded in steps "
                    "that cost downlink_loss_nats",
                    [](std::shared_ptr<Broadcast> broadcast) {
                        return std::make_unique<ClosedLoopTransform>(std::move(broadcast));
                    }};
    way.needs_calibration = true;
    way.closes_loop = true;
    way.on_air = true;
    way.entries = {downlink_bits, resynchronised_copies};
    return way;
}

}  // namespace aircomp::runtime
