// SPDX-License-Identifier: GPL-3.0-or-later
// Recognises the small text that Git LFS leaves where a large file has not been fetched.
#pragma once

#include <cstddef>
#include <gsl/span>
#include <string>

namespace aircomp::inference {

/// Throws std::runtime_error, naming `file` and the remedy, where `contents` is such a pointer.
void refuse_lfs_pointer(gsl::span<const std::byte> contents, const std::string& file);

}  // namespace aircomp::inference
