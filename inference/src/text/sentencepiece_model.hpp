// SPDX-License-Identifier: GPL-3.0-or-later
// What a tokenizer.model says: SentencePiece's pieces and how it prepares text.
//
// The library itself is not used: Debian's carries a protocol buffer library of its own whose
// symbols displace those that libtorch loads, and a process with both does not start.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aircomp::inference {

struct SentencePiece {
    enum class Type { normal = 1, unknown = 2, control = 3, user_defined = 4, byte = 6 };

    std::string text;  ///< Spaces written as U+2581.
    float score = 0;   ///< The highest merges first.
    Type type = Type::normal;
};

struct SentencePieceModel {
    std::vector<SentencePiece> pieces;  ///< By id.
    bool space_before_text = true;
    std::string bos_piece = "<s>";
    std::string eos_piece = "</s>";
};

/// Reads the contents of a tokenizer.model. Throws std::runtime_error that starts with `file` for
/// what is not one; a kind of model or normalisation that is not implemented is refused by its
/// name.
SentencePieceModel read_sentencepiece_model(std::string_view contents, const std::string& file);

}  // namespace aircomp::inference
