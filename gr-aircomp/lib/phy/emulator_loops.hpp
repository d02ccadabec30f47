// SPDX-License-Identifier: GPL-3.0-or-later
// The channel emulator's inner loops, each compiled for several instruction sets. Samples are
// interleaved floats: real part, imaginary part.
#pragma once

#include <cstddef>

namespace gr::aircomp::phy::loops {

/// A filter of complex taps, and the samples it reads: output n is
/// sum over m of (real[m] + j imaginary[m]) x[n - m].
struct Filter {
    const float* samples;  ///< x[0], with taps - 1 samples before it.
    const float* real;
    const float* imaginary;
    std::size_t taps;
};

/// Samples past the last that filter_sum() may read.
constexpr std::size_t overread = 16;

/// out[0..count) = the sum over all filters.
void filter_sum(float* out, std::size_t count, const Filter* filters, std::size_t filter_count);

/// A stretch of samples over which an oscillator's phase is linear, in turns.
struct Stretch {
    float start, step;
    std::size_t count;
};

/// Multiplies the samples of all stretches, one after the other, with exp(j 2 pi phase).
void rotate(float* samples, const Stretch* stretches, std::size_t stretch_count);

/// Maps (I, Q) to (ii I + iq Q, qi I + qq Q).
struct Branches {
    float ii, iq, qi, qq;
};
void unbalance(float* samples, std::size_t count, const Branches& branches);

/// Limits I and Q to [least, most], then rounds both to multiples of `step` (0: does not round);
/// |least / step| and |most / step| below 2^22.
void convert(float* samples, std::size_t count, float least, float most, float step);

}  // namespace gr::aircomp::phy::loops
