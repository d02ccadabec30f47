// SPDX-License-Identifier: GPL-3.0-or-later
// An orthonormal transform of the partials before they go on the air, undone after the sum: it
// spreads the few outlier channels of LLM activations over all symbols (docs/system-model.md
// section 3).
#pragma once

#include <cstdint>
#include <gsl/span>
#include <vector>

namespace gr::aircomp::phy {

/// Random signs, then a fast Walsh-Hadamard transform over blocks of the largest power of two that
/// divides the length, then a discrete Hartley transform across the blocks. The same length and
/// seed give the same rotation on every device and on the server.
class Rotation {
public:
    Rotation(std::int64_t length, std::uint64_t seed);

    /// In place, without allocating; `x` has `length` elements, else std::invalid_argument is
    /// thrown.
    void apply(gsl::span<float> x) const;

    /// The inverse of apply().
    void undo(gsl::span<float> x) const;

private:
    void mix(gsl::span<float> x) const;

    std::vector<float> signs_;
    std::size_t block_;           // power of two
    std::vector<float> hartley_;  // [blocks, blocks], empty where there is one block
};

}  // namespace gr::aircomp::phy
