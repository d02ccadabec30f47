// SPDX-License-Identifier: GPL-3.0-or-later
// A weight matrix of a quantised folder: several tensors that together say what its elements are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <gsl/span>
#include <optional>
#include <string>
#include <vector>

#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/inference/slice.hpp"
#include "weights/packing.hpp"

namespace aircomp::inference {

/// A matrix [rows, columns] whose element (r, c) is scale(r, g) * (q(r, c) - zero(r, g)), g the group
/// of column c; or scale(r, g) * q(r, c), where q are floats of eight bits.
struct QuantisedMatrix {
    std::string place;  ///< What errors begin with: file and name.
    std::int64_t rows = 0;
    std::int64_t columns = 0;

    PackedIntegers values;  ///< Codes of E4M3, where `floats`.
    bool floats = false;
    std::optional<PackedIntegers> zeros;  ///< [rows, groups]
    std::int32_t zero = 0;                ///< More than `zeros`, or all of it where there are none.
    GroupScales scales;
    std::int64_t columns_a_group = 0;
    std::vector<std::int32_t> group_of;  ///< For each column; empty: neighbours share a group.

    /// Where all of it lies in the files.
    std::vector<gsl::span<const std::byte>> parts;

    std::int64_t group(std::int64_t column) const {
        return group_of.empty() ? column / columns_a_group
                                : group_of[static_cast<std::size_t>(column)];
    }

    /// What its rows are held as in memory: a type of 4 or 8 bits, where all columns of a block
    /// share a scale, and that of the scales otherwise, to which elements are then rounded.
    DataType held_as() const;

    /// Writes `wanted` rows of `elements`, as held_as(), one after the other. `elements` begin at a
    /// block. Throws std::runtime_error for a scale or a value that is not finite.
    void read(Range wanted, Range elements, std::byte* out) const;
};

}  // namespace aircomp::inference
