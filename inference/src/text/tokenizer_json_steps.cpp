// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of a tokenizer.json by their names.
#include "text/tokenizer_json_steps.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <utility>

#include "text/byte_alphabet.hpp"
#include "text/piece_model.hpp"

namespace aircomp::inference {

namespace {

/// Readers of one kind of step, by the step's `type`.
template <typename Result>
using Readers = std::map<std::string, std::function<void(const JsonNode&, Result&)>>;

template <typename Result>
void read_by_type(const JsonNode& node, Result& result, const Readers<Result>& readers) {
    const JsonNode type = node.at("type");
    const auto reader = readers.find(type.text());
    if (reader != readers.end()) return reader->second(node, result);
    std::string names;
    for (const auto& known : readers)
        names += (names.empty() ? "" : ", ") + known.first;
    type.fail("one of " + names);
}

/// The reader of a sequence, whose steps lie in the array `key`.
template <typename Result>
std::function<void(const JsonNode&, Result&)> each_of(const char* key,
                                                      void (*read)(const JsonNode&, Result&)) {
    return [key, read](const JsonNode& node, Result& result) {
        const JsonNode steps = node.at(key);
        for (std::size_t i = 0; i < steps.array_size(); ++i)
            read(steps.element(i), result);
    };
}

bool flag(const JsonNode& node, const char* key, bool where_missing) {
    const auto value = node.find(key);
    return value ? value->boolean() : where_missing;
}

Regex read_pattern(const JsonNode& node) {
    const JsonNode pattern = node.at("pattern");
    if (const auto text = pattern.find("String")) return Regex::literal(text->text());
    const JsonNode expression = pattern.at("Regex");
    try {
        return Regex(expression.text());
    } catch (const std::runtime_error& error) {
        expression.fail(std::string("a regular expression (") + error.what() + ")");
    }
}

Delimiter read_behavior(const JsonNode& behavior) {
    static const std::map<std::string, Delimiter> names = {
        {"Removed", Delimiter::removed},
        {"Isolated", Delimiter::isolated},
        {"MergedWithPrevious", Delimiter::merged_with_previous},
        {"MergedWithNext", Delimiter::merged_with_next},
        {"Contiguous", Delimiter::contiguous}};
    const auto found = names.find(behavior.text());
    if (found != names.end()) return found->second;
    behavior.fail("Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous");
}

void add_byte_level(const JsonNode& node, std::vector<CutStep>& steps) {
    if (node.at("add_prefix_space").boolean()) steps.push_back(prefix_space());
    if (flag(node, "use_regex", true)) {
        steps.push_back(cut_by(Regex(gpt2_pattern), Delimiter::isolated, false));
    }
    steps.push_back(byte_alphabet());
}

/// Newer files have `prepend_scheme`, older ones `add_prefix_space`.
PrependScheme read_scheme(const JsonNode& node) {
    const auto scheme = node.find("prepend_scheme");
    if (!scheme) {
        return flag(node, "add_prefix_space", true) ? PrependScheme::always : PrependScheme::never;
    }
    if (scheme->text() == "always") return PrependScheme::always;
    if (scheme->text() == "first") return PrependScheme::first;
    if (scheme->text() != "never") scheme->fail("\"always\", \"first\" or \"never\"");
    return PrependScheme::never;
}

std::string read_mark(const JsonNode& node) {
    const JsonNode mark = node.at("replacement");
    if (mark.text().empty()) mark.fail("a character");
    return mark.text();
}

void add_metaspace(const JsonNode& node, std::vector<CutStep>& steps) {
    steps.push_back(metaspace(read_mark(node), read_scheme(node), flag(node, "split", true)));
}

void add_split(const JsonNode& node, std::vector<CutStep>& steps) {
    steps.push_back(cut_by(read_pattern(node), read_behavior(node.at("behavior")),
                           flag(node, "invert", false)));
}

void add_digits(const JsonNode& node, std::vector<CutStep>& steps) {
    const bool each = node.at("individual_digits").boolean();
    steps.push_back(
        cut_by(Regex("\\p{N}"), each ? Delimiter::isolated : Delimiter::contiguous, false));
}

void add_punctuation(const JsonNode& node, std::vector<CutStep>& steps) {
    const auto behavior = node.find("behavior");
    steps.push_back(cut_by(Regex("[!-/:-@\\[-`{-~\\p{P}]"),
                           behavior ? read_behavior(*behavior) : Delimiter::isolated, false));
}

void add_whitespace(const JsonNode&, std::vector<CutStep>& steps) {
    // The words of this step have joiners in them, but no numbers such as one half.
    const std::string letters =
        "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}\\x{24B6}-\\x{24E9}\\x{200C}\\x{200D}";
    steps.push_back(cut_by(Regex("[" + letters + "]+|[^" + letters + "\\s]+"), Delimiter::removed,
                           /*invert=*/true));
}

void add_whitespace_split(const JsonNode&, std::vector<CutStep>& steps) {
    steps.push_back(cut_by(Regex("\\s"), Delimiter::removed, false));
}

TextStep from_byte_alphabet() {
    return [](const std::string& text) {
        auto bytes = bytes_from_alphabet(text);
        return bytes ? *std::move(bytes) : text;
    };
}

TextStep from_byte_piece() {
    return [](const std::string& text) {
        const auto byte = byte_of_piece(text);
        return byte ? std::string(1, *byte) : text;
    };
}

void add_metaspace_decoder(const JsonNode& node, Decoder& decoder) {
    decoder.steps.push_back(replace(Regex::literal(read_mark(node)), " "));
    decoder.takes_off_space = read_scheme(node) != PrependScheme::never;
}

void add_strip_decoder(const JsonNode& node, Decoder& decoder) {
    if (node.at("content").text() != " ") node.at("content").fail("\" \"");
    decoder.takes_off_space = node.at("start").integer(0, 1) == 1;
    node.at("stop").integer(0, 0);
}

using FirstToken = std::optional<std::int64_t>;

constexpr std::int64_t largest_id = (1 << 21) - 1;

/// "single" lists special tokens and, once, the text.
void read_template(const JsonNode& node, FirstToken& first) {
    const JsonNode parts = node.at("single");
    for (std::size_t i = 0; i < parts.array_size(); ++i) {
        const JsonNode part = parts.element(i);
        if (part.find("Sequence")) return;
        const JsonNode name = part.at("SpecialToken").at("id");
        const JsonNode ids = node.at("special_tokens").at(name.text()).at("ids");
        if (first || ids.array_size() != 1) parts.fail("at most one token before the text");
        first = ids.element(0).integer(0, largest_id);
    }
}

/// ["<s>", 0]
void read_classifier(const JsonNode& node, FirstToken& first) {
    first = node.at("cls").element(1).integer(0, largest_id);
}

void read_post_processor(const JsonNode& node, FirstToken& first) {
    static const Readers<FirstToken> readers = {
        {"ByteLevel", [](const JsonNode&, FirstToken&) {}},  // it moves offsets alone
        {"TemplateProcessing", read_template},
        {"RobertaProcessing", read_classifier},
        {"BertProcessing", read_classifier},
        {"Sequence", each_of("processors", read_post_processor)}};
    read_by_type(node, first, readers);
}

}  // namespace

void read_normalizer(const JsonNode& normalizer, std::vector<TextStep>& steps) {
    using Steps = std::vector<TextStep>;
    const auto form = [](NormalizationForm kind) {
        return [kind](const JsonNode&, Steps& to) { to.push_back(normalize(kind)); };
    };
    static const Readers<Steps> readers = {
        {"NFC", form(NormalizationForm::c)},
        {"NFD", form(NormalizationForm::d)},
        {"NFKC", form(NormalizationForm::kc)},
        {"NFKD", form(NormalizationForm::kd)},
        {"Lowercase", [](const JsonNode&, Steps& to) { to.push_back(lowercase()); }},
        {"StripAccents", [](const JsonNode&, Steps& to) { to.push_back(strip_accents()); }},
        {"Strip",
         [](const JsonNode& node, Steps& to) {
             to.push_back(strip(node.at("strip_left").boolean(), node.at("strip_right").boolean()));
         }},
        {"Prepend",
         [](const JsonNode& node, Steps& to) { to.push_back(prepend(node.at("prepend").text())); }},
        {"Replace",
         [](const JsonNode& node, Steps& to) {
             to.push_back(replace(read_pattern(node), node.at("content").text()));
         }},
        {"Sequence", each_of("normalizers", read_normalizer)}};
    read_by_type(normalizer, steps, readers);
}

void read_pre_tokenizer(const JsonNode& pre_tokenizer, std::vector<CutStep>& steps) {
    static const Readers<std::vector<CutStep>> readers = {
        {"ByteLevel", add_byte_level},
        {"Metaspace", add_metaspace},
        {"Split", add_split},
        {"Digits", add_digits},
        {"Punctuation", add_punctuation},
        {"Whitespace", add_whitespace},
        {"WhitespaceSplit", add_whitespace_split},
        {"Sequence", each_of("pretokenizers", read_pre_tokenizer)}};
    read_by_type(pre_tokenizer, steps, readers);
}

void read_decoder(const JsonNode& decoder, Decoder& result) {
    static const Readers<Decoder> readers = {
        {"ByteLevel",
         [](const JsonNode&, Decoder& steps) { steps.steps.push_back(from_byte_alphabet()); }},
        {"ByteFallback",
         [](const JsonNode&, Decoder& steps) { steps.steps.push_back(from_byte_piece()); }},
        {"Fuse", [](const JsonNode&, Decoder&) {}},  // bytes of tokens are joined anyway
        {"Metaspace", add_metaspace_decoder},
        {"Replace",
         [](const JsonNode& node, Decoder& steps) {
             steps.steps.push_back(replace(read_pattern(node), node.at("content").text()));
         }},
        {"Strip", add_strip_decoder},
        {"Sequence", each_of("decoders", read_decoder)}};
    read_by_type(decoder, result, readers);
}

Decoder decoder_of(const JsonNode& pre_tokenizer) {
    if (pre_tokenizer.at("type").text() == "ByteLevel") return {{from_byte_alphabet()}, false};
    const auto steps = pre_tokenizer.find("pretokenizers");
    for (std::size_t i = 0; steps && i < steps->array_size(); ++i) {
        Decoder decoder = decoder_of(steps->element(i));
        if (!decoder.steps.empty()) return decoder;
    }
    return {};
}

std::optional<std::int64_t> read_first_token(const JsonNode& post_processor) {
    FirstToken first;
    read_post_processor(post_processor, first);
    return first;
}

}  // namespace aircomp::inference
