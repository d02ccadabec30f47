// SPDX-License-Identifier: GPL-3.0-or-later
// Lloyd's iteration on a Gaussian, whose cells have centroids in closed form.
#include "coding/lloyd_max.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "coding/bit_stream.hpp"
#include "coding/exact_sum.hpp"

namespace aircomp::runtime {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double density(double x) {
    return std::isinf(x) ? 0 : std::exp(-x * x / 2) / std::sqrt(2 * M_PI);
}

/// P(X < x)
double distribution(double x) {
    return std::erfc(-x / std::sqrt(2)) / 2;
}

/// Part of a standard Gaussian that lies in a cell.
struct Cell {
    double begin, end;

    double probability() const { return distribution(end) - distribution(begin); }
    double centroid() const { return (density(begin) - density(end)) / probability(); }
};

double border(const std::vector<double>& levels, std::size_t i) {
    return (levels[i] + levels[i + 1]) / 2;
}

Cell cell(const std::vector<double>& levels, std::size_t i) {
    return {i == 0 ? -infinity : border(levels, i - 1),
            i + 1 == levels.size() ? infinity : border(levels, i)};
}

std::vector<double> best_levels(std::size_t count) {
    constexpr double converged = 1e-10;
    std::vector<double> levels(count);
    for (std::size_t i = 0; i < count; ++i)
        levels[i] = 3 * ((2 * static_cast<double>(i) + 1) / static_cast<double>(count) - 1);
    double moved = infinity;
    while (moved > converged) {
        moved = 0;
        // Cells of a sweep see the levels that it has moved already: half as many sweeps.
        for (std::size_t i = 0; i < count; ++i) {
            const double centroid = cell(levels, i).centroid();
            moved = std::max(moved, std::abs(centroid - levels[i]));
            levels[i] = centroid;
        }
    }
    return levels;
}

}  // namespace

LloydMax::LloydMax(int bits) : bits_(bits) {
    const auto levels = best_levels(std::size_t{1} << bits);
    // Of centroids, E(X - q)^2 = 1 - E q^2.
    distortion_ = 1;
    for (std::size_t i = 0; i < levels.size(); ++i) {
        levels_.push_back(static_cast<float>(levels[i]));
        if (i + 1 < levels.size()) borders_.push_back(static_cast<float>(border(levels, i)));
        distortion_ -= cell(levels, i).probability() * levels[i] * levels[i];
    }
}

const LloydMax& LloydMax::of(int bits) {
    if (bits < 1 || bits > most_lloyd_max_bits) {
        throw std::invalid_argument("Lloyd-Max quantiser: expected 1 to " +
                                    std::to_string(most_lloyd_max_bits) + " bits, found " +
                                    std::to_string(bits));
    }
    static std::array<std::unique_ptr<LloydMax>, most_lloyd_max_bits + 1> made;
    static std::mutex mutex;
    const std::lock_guard<std::mutex> lock(mutex);
    auto& quantiser = made[static_cast<std::size_t>(bits)];
    if (quantiser == nullptr) quantiser.reset(new LloydMax(bits));
    return *quantiser;
}

std::size_t LloydMax::index_of(float value) const {
    const auto above = std::upper_bound(borders_.begin(), borders_.end(), value);
    return static_cast<std::size_t>(above - borders_.begin());
}

namespace {

float scale_of(gsl::span<const float> values) {
    return static_cast<float>(std::sqrt(mean_square(values)));
}

}  // namespace

void quantise(gsl::span<float> values, const LloydMax& quantiser) {
    const float scale = scale_of(values);
    if (scale == 0) return;
    for (float& value : values)
        value = scale * quantiser.nearest(value / scale);
}

std::size_t packed_bytes(std::size_t length, const LloydMax& quantiser) {
    return sizeof(float) + (length * static_cast<std::size_t>(quantiser.bits()) + 7) / 8;
}

void pack(gsl::span<const float> values, const LloydMax& quantiser, gsl::span<std::uint8_t> bytes) {
    const float scale = scale_of(values);
    std::memcpy(bytes.data(), &scale, sizeof(scale));
    BitWriter codes(bytes.subspan(sizeof(scale)));
    for (const float value : values) {
        const std::size_t index = quantiser.index_of(scale > 0 ? value / scale : 0.0F);
        codes.put(static_cast<std::uint32_t>(index), quantiser.bits());
    }
    codes.finish();
}

void unpack(gsl::span<const std::uint8_t> bytes, const LloydMax& quantiser,
            gsl::span<float> values) {
    float scale = 0;
    std::memcpy(&scale, bytes.data(), sizeof(scale));
    BitReader codes(bytes.subspan(sizeof(scale)));
    for (float& value : values)
        value = scale * quantiser.levels()[codes.take(quantiser.bits())];
}

}  // namespace aircomp::runtime
