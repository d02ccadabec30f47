// SPDX-License-Identifier: GPL-3.0-or-later
// What brings the devices' copy of the residual stream up to the server's, equation (14b): in the
// calibrated basis of a site, in steps that everybody knows from the copy, entropy-coded. Server and
// devices compute in one order of operations, so that all machines get the same bits.
#pragma once

#include <cstdint>
#include <gsl/span>
#include <vector>

#include "aircomp/inference/update_basis.hpp"

namespace aircomp::runtime {

/// A CRC of 16 bits (CCITT) of a copy of the stream.
std::uint16_t checksum_of(gsl::span<const float> copy);

class UpdateCode {
public:
    /// Of a message's length, which goes before it.
    static constexpr double length_bits = 16;

    /// `sensitivity`: the divergence, nats, that an error of the copy behind the site would cost whose
    /// energy is that of the copy; above 0.
    UpdateCode(const inference::UpdateBasis& basis, double sensitivity);

    std::int64_t rank() const { return rank_; }

    /// How steps are to be: of what they cost at a site, and how often they may cost twice as much.
    struct Steps {
        double loss_nats = 0;
        std::uint8_t coarser = 0;  ///< Goes with the message.
    };

    /// A message that takes `update` to whoever holds `copy`. `checksum`: of what the devices' copy
    /// should be.
    std::vector<std::uint8_t> encode(gsl::span<const float> update, gsl::span<const float> copy,
                                     const Steps& steps, std::uint16_t checksum) const;

    /// Writes the update of such a message, whose steps cost `loss_nats` or, as it says, more. Any
    /// bytes can be read. Throws std::invalid_argument where there are fewer than a header has.
    void decode(gsl::span<const std::uint8_t> message, gsl::span<const float> copy,
                double loss_nats, gsl::span<float> update) const;

    /// The checksum in a message. Throws as decode().
    static std::uint16_t checksum(gsl::span<const std::uint8_t> message);

private:
    /// Delta: an error of Delta^2 / 12 in every coefficient costs that loss.
    double step(gsl::span<const float> copy, const Steps& steps) const;
    /// v = K^T v and v = K v.
    void turn(gsl::span<float> vector) const;
    void turn_back(gsl::span<float> vector) const;
    void reflect(std::int64_t index, gsl::span<float> vector) const;
    int width(std::size_t coefficient, int scale) const;
    /// The scale that takes the fewest bits.
    int best_scale(gsl::span<const std::int32_t> coefficients) const;

    std::int64_t rank_;
    std::vector<float> reflectors_;  // [rank, length]
    std::vector<int> widths_;        // by coefficient, 0 at most
    double sensitivity_;
};

/// Of all sites, by Site::index.
using UpdateCodes = std::vector<UpdateCode>;

}  // namespace aircomp::runtime
