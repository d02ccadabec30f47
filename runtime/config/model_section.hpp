// SPDX-License-Identifier: GPL-3.0-or-later
// The section model: which model, and how much of it fits.
#pragma once

#include <cstdint>
#include <filesystem>

#include "config/section.hpp"

namespace aircomp::runtime {

struct ModelSettings {
    /// A well-known model by name, for figures that need no weights; where there is no folder.
    std::string dimensions;
    std::filesystem::path folder;  ///< In a file, relative to that file; empty: named elsewhere.
    std::int64_t context = 0;      ///< 0: the model's own.
    std::int64_t prefill_chunk = 256;
};

const Keys<ModelSettings>& model_keys();

}  // namespace aircomp::runtime
