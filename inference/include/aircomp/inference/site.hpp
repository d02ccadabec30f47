// SPDX-License-Identifier: GPL-3.0-or-later
// Where in the model the partials of all devices must be summed before it can go on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace aircomp::inference {

/// What a layer computes before each of its sums; a block is attention and MLP together, of models
/// where both read the same stream.
enum class SiteKind { attention, mlp, block };

/// All of them, in the order of their values.
constexpr std::array<SiteKind, 3> site_kinds = {SiteKind::attention, SiteKind::mlp,
                                                SiteKind::block};

/// "attention", "mlp" or "block", as configurations and results have it.
const char* name_of(SiteKind kind);

/// One sum of a token's way through a model; ModelConfig::site() tells which there are.
struct Site {
    std::int64_t layer = 0;
    SiteKind kind = SiteKind::attention;
    std::size_t index = 0;  ///< Place in a token's order of sums, from 0.
};

}  // namespace aircomp::inference
