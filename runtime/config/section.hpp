// SPDX-License-Identifier: GPL-3.0-or-later
// What the header of a section needs to announce its table of keys (keys.hpp) and its checks.
#pragma once

#include <vector>

namespace aircomp::runtime {

template <typename Section>
struct Key;

/// The table of a section: every key once.
template <typename Section>
using Keys = std::vector<Key<Section>>;

class Checker;

constexpr int largest_antenna_count = 1024;

}  // namespace aircomp::runtime
