// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes tokenizer.json and the encoder: any file is refused or gives a tokenizer whose tokens are
// in its vocabulary. An input is a tokenizer.json, a zero byte, and the text.
#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "text/pipeline_tokenizer.hpp"
#include "text/tokenizer_json.hpp"
#include "weights/json_reader.hpp"

namespace {

using namespace aircomp::inference;

/// The 256 single bytes as tokens, which an input may leave out to be short: `"vocab": {}`.
void add_bytes(nlohmann::json& document) {
    static const nlohmann::json vocabulary = [] {
        // GPT-2's alphabet: printable Latin-1 as it is, the rest from U+0100 on.
        nlohmann::json tokens = nlohmann::json::object();
        int next = 0x100;
        for (int byte = 0; byte < 256; ++byte) {
            const bool own = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
            const int code_point = own ? byte : next++;
            std::string name;
            if (code_point < 0x80) {
                name = static_cast<char>(code_point);
            } else {
                name = {static_cast<char>(0xC0 | code_point >> 6),
                        static_cast<char>(0x80 | (code_point & 0x3F))};
            }
            tokens[name] = byte;
        }
        return tokens;
    }();
    if (!document.is_object() || !document.contains("model")) return;
    nlohmann::json& model = document["model"];
    if (!model.is_object() || !model.contains("vocab") || !model["vocab"].is_object()) return;
    for (const auto& [name, id] : vocabulary.items()) {
        if (!model["vocab"].contains(name)) model["vocab"][name] = id;
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
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::string_view json = input.substr(0, input.find('\0'));
    const std::string_view text = input.substr(std::min(size, json.size() + 1));
    try {
        nlohmann::json document = parse_json(json, "tokenizer.json");
        add_bytes(document);
        check(PipelineTokenizer(read_tokenizer_json(JsonNode(document, "tokenizer.json"))), text);
    } catch (const std::runtime_error&) {
        return 0;  // refused, as most inputs are
    }
    return 0;
}
