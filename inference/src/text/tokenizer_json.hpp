// SPDX-License-Identifier: GPL-3.0-or-later
// Reads Hugging Face's tokenizer.json as far as byte-level BPE needs it.
#pragma once

#include "text/bpe_tokenizer.hpp"
#include "weights/json_reader.hpp"

namespace aircomp::inference {

/// The definition in a tokenizer.json, without `bos` and `eos`, which lie in other files. Throws
/// std::runtime_error naming file, key, expected and found; a kind of model, normaliser or
/// pre-tokenizer that is not implemented is refused by its name.
BpeDefinition read_tokenizer_json(const JsonNode& document);

/// Whether a tokenizer.json is a SentencePiece model in other clothes (Unigram, or BPE that falls
/// back to bytes): its `tokenizer.model` says the same.
bool is_converted_sentencepiece(const JsonNode& document);

}  // namespace aircomp::inference
