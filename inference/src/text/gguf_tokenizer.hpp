// SPDX-License-Identifier: GPL-3.0-or-later
// The tokenizer within a GGUF file.
#pragma once

#include "text/pipeline_tokenizer.hpp"
#include "weights/gguf.hpp"

namespace aircomp::inference {

/// From the keys `tokenizer.ggml.*`: byte-level BPE (`gpt2`, with the name of its pre-tokenizer),
/// SentencePiece's (`llama`) and Gemma 4's (`gemma4`). Control and user-defined tokens are found in
/// texts. Throws std::runtime_error naming file, key, expected and found; another kind is refused by
/// its name.
TokenizerDefinition read_gguf_tokenizer(const GgufMetadata& metadata);

}  // namespace aircomp::inference
