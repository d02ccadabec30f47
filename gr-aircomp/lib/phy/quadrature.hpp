// SPDX-License-Identifier: GPL-3.0-or-later
// Square QAM under Gray labels, one real dimension at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <gsl/span>
#include <vector>

namespace gr::aircomp::phy {

/// One of a symbol's two dimensions; symbols have mean power 1.
class Quadrature {
public:
    /// Symbols of `bits` bits: 2, 4, 6 or 8. Throws std::invalid_argument for others.
    explicit Quadrature(unsigned bits);

    /// Bits of one dimension.
    std::size_t bits() const { return bits_; }

    /// The real of bits()'s labels `bits`, each 0 or 1.
    float map(const std::uint8_t* bits) const;

    /// Writes log P(bit 1) / P(bit 0) of every bit of `real`, received at the symbol's
    /// signal-to-noise ratio `snr`; only the nearest level of either kind counts.
    void demap(float real, float snr, float* llr) const;

private:
    std::size_t bits_;
    std::vector<float> levels_;  // by label
};

}  // namespace gr::aircomp::phy
