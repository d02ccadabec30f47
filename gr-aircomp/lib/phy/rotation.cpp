// SPDX-License-Identifier: GPL-3.0-or-later
// Rotation: both factors of the mixing are their own inverses and commute.
#include "gnuradio/aircomp/phy/rotation.hpp"

#include <array>
#include <cmath>
#include <random>
#include <stdexcept>
#include <string>

#include "sizes.hpp"

namespace gr::aircomp::phy {
namespace {

constexpr double pi = 3.14159265358979323846;

// Beyond this many blocks (an odd factor of the length) the dense transform across them would cost
// more than it spreads; blocks then stay apart.
constexpr std::size_t most_blocks = 64;

std::size_t largest_power_of_two_factor(std::size_t n) {
    return n & (~n + 1);
}

void walsh_hadamard(float* x, std::size_t n) {
    for (std::size_t half = 1; half < n; half *= 2) {
        for (std::size_t begin = 0; begin < n; begin += 2 * half) {
            for (std::size_t i = begin; i < begin + half; ++i) {
                const float a = x[i];
                const float b = x[i + half];
                x[i] = a + b;
                x[i + half] = a - b;
            }
        }
    }
}

}  // namespace

Rotation::Rotation(std::int64_t length, std::uint64_t seed) {
    if (length < 1) {
        throw std::invalid_argument("rotation: length must be at least 1, found " +
                                    std::to_string(length));
    }
    const auto n = static_cast<std::size_t>(length);
    std::mt19937_64 generator(seed);
    signs_.resize(n);
    for (float& sign : signs_)
        sign = (generator() >> 63) != 0 ? 1.0F : -1.0F;
    block_ = largest_power_of_two_factor(n);
    const std::size_t blocks = n / block_;
    if (blocks == 1 || blocks > most_blocks) return;
    hartley_.resize(blocks * blocks);
    for (std::size_t i = 0; i < blocks; ++i) {
        for (std::size_t k = 0; k < blocks; ++k) {
            const double angle = 2 * pi * static_cast<double>(i * k) / static_cast<double>(blocks);
            hartley_[i * blocks + k] = static_cast<float>((std::cos(angle) + std::sin(angle)) /
                                                          std::sqrt(static_cast<double>(blocks)));
        }
    }
}

void Rotation::apply(gsl::span<float> x) const {
    require_size("rotation: vector", x.size(), signs_.size());
    for (std::size_t i = 0; i < signs_.size(); ++i)
        x[i] *= signs_[i];
    mix(x);
}

void Rotation::undo(gsl::span<float> x) const {
    require_size("rotation: vector", x.size(), signs_.size());
    mix(x);
    for (std::size_t i = 0; i < signs_.size(); ++i)
        x[i] *= signs_[i];
}

void Rotation::mix(gsl::span<float> x) const {
    const std::size_t n = signs_.size();
    const float scale = 1 / std::sqrt(static_cast<float>(block_));
    for (std::size_t begin = 0; begin < n; begin += block_)
        walsh_hadamard(&x[begin], block_);
    for (std::size_t i = 0; i < n; ++i)
        x[i] *= scale;
    if (hartley_.empty()) return;
    const std::size_t blocks = n / block_;
    std::array<float, most_blocks> column;
    for (std::size_t offset = 0; offset < block_; ++offset) {
        for (std::size_t k = 0; k < blocks; ++k)
            column[k] = x[k * block_ + offset];
        for (std::size_t i = 0; i < blocks; ++i) {
            float sum = 0;
            for (std::size_t k = 0; k < blocks; ++k)
                sum += hartley_[i * blocks + k] * column[k];
            x[i * block_ + offset] = sum;
        }
    }
}

}  // namespace gr::aircomp::phy
