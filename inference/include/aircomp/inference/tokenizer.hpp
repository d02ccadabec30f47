// SPDX-License-Identifier: GPL-3.0-or-later
// Text to token ids and back, from a model folder's tokenizer.json or tokenizer.model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <gsl/span>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aircomp/inference/model_config.hpp"

namespace aircomp::inference {

using Token = std::int32_t;

/// One tokenizer of a model folder; byte-level BPE and SentencePiece implement it.
class Tokenizer {
public:
    virtual ~Tokenizer() = default;

    /// Number of ids; every id that encode() returns lies in [0, size()).
    virtual Token size() const = 0;

    /// Ids of `text`, special tokens such as BOS neither added nor recognised in it. Throws
    /// std::runtime_error, with the offset, where `text` is not valid UTF-8.
    virtual std::vector<Token> encode(std::string_view text) const = 0;

    /// The bytes that `token` stands for, so that the bytes of consecutive tokens joined are the
    /// text; empty for special tokens. A multi-byte character may be spread over several tokens.
    /// SentencePiece models put a space before the text, which is then a part of the first token.
    /// Throws std::out_of_range for an id outside [0, size()).
    virtual std::string decode(Token token) const = 0;

    /// The text of a whole sequence: what encode() was given, as far as the tokenizer does not
    /// normalise text (Qwen2: Unicode form C). The space that SentencePiece adds is taken off.
    virtual std::string decode_text(gsl::span<const Token> tokens) const;

    /// What texts begin and end with, where the model has such tokens.
    virtual std::optional<Token> bos() const = 0;
    virtual std::optional<Token> eos() const = 0;
};

/// Reads `tokenizer.json` (byte-level BPE); or `tokenizer.model` (SentencePiece) where there is
/// none, or where it is only the latter converted, as in Llama 2's folders. BOS and EOS of a
/// tokenizer.json are those of tokenizer_config.json or, where that file or key is missing, of
/// config.json; a tokenizer.model has its own. Throws std::runtime_error that names the file, the
/// key, what was expected and found; what is not implemented is refused by its name.
std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder);

/// Throws std::runtime_error where the tokenizer has ids that the model has not. The reverse is
/// usual (embeddings are padded): ids from size() on have no text and are not to be sampled.
void require_same_vocabulary(const Tokenizer& tokenizer, const ModelConfig& config);

/// A prefix of `text` that ends on a character boundary: what of a token stream can be printed.
std::string_view complete_utf8(std::string_view text);

}  // namespace aircomp::inference
