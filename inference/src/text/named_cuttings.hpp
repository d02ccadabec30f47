// SPDX-License-Identifier: GPL-3.0-or-later
// What GGUF's tokenizer.ggml.pre names: how a byte-level vocabulary's text is cut.
#pragma once

#include <string>
#include <vector>

namespace aircomp::inference {

struct NamedCutting {
    std::vector<std::string> patterns;  ///< Each cuts the pieces that the one before it made.
    bool ignore_merges = false;         ///< A piece that is a token is not built from merges.
    bool begins_with_bos = false;       ///< Where the file does not say.
};

/// Throws std::runtime_error that lists the names known.
NamedCutting named_cutting(const std::string& name);

}  // namespace aircomp::inference
