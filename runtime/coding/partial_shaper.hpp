// SPDX-License-Identifier: GPL-3.0-or-later
// What devices do to their partials before they are divided by the common scale, and the server's way
// back: transform, headroom, and what is held back for the same token's next vector
// (docs/system-model.md section 11).
#pragma once

#include <optional>

#include "coding/error_feedback.hpp"
#include "coding/shape.hpp"
#include "coding/sum_request.hpp"
#include "gnuradio/aircomp/phy/rotation.hpp"

namespace aircomp::runtime {

class PartialShaper {
public:
    /// `rotation` is that of the vectors on the air, where it has one.
    PartialShaper(Shape shape, double clip_level,
                  std::optional<gr::aircomp::phy::Rotation> rotation);

    /// Makes of a device's partial, vector `v` of the request, what it would send: with what was held
    /// back before, transformed.
    void prepare(const SumRequest& request, std::size_t device, std::int64_t v,
                 gsl::span<float> vector);

    struct HeldBack {
        bool limited = false;  ///< Scaled down to the headroom.
        std::int64_t clipped =
            0;  ///< Reals beyond the clip level; not counted where nothing carries.
    };
    /// Leaves of that what the headroom and the largest real of a symbol let through once it is
    /// divided by `scale`, and keeps the rest, where it carries. A device whose symbols have no second
    /// moment sends nothing.
    HeldBack hold_back(const SumRequest& request, std::size_t device, std::int64_t v, double scale,
                       double second_moment, gsl::span<float> vector);

    /// Makes of the received sum of such vectors that of the partials.
    void undo(const Site& site, gsl::span<float> vector) const;

private:
    /// Whether the vector was beyond the headroom, above `mean_energy` of a symbol.
    bool limit(double mean_energy, gsl::span<float> vector) const;
    /// Reals that were beyond `largest` on the air.
    std::int64_t clip(double largest, gsl::span<float> vector) const;

    Shape shape_;
    double clip_level_;
    std::optional<gr::aircomp::phy::Rotation> rotation_;
    ErrorFeedback carried_;  // what each device's last vectors lack
};

/// The largest real of a symbol of that second moment.
double clip_limit(double clip_level, double second_moment);

}  // namespace aircomp::runtime
