// SPDX-License-Identifier: GPL-3.0-or-later
// Text to token ids and back, from tokenizer.json, tokenizer.model or a GGUF file.
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

/// The tokenizer of a model. Immutable; one object may serve many threads.
class Tokenizer {
public:
    virtual ~Tokenizer() = default;

    /// Number of ids; every id that encode() returns lies in [0, size()).
    virtual Token size() const = 0;

    /// Ids of `text`. Added tokens in it, such as "<|im_end|>", become their own ids; none is put
    /// before or behind. What no token and no byte of the vocabulary writes becomes its token for
    /// unknown text or, without one, is left out. Throws std::runtime_error, with the offset, where
    /// `text` is not valid UTF-8.
    virtual std::vector<Token> encode(std::string_view text) const = 0;

    /// The bytes that `token` stands for, so that the bytes of consecutive tokens joined are the
    /// text; empty for special tokens. A multi-byte character may be spread over several tokens.
    /// SentencePiece models put a space before the text, which is then a part of the first token.
    /// Throws std::out_of_range for an id outside [0, size()).
    virtual std::string decode(Token token) const = 0;

    /// The text of a whole sequence: what encode() was given, as far as the tokenizer does not
    /// normalise text (Qwen2: Unicode form C), leaves nothing out, and finds no special tokens in
    /// it. The space that SentencePiece adds is taken off.
    virtual std::string decode_text(gsl::span<const Token> tokens) const;

    /// The token as the vocabulary writes it, such as "Ġthe", "▁the" or "<s>": valid UTF-8; empty
    /// for an id that no token has. Throws std::out_of_range for an id outside [0, size()).
    virtual std::string piece(Token token) const = 0;

    /// What has to be put before a text, where the model's files say that something is.
    virtual std::optional<Token> bos() const = 0;
    /// What texts end with, where the model has such a token.
    virtual std::optional<Token> eos() const = 0;
};

/// Reads the tokenizer of a model: a GGUF file (the vocabulary alone is enough), or a folder's
/// `tokenizer.json`, or its `tokenizer.model` (SentencePiece) where there is no tokenizer.json with
/// a vocabulary. Tokens that tokenizer.json, tokenizer_config.json and added_tokens.json add join.
/// A text begins with a BOS where tokenizer_config.json says `add_bos_token`, else where
/// the post-processor of tokenizer.json puts it; a tokenizer.model's texts do, and a GGUF file says.
/// EOS is that of tokenizer_config.json or, where that file or key is missing, of config.json. Throws
/// std::runtime_error that names the file, the key, what was expected and found; what is not
/// implemented is refused by its name.
std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& model);

/// Throws std::runtime_error where the tokenizer has ids that the model has not. The reverse is
/// usual (embeddings are padded): ids from size() on have no text and are not to be sampled.
void require_same_vocabulary(const Tokenizer& tokenizer, const ModelConfig& config);

/// A prefix of `text` that ends on a character boundary: what of a token stream can be printed.
std::string_view complete_utf8(std::string_view text);

}  // namespace aircomp::inference
