// SPDX-License-Identifier: GPL-3.0-or-later
// The best scalar quantiser of a standard Gaussian with so many levels (S. Lloyd, 1957; J. Max, IRE
// Trans. Inform. Theory 6, 1960).
#pragma once

#include <gsl/span>
#include <vector>

namespace aircomp::runtime {

class LloydMax {
public:
    static constexpr int most_bits = 6;

    /// The quantiser of 2^bits levels, 1 to most_bits, computed once in a process. Throws
    /// std::invalid_argument for other numbers of bits.
    static const LloydMax& of(int bits);

    /// The level nearest to `value`.
    float nearest(float value) const;

    /// Ascending.
    const std::vector<float>& levels() const { return levels_; }

    /// Mean-square error on a standard Gaussian: d_b of docs/system-model.md section 9.
    double distortion() const { return distortion_; }

private:
    explicit LloydMax(int bits);

    std::vector<float> levels_, borders_;  // border i is between the levels i and i + 1
    double distortion_ = 0;
};

/// Rounds `values` to the levels times their own root mean square, which travels with the codes as a
/// float32.
void quantise(gsl::span<float> values, const LloydMax& quantiser);

}  // namespace aircomp::runtime
