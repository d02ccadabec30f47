// SPDX-License-Identifier: GPL-3.0-or-later
// Reflections, steps, messages. Built so that the compiler contracts no product and sum into one
// rounding: every operation here is one of IEEE 754, in the order in which it stands.
#include "coding/update_code.hpp"

#include <algorithm>
#include <array>
#include <boost/crc.hpp>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

#include "coding/coefficient_code.hpp"

namespace aircomp::runtime {
namespace {

/// Of what steps have left behind of the sites before, in every direction.
constexpr int least_of_all_widths = -7;
constexpr int smallest_scale = -96, largest_scale = 96;

/// Checksum, steps, scale.
constexpr std::size_t header_bytes = 4;

/// Sums in so many parts, which processors add at once.
constexpr std::size_t lanes = 8;

float total_of(const std::array<float, lanes>& parts) {
    return ((parts[0] + parts[4]) + (parts[2] + parts[6])) +
           ((parts[1] + parts[5]) + (parts[3] + parts[7]));
}

float product(const float* a, const float* b, std::size_t size) {
    std::array<float, lanes> parts{};
    std::size_t i = 0;
    for (; i + lanes <= size; i += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane)
            parts[lane] += a[i + lane] * b[i + lane];
    }
    for (std::size_t lane = 0; i + lane < size; ++lane)
        parts[lane] += a[i + lane] * b[i + lane];
    return total_of(parts);
}

void check_header(gsl::span<const std::uint8_t> message) {
    if (message.size() >= header_bytes) return;
    throw std::invalid_argument("update of the stream: expected at least " +
                                std::to_string(header_bytes) + " bytes, found " +
                                std::to_string(message.size()));
}

}  // namespace

std::uint16_t checksum_of(gsl::span<const float> copy) {
    boost::crc_ccitt_type crc;
    crc.process_bytes(copy.data(), copy.size_bytes());
    return static_cast<std::uint16_t>(crc.checksum());
}

UpdateCode::UpdateCode(const inference::UpdateBasis& basis, double sensitivity)
    : rank_(basis.rank), reflectors_(basis.reflectors), sensitivity_(sensitivity) {
    for (const float width : basis.widths)
        widths_.push_back(static_cast<int>(width));
}

double UpdateCode::step(gsl::span<const float> copy, const Steps& steps) const {
    double energy = 0;
    for (const float value : copy)
        energy += static_cast<double>(value) * static_cast<double>(value);
    const double loss_nats = std::ldexp(steps.loss_nats, steps.coarser);
    return std::sqrt(12 * loss_nats * energy / (sensitivity_ * static_cast<double>(copy.size())));
}

void UpdateCode::reflect(std::int64_t index, gsl::span<float> vector) const {
    // Reflectors are 0 before their own place.
    const auto first = static_cast<std::size_t>(index);
    const std::size_t size = vector.size() - first;
    const float* const r = &reflectors_[first * vector.size() + first];
    float* const v = &vector[first];
    const float part = product(r, v, size);
    for (std::size_t i = 0; i < size; ++i)
        v[i] -= part * r[i];
}

void UpdateCode::turn(gsl::span<float> vector) const {
    for (std::int64_t i = 0; i < rank_; ++i)
        reflect(i, vector);
}

void UpdateCode::turn_back(gsl::span<float> vector) const {
    for (std::int64_t i = rank_ - 1; i >= 0; --i)
        reflect(i, vector);
}

int UpdateCode::width(std::size_t coefficient, int scale) const {
    return sum_of_widths(widths_[coefficient] + scale, least_of_all_widths);
}

int UpdateCode::best_scale(gsl::span<const std::int32_t> coefficients) const {
    const auto bits = [&](int scale) {
        double sum = 0;
        for (std::size_t i = 0; i < coefficients.size(); ++i)
            sum += coefficient_bits(coefficients[i], width(i, scale));
        return sum;
    };
    double energy = 0, expected = 0;
    for (std::size_t i = 0; i < coefficients.size(); ++i) {
        energy += std::pow(coefficients[i], 2);
        expected += std::exp2(widths_[i] / 2.0);
    }
    // From the scale of that energy on downhill.
    int best = energy > 0 ? static_cast<int>(2 * std::log2(energy / expected)) : smallest_scale;
    best = std::clamp(best, smallest_scale, largest_scale);
    double fewest = bits(best);
    for (const int direction : {-1, 1}) {
        for (int scale = best + direction; scale >= smallest_scale && scale <= largest_scale;
             scale += direction) {
            const double needed = bits(scale);
            if (needed >= fewest) break;
            fewest = needed;
            best = scale;
        }
    }
    return best;
}

std::vector<std::uint8_t> UpdateCode::encode(gsl::span<const float> update,
                                             gsl::span<const float> copy, const Steps& steps,
                                             std::uint16_t checksum) const {
    std::vector<float> turned(update.begin(), update.end());
    turn(turned);
    const double delta = step(copy, steps);
    std::vector<std::int32_t> coefficients(turned.size(), 0);
    for (std::size_t i = 0; delta > 0 && i < turned.size(); ++i) {
        const double whole = std::round(static_cast<double>(turned[i]) / delta);
        coefficients[i] = static_cast<std::int32_t>(
            std::clamp<double>(whole, -largest_coefficient, largest_coefficient));
    }
    const int scale = best_scale(coefficients);
    RangeEncoder encoder;
    for (std::size_t i = 0; i < coefficients.size(); ++i)
        put_coefficient(coefficients[i], width(i, scale), encoder);
    std::vector<std::uint8_t> message = {static_cast<std::uint8_t>(checksum >> 8),
                                         static_cast<std::uint8_t>(checksum), steps.coarser,
                                         static_cast<std::uint8_t>(scale - smallest_scale)};
    const auto codes = encoder.finish();
    message.insert(message.end(), codes.begin(), codes.end());
    return message;
}

void UpdateCode::decode(gsl::span<const std::uint8_t> message, gsl::span<const float> copy,
                        double loss_nats, gsl::span<float> update) const {
    check_header(message);
    const int scale = std::min(smallest_scale + message[3], largest_scale);
    RangeDecoder decoder(message.subspan(header_bytes));
    const double delta = step(copy, {loss_nats, message[2]});
    for (std::size_t i = 0; i < update.size(); ++i)
        update[i] = static_cast<float>(delta * take_coefficient(width(i, scale), decoder));
    turn_back(update);
}

std::uint16_t UpdateCode::checksum(gsl::span<const std::uint8_t> message) {
    check_header(message);
    return static_cast<std::uint16_t>(message[0] << 8 | message[1]);
}

}  // namespace aircomp::runtime
