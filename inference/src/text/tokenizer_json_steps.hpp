// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of a tokenizer.json around its model: normaliser, pre-tokenizer, decoder, post-processor.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "text/cutting.hpp"
#include "text/normalizer.hpp"
#include "weights/json_reader.hpp"

namespace aircomp::inference {

// Each throws std::runtime_error naming file, key, expected and found.

void read_normalizer(const JsonNode& normalizer, std::vector<TextStep>& steps);
void read_pre_tokenizer(const JsonNode& pre_tokenizer, std::vector<CutStep>& steps);

/// From what the vocabulary writes for a token to the bytes that it stands for.
struct Decoder {
    std::vector<TextStep> steps;
    bool takes_off_space = false;
};
void read_decoder(const JsonNode& decoder, Decoder& result);

/// The decoder that a file without one means: that of bytes, where text is cut into bytes.
Decoder decoder_of(const JsonNode& pre_tokenizer);

/// The id that is put before a text, or nothing. What is put behind it is left out: a text is there
/// to be continued.
std::optional<std::int64_t> read_first_token(const JsonNode& post_processor);

}  // namespace aircomp::inference
