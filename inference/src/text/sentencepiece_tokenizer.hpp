// SPDX-License-Identifier: GPL-3.0-or-later
// SentencePiece's byte pair encoding as a tokenizer: that of Llama 2, Mistral and Gemma.
#pragma once

#include <string>

#include "text/pipeline_tokenizer.hpp"
#include "text/sentencepiece_model.hpp"

namespace aircomp::inference {

/// SentencePiece writes a space as U+2581 and puts one before the text (where the model was
/// trained so, as Llama's was), because the first word is to look like any other. The bytes of
/// all tokens joined are hence the text with a space before it; decode_text() takes it off. A
/// U+2581 in the text itself cannot be told from a space and becomes one. Control pieces such as
/// "</s>" are found in texts. Throws std::runtime_error that starts with `file` where a piece comes
/// twice.
TokenizerDefinition sentencepiece_definition(const SentencePieceModel& model,
                                             const std::string& file);

}  // namespace aircomp::inference
