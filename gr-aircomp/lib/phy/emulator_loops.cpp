// SPDX-License-Identifier: GPL-3.0-or-later
// The channel emulator's inner loops.
#include "emulator_loops.hpp"

#include <algorithm>
#include <cstring>

#include "trigonometry.hpp"

namespace gr::aircomp::phy::loops {
namespace {

/// Eight floats, four samples: one register under AVX, two under SSE.
using Vector = float __attribute__((vector_size(32)));
constexpr std::size_t lanes = 8;
/// Vectors of a tile: its sums stay in registers while all taps of all filters pass.
constexpr std::size_t width = 4;
constexpr std::size_t tile = width * lanes / 2;
static_assert(tile <= overread);

AIRCOMP_INLINE void filter_tile(float* out, std::size_t first, const Filter* filters,
                                std::size_t filter_count) {
    // The sums of real[m] x and imaginary[m] x; the second is multiplied by j at the end.
    Vector by_real[width] = {};
    Vector by_imaginary[width] = {};
    for (std::size_t f = 0; f < filter_count; ++f) {
        const float* x = filters[f].samples + 2 * first;
        for (std::size_t m = 0; m < filters[f].taps; ++m, x -= 2) {
            const float real = filters[f].real[m];
            const float imaginary = filters[f].imaginary[m];
            for (std::size_t v = 0; v < width; ++v) {
                Vector samples;
                std::memcpy(&samples, x + v * lanes, sizeof samples);
                by_real[v] += samples * real;
                by_imaginary[v] += samples * imaginary;
            }
        }
    }
    constexpr Vector j_signs = {-1, 1, -1, 1, -1, 1, -1, 1};
    for (std::size_t v = 0; v < width; ++v) {
        const Vector swapped =
            __builtin_shufflevector(by_imaginary[v], by_imaginary[v], 1, 0, 3, 2, 5, 4, 7, 6);
        const Vector sum = by_real[v] + j_signs * swapped;
        std::memcpy(out + v * lanes, &sum, sizeof sum);
    }
}

AIRCOMP_INLINE void filter_sum_body(float* out, std::size_t count, const Filter* filters,
                                    std::size_t filter_count) {
    std::size_t first = 0;
    for (; first + tile <= count; first += tile)
        filter_tile(out + 2 * first, first, filters, filter_count);
    if (first == count) return;
    float last[2 * tile];
    filter_tile(last, first, filters, filter_count);
    std::memcpy(out + 2 * first, last, 2 * (count - first) * sizeof(float));
}

AIRCOMP_INLINE void rotate_body(float* samples, const Stretch* stretches,
                                std::size_t stretch_count) {
    for (std::size_t s = 0; s < stretch_count; ++s) {
        const Stretch stretch = stretches[s];
        const auto count = static_cast<int>(stretch.count);
        for (int i = 0; i < count; ++i) {
            float cosine, sine;
            unit_circle(stretch.start + stretch.step * static_cast<float>(i), cosine, sine);
            const float real = samples[2 * i];
            const float imaginary = samples[2 * i + 1];
            samples[2 * i] = real * cosine - imaginary * sine;
            samples[2 * i + 1] = real * sine + imaginary * cosine;
        }
        samples += 2 * stretch.count;
    }
}

AIRCOMP_INLINE void unbalance_body(float* samples, std::size_t count, const Branches& branches) {
    const Branches b = branches;
    for (std::size_t i = 0; i < count; ++i) {
        const float in_phase = samples[2 * i];
        const float quadrature = samples[2 * i + 1];
        samples[2 * i] = b.ii * in_phase + b.iq * quadrature;
        samples[2 * i + 1] = b.qi * in_phase + b.qq * quadrature;
    }
}

AIRCOMP_INLINE void convert_body(float* samples, std::size_t count, float least, float most,
                                 float step) {
    for (std::size_t i = 0; i < 2 * count; ++i)
        samples[i] = std::min(std::max(samples[i], least), most);
    if (step == 0.0F) return;
    // Adding 1.5 x 2^23 leaves a float no bits for fractions: rounding, ties to even.
    constexpr float integers_only = 12582912.0F;
    const float scale = 1.0F / step;
    for (std::size_t i = 0; i < 2 * count; ++i) {
        const float scaled = samples[i] * scale;
        const float rounded = (scaled + integers_only) - integers_only;
        samples[i] = rounded * step;
    }
}

AIRCOMP_DISPATCH(filter_sum_chosen, filter_sum_body,
                 (float* out, std::size_t count, const Filter* filters, std::size_t filter_count),
                 (out, count, filters, filter_count))
AIRCOMP_DISPATCH(rotate_chosen, rotate_body,
                 (float* samples, const Stretch* stretches, std::size_t stretch_count),
                 (samples, stretches, stretch_count))
AIRCOMP_DISPATCH(unbalance_chosen, unbalance_body,
                 (float* samples, std::size_t count, const Branches& branches),
                 (samples, count, branches))
AIRCOMP_DISPATCH(convert_chosen, convert_body,
                 (float* samples, std::size_t count, float least, float most, float step),
                 (samples, count, least, most, step))

}  // namespace

void filter_sum(float* out, std::size_t count, const Filter* filters, std::size_t filter_count) {
    filter_sum_chosen(out, count, filters, filter_count);
}
void rotate(float* samples, const Stretch* stretches, std::size_t stretch_count) {
    rotate_chosen(samples, stretches, stretch_count);
}
void unbalance(float* samples, std::size_t count, const Branches& branches) {
    unbalance_chosen(samples, count, branches);
}
void convert(float* samples, std::size_t count, float least, float most, float step) {
    convert_chosen(samples, count, least, most, step);
}

}  // namespace gr::aircomp::phy::loops
