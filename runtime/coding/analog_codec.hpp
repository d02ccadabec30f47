// SPDX-License-Identifier: GPL-3.0-or-later
// Vectors of reals to the symbols that devices transmit, and back: common scale, rotation, clipping
// and packing of docs/system-model.md section 3. Devices and server hold the same codec.
#pragma once

#include <Eigen/Core>
#include <optional>
#include <vector>

#include "coding/calibration.hpp"
#include "coding/partial_shaper.hpp"
#include "coding/sum_request.hpp"
#include "config/config.hpp"
#include "gnuradio/aircomp/phy/preprocessor.hpp"
#include "gnuradio/aircomp/phy/rotation.hpp"

namespace aircomp::runtime {

namespace phy = gr::aircomp::phy;

/// What AnalogCodec::payload() is, for who has no calibration.
phy::Payload payload_of(const Config& config, std::int64_t length);

/// The rotation of vectors of `length` reals, where the configuration has one.
std::optional<phy::Rotation> rotation_of(const Config& config, std::int64_t length);

/// Symbols of one vector, [streams, channel uses].
using SymbolMatrix = Eigen::MatrixXcf;

class AnalogCodec {
public:
    AnalogCodec(const Config& config, std::int64_t length, const Calibration& calibration);

    /// v_n of the transceiver design at sites of a kind: from the calibration, 1 on average.
    const std::vector<double>& second_moments(SiteKind kind) const;

    /// The kinds of sites that the calibration has, in the order of a layer.
    const std::vector<SiteKind>& kinds() const { return kinds_; }

    /// How much stronger sums are at sites of a kind than independent partials would make them,
    /// E||sum||^2 over the sum of E||partial||^2, at least 1: from the calibration.
    double sum_gain(SiteKind kind) const { return sum_gains_[static_cast<std::size_t>(kind)]; }

    std::int64_t channel_uses() const { return channel_uses_of(streams()); }
    /// Of a vector over so many streams.
    std::int64_t channel_uses_of(int streams) const;
    int streams() const { return static_cast<int>(payload_.streams); }
    std::int64_t length() const { return static_cast<std::int64_t>(payload_.length); }
    /// Of one vector in a burst: its length, streams and rotation.
    const phy::Payload& payload() const { return payload_; }

    /// The scale that every device divides vector `v` by. With the policy `exchanged` it needs
    /// every device's norm, which costs a message over the control link.
    double common_scale(const SumRequest& request, std::int64_t v) const;

    /// The same by that policy, where the mean square of each device's vector is known.
    double exchanged_scale(const std::vector<double>& partial_power, const Site& site) const;

    /// Whether partials are transformed, weighted or held to a headroom: see SiteCoding.
    bool shapes() const { return !coding_.empty(); }

    /// What an NMSE of 1 at every site would cost a token, nats, were it in proportion; 0 where no
    /// calibration file tells.
    double loss_per_nmse() const;

    /// The partials of a request as they are sent, one per device.
    struct Shaped {
        std::vector<std::vector<float>> partials;
        std::vector<double> scales;        ///< What each vector is divided by.
        std::int64_t limited_vectors = 0;  ///< Scaled down to the headroom.
        std::int64_t clipped_reals = 0;    ///< Beyond the clip level, and carried.
    };
    Shaped shape(const SumRequest& request);

    /// Makes of the received sum of shaped vectors that of the partials.
    void unshape(const Site& site, gsl::span<float> vector) const;

    struct Encoded {
        SymbolMatrix symbols;
        std::int64_t clipped = 0;  ///< Reals beyond the clip level.
    };
    Encoded encode(gsl::span<const float> vector, double scale, double second_moment) const {
        return encode(vector, scale, second_moment, streams());
    }
    /// The same over another number of streams.
    Encoded encode(gsl::span<const float> vector, double scale, double second_moment,
                   int streams) const;

    /// Writes the estimate of the sum of what was encoded.
    void decode(const SymbolMatrix& symbols, double scale, gsl::span<float> vector) const;

private:
    double calibrated_scale(double power, SiteKind kind) const;
    /// That of a vector whose partials have the mean square `power` together.
    double scale_of(double power, const Site& site) const;

    AnalogConfig analog_;
    phy::Payload payload_;
    std::optional<phy::Rotation> rotation_;
    std::vector<SiteKind> kinds_;
    std::array<std::vector<double>, inference::site_kinds.size()> moments_;  // by SiteKind
    std::array<double, inference::site_kinds.size()> sum_gains_{};           // by SiteKind
    struct SitePower {
        double power;  ///< Of one real, all devices' partials together.
        double residual_rms;
    };
    std::vector<SitePower> first_token_, later_tokens_;  // by Site::index
    std::vector<SiteCoding> coding_;                     // by Site::index
    double headroom_;
    PartialShaper shaper_;
};

}  // namespace aircomp::runtime
