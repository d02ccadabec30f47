// SPDX-License-Identifier: GPL-3.0-or-later
// The best scalar quantiser of a standard Gaussian with so many levels (S. Lloyd, 1957; J. Max, IRE
// Trans. Inform. Theory 6, 1960).
#pragma once

#include <cstddef>
#include <cstdint>
#include <gsl/span>
#include <vector>

#include "config/digital_section.hpp"

namespace aircomp::runtime {

class LloydMax {
public:
    /// The quantiser of 2^bits levels, 1 to most_lloyd_max_bits, computed once in a process. Throws
    /// std::invalid_argument for other numbers of bits.
    static const LloydMax& of(int bits);

    /// Which level is nearest to `value`.
    std::size_t index_of(float value) const;
    float nearest(float value) const { return levels_[index_of(value)]; }

    int bits() const { return bits_; }
    /// Ascending.
    const std::vector<float>& levels() const { return levels_; }

    /// Mean-square error on a standard Gaussian: d_b of docs/system-model.md section 9.
    double distortion() const { return distortion_; }

private:
    explicit LloydMax(int bits);

    int bits_;
    std::vector<float> levels_, borders_;  // border i is between the levels i and i + 1
    double distortion_ = 0;
};

/// Rounds `values` to the levels times their own root mean square, which travels with the codes as a
/// float32.
void quantise(gsl::span<float> values, const LloydMax& quantiser);

/// Bytes of `length` values' scale and codes.
std::size_t packed_bytes(std::size_t length, const LloydMax& quantiser);

/// Writes packed_bytes() bytes. Every value must be finite.
void pack(gsl::span<const float> values, const LloydMax& quantiser, gsl::span<std::uint8_t> bytes);

/// What pack() was given, rounded as quantise() rounds it.
void unpack(gsl::span<const std::uint8_t> bytes, const LloydMax& quantiser,
            gsl::span<float> values);

}  // namespace aircomp::runtime
