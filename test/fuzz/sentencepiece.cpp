// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes tokenizer.model and the encoder: any file is refused or gives a tokenizer whose
// tokens are in its vocabulary. An input is the text's length in one byte, the text, and the file.
#include <algorithm>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include "text/sentencepiece_tokenizer.hpp"

namespace {

using namespace aircomp::inference;

/// The 256 byte pieces, which an input may leave out to be short.
void add_bytes(SentencePieceModel& model) {
    std::set<std::string> present;
    for (const SentencePiece& piece : model.pieces)
        present.insert(piece.text);
    for (int byte = 0; byte < 256; ++byte) {
        constexpr const char* digits = "0123456789ABCDEF";
        const std::string name = {'<', '0', 'x', digits[byte / 16], digits[byte % 16], '>'};
        if (present.count(name) == 0) {
            model.pieces.push_back({name, 0, SentencePiece::Type::byte});
        }
    }
}

void check(const PipelineTokenizer& tokenizer, std::string_view text) {
    const std::vector<Token> tokens = tokenizer.encode(text);
    for (const Token token : tokens) {
        if (token < 0 || token >= tokenizer.size()) std::abort();
    }
    tokenizer.decode_text(tokens);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string_view text = input.substr(0, data[0]);
    try {
        SentencePieceModel model =
            read_sentencepiece_model(input.substr(text.size()), "tokenizer.model");
        add_bytes(model);
        check(PipelineTokenizer(sentencepiece_definition(model, "tokenizer.model")), text);
    } catch (const std::runtime_error&) {
        return 0;  // refused, as most inputs are
    }
    return 0;
}
