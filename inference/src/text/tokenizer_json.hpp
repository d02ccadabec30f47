// SPDX-License-Identifier: GPL-3.0-or-later
// Reads tokenizer.json, as Hugging Face's tokenizers write it.
#pragma once

#include "text/pipeline_tokenizer.hpp"
#include "weights/json_reader.hpp"

namespace aircomp::inference {

/// The definition in a tokenizer.json; `bos` is what its post-processor puts before a text, and
/// `eos` lies in other files. Throws std::runtime_error naming file, key, expected and found; a kind
/// of model or step that is not implemented is refused by its name.
TokenizerDefinition read_tokenizer_json(const JsonNode& document);

/// Whether a tokenizer.json has a vocabulary of its own. Some say only which tokens are added to the
/// tokenizer.model beside them.
bool has_vocabulary(const JsonNode& document);

/// One element of `added_tokens`, or a value of tokenizer_config.json's `added_tokens_decoder`.
AddedToken read_added_token(const JsonNode& token, Token id);

/// Adds `token` to the vocabulary, unless its content is one of the added tokens. `node` is what is
/// said to be wrong where its id belongs to another token.
void add_token(const AddedToken& token, const JsonNode& node, TokenizerDefinition& definition);

/// Adds the elements of `added_tokens`.
void read_added_tokens(const JsonNode& tokens, TokenizerDefinition& definition);

}  // namespace aircomp::inference
