// SPDX-License-Identifier: GPL-3.0-or-later
// Scaling, clipping and measuring samples at converters.
#include "gnuradio/aircomp/phy/converter_scale.hpp"

#include <algorithm>
#include <cmath>

namespace gr::aircomp::phy {
namespace {

constexpr double silence_dbfs = -200;

double dbfs(double power) {
    return power > 0 ? std::max(silence_dbfs, 10 * std::log10(power)) : silence_dbfs;
}

}  // namespace

double ConverterLevel::mean_dbfs() const {
    return dbfs(mean_square);
}

double ConverterLevel::peak_dbfs() const {
    return dbfs(peak * peak);
}

ConverterScale::ConverterScale(double unit_power_dbfs)
    : amplitude_(static_cast<float>(std::pow(10, unit_power_dbfs / 20))) {}

void ConverterScale::to_converter(gsl::span<const std::complex<float>> watts,
                                  gsl::span<std::complex<float>> converter,
                                  ConverterLevel& level) const {
    double square = 0, peak = 0;
    for (std::size_t i = 0; i < watts.size(); ++i) {
        const std::complex<float> sample = watts[i] * amplitude_;
        square += static_cast<double>(std::norm(sample));
        const float largest = std::max(std::abs(sample.real()), std::abs(sample.imag()));
        peak = std::max(peak, static_cast<double>(largest));
        level.clipped += largest > 1 ? 1 : 0;
        converter[i] = {std::clamp(sample.real(), -1.0F, 1.0F),
                        std::clamp(sample.imag(), -1.0F, 1.0F)};
    }
    const auto count = static_cast<double>(std::max<std::size_t>(1, watts.size()));
    level.mean_square = std::max(level.mean_square, square / count);
    level.peak = std::max(level.peak, peak);
}

void ConverterScale::from_converter(gsl::span<std::complex<float>> samples,
                                    ConverterLevel& level) const {
    double square = 0, peak = 0;
    for (auto& sample : samples) {
        square += static_cast<double>(std::norm(sample));
        peak = std::max({peak, static_cast<double>(std::abs(sample.real())),
                         static_cast<double>(std::abs(sample.imag()))});
        sample /= amplitude_;
    }
    const auto count = static_cast<double>(std::max<std::size_t>(1, samples.size()));
    level.mean_square = std::max(level.mean_square, square / count);
    level.peak = std::max(level.peak, peak);
}

}  // namespace gr::aircomp::phy
