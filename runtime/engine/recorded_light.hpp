// SPDX-License-Identifier: GPL-3.0-or-later
// First light that is recorded, and first light over a recording: the same rounds, designs and sums
// without radios.
#pragma once

#include <filesystem>
#include <functional>

#include "engine/first_light.hpp"
#include "radio/recording_file.hpp"

namespace aircomp::runtime {

/// first_light(), whose radios are recorded under `base`. Throws as it does, and
/// std::runtime_error where a radio's samples are computed elsewhere or a file cannot be written.
FirstLightReport record_first_light(
    const Config& config, FirstLightOptions options, const std::filesystem::path& base,
    const std::function<void(const FirstLightRound&)>& progress = nullptr);

/// One replayed sum beside the recorded one.
struct ReplayedSum {
    FirstLightRound replayed;
    RecordedSum recorded;
    bool equal = false;  ///< Bit by bit.
};

/// Both ends of the recorded rounds, over the recorded samples. Throws std::runtime_error where the
/// recording is not whole, or the rounds go another way than it says.
std::vector<ReplayedSum> replay_first_light(const std::filesystem::path& base);

}  // namespace aircomp::runtime
