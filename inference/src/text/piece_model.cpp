// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes as tokens, which both kinds of model fall back to.
#include "text/piece_model.hpp"

#include <algorithm>
#include <cstdint>

namespace aircomp::inference {

namespace {

constexpr std::string_view digits = "0123456789ABCDEF";

}  // namespace

std::string byte_piece(int byte) {
    return {'<',
            '0',
            'x',
            digits[static_cast<std::size_t>(byte / 16)],
            digits[static_cast<std::size_t>(byte % 16)],
            '>'};
}

std::optional<char> byte_of_piece(std::string_view piece) {
    if (piece.size() != 6 || piece.substr(0, 3) != "<0x" || piece.back() != '>') return {};
    const auto high = digits.find(piece[3]);
    const auto low = digits.find(piece[4]);
    if (high == std::string_view::npos || low == std::string_view::npos) return {};
    return static_cast<char>(16 * high + low);
}

ByteTokens::ByteTokens(const Vocabulary& vocabulary) {
    for (int byte = 0; byte < 256; ++byte) {
        const auto found = vocabulary.find(byte_piece(byte));
        if (found != vocabulary.end()) tokens_[static_cast<std::size_t>(byte)] = found->second;
    }
}

bool ByteTokens::append(std::string_view text, std::vector<Token>& tokens) const {
    const auto token_of = [&](char byte) { return tokens_[static_cast<std::uint8_t>(byte)]; };
    const bool has_all = std::all_of(text.begin(), text.end(),
                                     [&](char byte) { return token_of(byte).has_value(); });
    if (!has_all) return false;
    for (const char byte : text)
        tokens.push_back(*token_of(byte));
    return true;
}

}  // namespace aircomp::inference
