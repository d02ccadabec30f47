// SPDX-License-Identifier: GPL-3.0-or-later
// SentencePiece pieces as the bytes that they stand for.
#include "sentencepiece_tokenizer.hpp"

#include <fstream>
#include <stdexcept>

#include "utf8.hpp"

namespace aircomp::inference {

namespace {

constexpr std::string_view space_mark = "\xE2\x96\x81";  // U+2581

std::string with_spaces(std::string_view piece) {
    std::string text;
    for (std::size_t at = 0; at < piece.size();) {
        if (piece.substr(at, space_mark.size()) == space_mark) {
            text += ' ';
            at += space_mark.size();
        } else {
            text += piece[at++];
        }
    }
    return text;
}

std::string byte_piece(int byte) {
    constexpr const char* digits = "0123456789ABCDEF";
    return {'<', '0', 'x', digits[byte / 16], digits[byte % 16], '>'};
}

std::optional<Token> if_any(int id) {
    return id < 0 ? std::nullopt : std::optional<Token>(id);
}

}  // namespace

SentencePieceTokenizer::SentencePieceTokenizer(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    const std::string model((std::istreambuf_iterator<char>(stream)), {});
    if (!stream) throw std::runtime_error(file.string() + ": cannot be read");
    const auto status = processor_.LoadFromSerializedProto(model);
    if (!status.ok()) {
        throw std::runtime_error(file.string() +
                                 ": expected a SentencePiece model, found: " + status.ToString());
    }
    for (int byte = 0; byte < 256; ++byte) {
        if (!processor_.IsByte(processor_.PieceToId(byte_piece(byte)))) {
            throw std::runtime_error(
                file.string() + ": expected a piece for every byte, found no " + byte_piece(byte));
        }
    }
    const std::vector<Token> probe = encode("a");
    space_before_text_ = !probe.empty() && decode(probe.front()).substr(0, 1) == " ";
}

Token SentencePieceTokenizer::size() const {
    return processor_.GetPieceSize();
}

std::vector<Token> SentencePieceTokenizer::encode(std::string_view text) const {
    require_utf8(text);
    std::vector<Token> tokens;
    const auto status = processor_.Encode({text.data(), text.size()}, &tokens);
    if (!status.ok()) throw std::runtime_error("text: cannot be encoded: " + status.ToString());
    return tokens;
}

std::string SentencePieceTokenizer::decode(Token token) const {
    if (token < 0 || token >= size()) {
        throw std::out_of_range("token " + std::to_string(token) + ": expected 0 to " +
                                std::to_string(size() - 1));
    }
    if (processor_.IsControl(token) || processor_.IsUnknown(token) || processor_.IsUnused(token)) {
        return "";
    }
    const std::string& piece = processor_.IdToPiece(token);
    if (processor_.IsByte(token)) {
        return std::string(1, static_cast<char>(std::stoi(piece.substr(3, 2), nullptr, 16)));
    }
    return with_spaces(piece);
}

std::string SentencePieceTokenizer::decode_text(gsl::span<const Token> tokens) const {
    std::string text = Tokenizer::decode_text(tokens);
    if (space_before_text_ && !text.empty() && text.front() == ' ') text.erase(0, 1);
    return text;
}

std::optional<Token> SentencePieceTokenizer::bos() const {
    return if_any(processor_.bos_id());
}

std::optional<Token> SentencePieceTokenizer::eos() const {
    return if_any(processor_.eos_id());
}

}  // namespace aircomp::inference
