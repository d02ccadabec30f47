// SPDX-License-Identifier: GPL-3.0-or-later
// Seeds by seed_seq.
#include "config/seeds.hpp"

#include <random>

namespace aircomp::runtime {

std::uint64_t derive_seed(std::uint64_t seed, std::uint64_t purpose, std::uint64_t index) {
    std::seed_seq sequence{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                           static_cast<std::uint32_t>(purpose), static_cast<std::uint32_t>(index),
                           static_cast<std::uint32_t>(index >> 32)};
    std::uint32_t words[2];
    sequence.generate(words, words + 2);
    return static_cast<std::uint64_t>(words[0]) << 32 | words[1];
}

}  // namespace aircomp::runtime
