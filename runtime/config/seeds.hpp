// SPDX-License-Identifier: GPL-3.0-or-later
// Seeds of everything that is drawn, from the experiment's one.
#pragma once

#include <cstdint>

namespace aircomp::runtime {

/// What a seed is for: one list, so that no two draws share theirs.
namespace seed_for {
enum Purpose : std::uint64_t {
    path_gains = 1,
    channels = 2,
    pilot_noise = 3,
    rotation = 4,  // the same wherever partials are rotated, devices in processes included
    symbol_noise = 5,
    fdma_noise = 6,
    calibration_tokens = 7,
    uplink_air = 10,
    link_partials = 11,
    radios = 12,
    radio_signs = 13,
    paths = 14,
    first_light_partials = 15,
    relay_angles = 16,
    relay_channels = 17,
    relay_pilot_noise = 18,
    hierarchical_noise = 19,
    residual_offsets = 20,
    dropouts = 21,
    downlink_air = 22,
    design_pilot_noise = 23,
    sensitivities = 24,
    copy_sensitivities = 25,
};
}  // namespace seed_for

/// A seed of its own for each purpose and index, from the experiment's.
std::uint64_t derive_seed(std::uint64_t seed, std::uint64_t purpose, std::uint64_t index = 0);

}  // namespace aircomp::runtime
