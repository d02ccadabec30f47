// SPDX-License-Identifier: GPL-3.0-or-later
// Learns the merges of a byte-level BPE tokenizer from text (Sennrich et al., arXiv 1508.07909).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace aircomp::inference::tools {

/// How often each piece of the pre-tokenized text occurs.
using PieceCounts = std::unordered_map<std::string, std::int64_t>;

/// Two ids that become one. Ids 0..255 are bytes; merge i makes id 256 + i.
using Merge = std::pair<std::int32_t, std::int32_t>;

/// The `count` most frequent merges, greedily, the pair with the smallest ids first among equals;
/// fewer where no pair occurs twice any more.
std::vector<Merge> learn_merges(const PieceCounts& pieces, std::int64_t count);

/// `tokenizer.json` as Hugging Face's readers expect it: vocabulary of the 256 bytes, the merges,
/// then `special_tokens`, the first of which begins texts; pre-tokenizer `pattern`.
std::string tokenizer_json(const std::vector<Merge>& merges,
                           const std::vector<std::string>& special_tokens,
                           std::string_view pattern);

}  // namespace aircomp::inference::tools
