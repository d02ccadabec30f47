// SPDX-License-Identifier: GPL-3.0-or-later
// SentencePiece's byte pair encoding: spaces marked, characters merged, the unknown ones as bytes.
#include "text/sentencepiece_tokenizer.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <utility>

#include "text/utf8.hpp"

namespace aircomp::inference {

namespace {

using Type = SentencePiece::Type;

constexpr std::string_view space_mark = "\xE2\x96\x81";  // U+2581

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        const bool found = text.substr(at, from.size()) == from;
        result += found ? to : text.substr(at, 1);
        at += found ? from.size() : 1;
    }
    return result;
}

std::string byte_piece(int byte) {
    constexpr const char* digits = "0123456789ABCDEF";
    return {'<', '0', 'x', digits[byte / 16], digits[byte % 16], '>'};
}

}  // namespace

SentencePieceTokenizer::SentencePieceTokenizer(const SentencePieceModel& model,
                                               const std::string& file)
    : space_before_text_(model.space_before_text) {
    std::unordered_map<std::string, Token> reserved;  // pieces that no text is made of
    for (const SentencePiece& piece : model.pieces) {
        const Token id = SentencePieceTokenizer::size();
        const bool is_text = piece.type == Type::normal || piece.type == Type::user_defined;
        if (ids_.count(piece.text) + reserved.count(piece.text) != 0) {
            throw std::runtime_error(file + ": pieces[" + std::to_string(id) +
                                     "]: expected a piece not listed before");
        }
        (is_text ? ids_ : reserved).emplace(piece.text, id);
        text_.push_back(is_text ? replaced(piece.text, space_mark, " ") : "");
        if (piece.type == Type::user_defined) {
            user_defined_.emplace(piece.text, id);
            longest_user_defined_ = std::max(longest_user_defined_, piece.text.size());
        }
        if (piece.type == Type::control && piece.text == model.bos_piece) bos_ = id;
        if (piece.type == Type::control && piece.text == model.eos_piece) eos_ = id;
    }
    if (ids_.count(std::string(space_mark)) == 0) {
        throw std::runtime_error(file + ": pieces: expected the space, U+2581, found none");
    }
    for (int byte = 0; byte < 256; ++byte) {
        const auto found = reserved.find(byte_piece(byte));
        if (found == reserved.end() ||
            model.pieces[static_cast<std::size_t>(found->second)].type != Type::byte) {
            throw std::runtime_error(file + ": pieces: expected a piece for every byte, found no " +
                                     byte_piece(byte));
        }
        byte_tokens_.push_back(found->second);
        text_[static_cast<std::size_t>(found->second)] = static_cast<char>(byte);
    }
    add_merges(model);
}

/// Two neighbours merge where joined they are a piece: every way to cut a piece in two is a merge.
void SentencePieceTokenizer::add_merges(const SentencePieceModel& model) {
    std::map<float, std::uint32_t, std::greater<>> ranks;  // equal scores are equally early
    for (const SentencePiece& piece : model.pieces)
        ranks.emplace(piece.score, 0);
    std::uint32_t next = 0;
    for (auto& score : ranks)
        score.second = next++;

    for (const auto& [piece, id] : ids_) {
        const Merge merge{ranks.at(model.pieces[static_cast<std::size_t>(id)].score), id};
        for (std::size_t cut = 1; cut < piece.size(); ++cut) {
            const auto left = ids_.find(piece.substr(0, cut));
            if (left == ids_.end()) continue;
            const auto right = ids_.find(piece.substr(cut));
            if (right != ids_.end()) merges_[pair_key(left->second, right->second)] = merge;
        }
    }
}

/// Bytes of the longest user-defined piece that `text` starts with; 0 where there is none.
std::size_t SentencePieceTokenizer::user_defined_length(std::string_view text) const {
    for (std::size_t length = std::min(longest_user_defined_, text.size()); length > 0; --length) {
        if (user_defined_.count(std::string(text.substr(0, length))) != 0) return length;
    }
    return 0;
}

/// Appends the character's token or, where it is no piece, those of its bytes, which never merge.
void SentencePieceTokenizer::append(std::string_view character, std::vector<Token>& tokens) const {
    if (const auto piece = ids_.find(std::string(character)); piece != ids_.end()) {
        tokens.push_back(piece->second);
        return;
    }
    for (const char byte : character) {
        tokens.push_back(byte_tokens_[static_cast<std::uint8_t>(byte)]);
    }
}

std::vector<Token> SentencePieceTokenizer::encode(std::string_view text) const {
    require_utf8(text);
    if (text.empty()) return {};
    const std::string marked =
        (space_before_text_ ? std::string(space_mark) : "") + replaced(text, " ", space_mark);
    std::vector<Token> tokens;
    std::vector<Token> run;  // since the last user-defined piece, across which nothing merges
    PairMerger merger(merges_);
    const auto end_run = [&] {
        merger.merge(run);
        tokens.insert(tokens.end(), run.begin(), run.end());
        run.clear();
    };
    for (std::string_view rest = marked; !rest.empty();) {
        std::size_t length = user_defined_length(rest);
        if (length > 0) {
            end_run();
            tokens.push_back(user_defined_.at(std::string(rest.substr(0, length))));
        } else {
            length = utf8_length(rest.front());
            append(rest.substr(0, length), run);
        }
        rest.remove_prefix(length);
    }
    end_run();
    return tokens;
}

std::string SentencePieceTokenizer::decode(Token token) const {
    if (token < 0 || token >= size()) {
        throw std::out_of_range("token " + std::to_string(token) + ": expected 0 to " +
                                std::to_string(size() - 1));
    }
    return text_[static_cast<std::size_t>(token)];
}

std::string SentencePieceTokenizer::decode_text(gsl::span<const Token> tokens) const {
    std::string text = Tokenizer::decode_text(tokens);
    if (space_before_text_ && !text.empty() && text.front() == ' ') text.erase(0, 1);
    return text;
}

}  // namespace aircomp::inference
