// SPDX-License-Identifier: GPL-3.0-or-later
// How everything that is written reaches its file.
#pragma once

#include <filesystem>
#include <gsl/span>
#include <string>
#include <string_view>

namespace aircomp::inference {

/// Writes the pieces, one behind the other, into `file`; missing folders are made.
///
/// A regular file appears whole or not at all, and keeps the mode and the owner that it had. A link
/// stays, and what it refers to gets the text. Devices, FIFOs and this process's own descriptors
/// (/dev/stdout, /dev/fd/3) are written through.
///
/// Throws std::runtime_error "FILE: cannot be written: WHY", or for a folder "FILE: is a folder,
/// expected a file".
void write_whole(const std::filesystem::path& file, gsl::span<const std::string_view> pieces);

/// The same for one text.
void write_whole(const std::filesystem::path& file, const std::string& text);

}  // namespace aircomp::inference
