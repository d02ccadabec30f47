// SPDX-License-Identifier: GPL-3.0-or-later
// Between samples in watts and what converters take: one factor for all radios of a testbed, so
// that a path of gain 1 gives back what was sent.
#pragma once

#include <complex>
#include <gsl/span>

namespace gr::aircomp::phy {

/// How loud samples are at a converter, of all that were added.
struct ConverterLevel {
    double peak = 0;         ///< Largest |I| or |Q|, full scale 1.
    double mean_square = 0;  ///< Of the loudest span.
    std::size_t clipped = 0;

    double mean_dbfs() const;  ///< 0: a full-scale complex exponential; -200 for silence.
    double peak_dbfs() const;
};

class ConverterScale {
public:
    /// `unit_power_dbfs`: what samples of mean power 1 W are at the converter.
    explicit ConverterScale(double unit_power_dbfs);

    /// Writes `watts` for the converter, clipped to full scale, and notes its level in `level`.
    /// Sizes agree.
    void to_converter(gsl::span<const std::complex<float>> watts,
                      gsl::span<std::complex<float>> converter, ConverterLevel& level) const;

    /// In place, from the converter's units.
    void from_converter(gsl::span<std::complex<float>> samples, ConverterLevel& level) const;

private:
    float amplitude_;
};

}  // namespace gr::aircomp::phy
