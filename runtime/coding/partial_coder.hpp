// SPDX-License-Identifier: GPL-3.0-or-later
// A device's partials as the codes of digital schemes, and the sum that these make: transform,
// rotation, quantiser and error feedback. The same in a simulation and on ranks of MPI.
#pragma once

#include <optional>
#include <vector>

#include "coding/error_feedback.hpp"
#include "coding/site_transform.hpp"
#include "coding/sum_request.hpp"
#include "config/config.hpp"
#include "gnuradio/aircomp/phy/rotation.hpp"

namespace aircomp::runtime {

class PartialCoder {
public:
    /// For vectors of `length` reals by config.digital; `transforms` by Site::index, empty: none.
    PartialCoder(const Config& config, std::int64_t length, std::vector<SiteTransform> transforms);

    /// Of a vector's codes.
    std::size_t bytes() const;

    /// Writes bytes() of codes of vector `v` of a device's partial. Where errors are fed back, they are
    /// of what the token's last codes lacked as well, equation (19).
    void write(const SumRequest& request, std::size_t device, std::int64_t v,
               gsl::span<std::uint8_t> codes);

    /// Adds what such codes hold to `total`, [length].
    void add(gsl::span<const std::uint8_t> codes, gsl::span<double> total) const;

    /// Makes of such a total the sum of the partials, [length].
    void finish(const Site& site, gsl::span<const double> total, gsl::span<float> sum) const;

private:
    void undo(const Site& site, gsl::span<float> vector) const;

    DigitalConfig codes_;
    std::size_t length_;
    std::optional<gr::aircomp::phy::Rotation> rotation_;
    std::vector<SiteTransform> transforms_;
    ErrorFeedback feedback_;
};

}  // namespace aircomp::runtime
