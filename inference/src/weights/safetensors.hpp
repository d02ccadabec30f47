// SPDX-License-Identifier: GPL-3.0-or-later
// The safetensors container: eight bytes of header length, a JSON header, the tensors' bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <gsl/span>
#include <map>
#include <string>
#include <vector>

namespace aircomp::inference {

/// One tensor as the header describes it, checked.
struct SafetensorsEntry {
    std::string name;
    std::string type;  ///< As the file calls it: `F32`, `BF16`, `I64`, ...
    std::vector<std::int64_t> shape;
    gsl::span<const std::byte> bytes;  ///< Within the file that was given.
};

/// The entries of a whole file, in the order of their bytes. Reads nothing beyond the header.
/// Everything the format promises is checked: the lengths, the JSON (starts with `{`, UTF-8, no
/// key twice), types, shapes whose product is the byte count, offsets that run from the header's
/// end to the file's without gap or overlap. Throws std::runtime_error that starts with `file`.
std::vector<SafetensorsEntry> parse_safetensors(gsl::span<const std::byte> contents,
                                                const std::string& file);

/// What the header says of the file besides its tensors. Throws as above, where the header is wrong.
std::map<std::string, std::string> safetensors_metadata(gsl::span<const std::byte> contents,
                                                        const std::string& file);

/// Shape as errors print it: `[256, 64]`.
std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace aircomp::inference
