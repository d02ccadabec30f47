// SPDX-License-Identifier: GPL-3.0-or-later
// Text to token ids and back, from a model folder's tokenizer.json or tokenizer.model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aircomp::inference {

using Token = std::int32_t;

/// One tokenizer of a model folder; byte-level BPE and SentencePiece implement it.
class Tokenizer {
public:
    virtual ~Tokenizer() = default;

    /// Number of ids; every id that encode() returns lies in [0, size()).
    virtual Token size() const = 0;

    /// Ids of `text` (UTF-8), special tokens such as BOS neither added nor recognised in it.
    virtual std::vector<Token> encode(std::string_view text) const = 0;

    /// The bytes that `token` stands for, so that the bytes of consecutive tokens joined are the
    /// text; empty for special tokens. A multi-byte character may be spread over several tokens.
    /// Throws std::out_of_range for an id outside [0, size()).
    virtual std::string decode(Token token) const = 0;

    virtual std::optional<Token> bos() const = 0;
    virtual std::optional<Token> eos() const = 0;
};

/// Reads `tokenizer.json`, or `tokenizer.model` where there is none. Throws std::runtime_error
/// that names the file, the key, what was expected and found.
std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder);

/// A prefix of `text` that ends on a character boundary: what of a token stream can be printed.
std::string_view complete_utf8(std::string_view text);

}  // namespace aircomp::inference
