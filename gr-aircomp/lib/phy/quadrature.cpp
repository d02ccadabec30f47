// SPDX-License-Identifier: GPL-3.0-or-later
// Levels, labels, likelihoods; and what a bit of them tells.
#include "quadrature.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "gnuradio/aircomp/phy/multicast.hpp"

namespace gr::aircomp::phy {
namespace {

/// Levels of one dimension by label, mean square 1/2.
std::vector<float> levels_of(std::size_t bits) {
    const std::size_t count = std::size_t{1} << bits;
    const double spacing = std::sqrt(1.5 / (static_cast<double>(count * count) - 1));
    std::vector<float> levels(count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t label = i ^ (i >> 1);
        levels[label] = static_cast<float>(
            spacing * (2 * static_cast<double>(i) - static_cast<double>(count) + 1));
    }
    return levels;
}

/// log(sum exp) over the levels whose label has `bit` equal to `value`, of a Gaussian about each.
double log_likelihood(const std::vector<float>& levels, std::size_t bit, std::size_t value,
                      double received, double snr) {
    double most = -std::numeric_limits<double>::infinity();
    double sum = 0;
    for (std::size_t label = 0; label < levels.size(); ++label) {
        if (((label >> bit) & 1U) != value) continue;
        const double exponent = -snr * std::pow(received - static_cast<double>(levels[label]), 2);
        if (exponent > most) {
            sum = sum * std::exp(most - exponent) + 1;
            most = exponent;
        } else {
            sum += std::exp(exponent - most);
        }
    }
    return most + std::log(sum);
}

/// By the trapezoidal rule over the noise.
double information(const std::vector<float>& levels, std::size_t bits, double snr) {
    constexpr int points = 48;
    constexpr double reach = 4.5;  // standard deviations
    const double deviation = std::sqrt(1 / (2 * snr));
    double lost = 0;
    for (std::size_t label = 0; label < levels.size(); ++label) {
        double weights = 0, sum = 0;
        for (int i = 0; i <= points; ++i) {
            const double noise = reach * (2.0 * i / points - 1);
            const double weight = std::exp(-noise * noise / 2);
            const double received = static_cast<double>(levels[label]) + noise * deviation;
            for (std::size_t bit = 0; bit < bits; ++bit) {
                const std::size_t is = (label >> bit) & 1U;
                const double against = log_likelihood(levels, bit, 1 - is, received, snr) -
                                       log_likelihood(levels, bit, is, received, snr);
                sum += weight * (against > 0 ? against + std::log1p(std::exp(-against))
                                             : std::log1p(std::exp(against)));
            }
            weights += weight;
        }
        lost += sum / weights;
    }
    return 1 - lost / std::log(2.0) / static_cast<double>(bits * levels.size());
}

/// Every half decibel.
class InformationTable {
public:
    explicit InformationTable(unsigned bits) {
        const std::vector<float> levels = levels_of(bits / 2);
        for (int i = 0; i < count; ++i)
            values_.push_back(information(levels, bits / 2, std::pow(10, snr_db(i) / 10)));
    }

    double at(double snr) const {
        if (!(snr > 0)) return 0;
        const double place = (10 * std::log10(snr) - lowest_db) / step_db;
        if (place <= 0) return values_.front() * snr / std::pow(10, lowest_db / 10);
        if (place >= count - 1) return values_.back();
        const auto i = static_cast<std::size_t>(place);
        const double part = place - static_cast<double>(i);
        return (1 - part) * values_[i] + part * values_[i + 1];
    }

private:
    static constexpr int count = 111;
    static constexpr double lowest_db = -15, step_db = 0.5;
    static double snr_db(int i) { return lowest_db + step_db * i; }
    std::vector<double> values_;
};

void check(unsigned bits) {
    if (bits == 2 || bits == 4 || bits == 6 || bits == 8) return;
    throw std::invalid_argument("modulation: expected 2, 4, 6 or 8 bits, found " +
                                std::to_string(bits));
}

}  // namespace

Quadrature::Quadrature(unsigned bits) : bits_(bits / 2) {
    check(bits);
    levels_ = levels_of(bits_);
}

float Quadrature::map(const std::uint8_t* bits) const {
    std::size_t label = 0;
    for (std::size_t i = 0; i < bits_; ++i)
        label |= static_cast<std::size_t>(bits[i]) << i;
    return levels_[label];
}

void Quadrature::demap(float real, float snr, float* llr) const {
    constexpr float far = std::numeric_limits<float>::max();
    float nearest[2][4] = {{far, far, far, far}, {far, far, far, far}};
    for (std::size_t label = 0; label < levels_.size(); ++label) {
        const float distance = (real - levels_[label]) * (real - levels_[label]);
        for (std::size_t i = 0; i < bits_; ++i) {
            float& least = nearest[(label >> i) & 1U][i];
            least = std::min(least, distance);
        }
    }
    for (std::size_t i = 0; i < bits_; ++i)
        llr[i] = snr * (nearest[0][i] - nearest[1][i]);
}

double bit_information(unsigned bits, double snr) {
    check(bits);
    static const InformationTable tables[] = {InformationTable(2), InformationTable(4),
                                              InformationTable(6), InformationTable(8)};
    return tables[bits / 2 - 1].at(snr);
}

}  // namespace gr::aircomp::phy
