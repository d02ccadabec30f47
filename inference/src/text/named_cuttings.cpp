// SPDX-License-Identifier: GPL-3.0-or-later
// The table of names: each family's patterns as its tokenizer.json has them.
#include "text/named_cuttings.hpp"

#include <initializer_list>
#include <map>
#include <stdexcept>

#include "text/cutting.hpp"

namespace aircomp::inference {

namespace {

// What the patterns of most families are made of.
const std::string endings = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const std::string words = endings + R"(|[^\r\n\p{L}\p{N}]?\p{L}+)";
const std::string white_space = R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";
const std::string rest = R"(| ?[^\s\p{L}\p{N}]+[\r\n]*)" + white_space;
const std::string rest_with_slash = R"(| ?[^\s\p{L}\p{N}]+[\r\n/]*)" + white_space;
const std::string capital = R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])";
const std::string small = R"([\p{Ll}\p{Lm}\p{Lo}\p{M}])";

/// Words that capitals begin, each with `ending`.
std::string words_by_case(const std::string& ending) {
    return capital + "*" + small + "+" + ending + "|" + capital + "+" + small + "*" + ending;
}

const std::string llama3 = words + R"(|\p{N}{1,3})" + rest;
const std::string qwen2 = words + R"(|\p{N})" + rest;
const std::string minicpm5 = words + R"(|\p{N}+)" + rest;
const std::string qwen35 = endings + R"(|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N})" +
                           R"(| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*)" + white_space;
const std::string tekken = words_by_case("") + R"(|\p{N})" + rest_with_slash;
const std::string gpt4o = words_by_case(endings + "?") + R"(|\p{N}{1,3})" + rest_with_slash;
const std::string bailing =
    R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|)"
    R"(\s*[\r\n]|\s+(?!\S)|\s+)";
const std::string seed_coder = words + R"(|\p{N}| ?[^\s\p{L}\p{N}\r\n]+)" + white_space;
const std::string exaone_moe = endings +
                               R"(|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}|)"
                               R"( ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+)";
const std::string bloom = R"( ?[^(\s|.,!?\x{2026}\x{3002}\x{FF0C}\x{3001}\x{964}\x{6D4}\x{60C})]+)";
const std::string deepseek3 =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|)"
    R"( ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
const std::string chinese_and_japanese = R"([\x{4E00}-\x{9FA5}\x{3040}-\x{30FF}]+)";
const std::string chinese_and_korean = R"([\x{4E00}-\x{9FA5}\x{800}-\x{4E00}\x{AC00}-\x{D7FF}]+)";
const std::string deepseek_letters =
    R"(\s?[)"
    R"(A-Za-z\x{B5}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1BA}\x{1BC}-\x{1BF}\x{1C4}-\x{293})"
    R"(\x{295}-\x{2AF}\x{370}-\x{373}\x{376}\x{377}\x{37B}-\x{37D}\x{37F}\x{386})"
    R"(\x{388}-\x{38A}\x{38C}\x{38E}-\x{3A1}\x{3A3}-\x{3F5}\x{3F7}-\x{481}\x{48A}-\x{52F})"
    R"(\x{531}-\x{556}\x{10A0}-\x{10C5}\x{13A0}-\x{13F5}\x{13F8}-\x{13FD})"
    R"(\x{1C90}-\x{1CBA}\x{1CBD}-\x{1CBF}\x{1D00}-\x{1D2B}\x{1D6B}-\x{1D77})"
    R"(\x{1D79}-\x{1D9A}\x{1E00}-\x{1F15}\x{1F18}-\x{1F1D}\x{1F20}-\x{1F45})"
    R"(\x{1F48}-\x{1F4D}\x{1F50}-\x{1F57}\x{1F59}\x{1F5B}\x{1F5D}\x{1F5F}-\x{1F7D})"
    R"(\x{1F80}-\x{1FB4}\x{1FB6}-\x{1FBC}\x{1FBE}\x{1FC2}-\x{1FC4}\x{1FC6}-\x{1FCC})"
    R"(\x{1FD0}-\x{1FD3}\x{1FD6}-\x{1FDB}\x{1FE0}-\x{1FEC}\x{1FF2}-\x{1FF4})"
    R"(\x{1FF6}-\x{1FFC}\x{2102}\x{2107}\x{210A}-\x{2113}\x{2115}\x{2119}-\x{211D})"
    R"(\x{2124}\x{2126}\x{2128}\x{212A}-\x{212D}\x{212F}-\x{2134}\x{2139})"
    R"(\x{213C}-\x{213F}\x{2145}-\x{2149}\x{214E}\x{2183}\x{2184}\x{2C00}-\x{2C7B})"
    R"(\x{2C7E}-\x{2CE4}\x{2CEB}-\x{2CEE}\x{2CF2}\x{2CF3}\x{A640}-\x{A66D})"
    R"(\x{A680}-\x{A69B}\x{A722}-\x{A76F}\x{A771}-\x{A787}\x{A78B}-\x{A78E})"
    R"(\x{AB70}-\x{ABBF}\x{FB00}-\x{FB06}\x{FB13}-\x{FB17}\x{FF21}-\x{FF3A})"
    R"(\x{FF41}-\x{FF5A}\x{10400}-\x{1044F}\x{104B0}-\x{104D3}\x{104D8}-\x{104FB})"
    R"(\x{10C80}-\x{10CB2}\x{10CC0}-\x{10CF2}\x{118A0}-\x{118DF}\x{1E900}-\x{1E943})"
    R"(]+)";
const std::string deepseek_marks =
    R"(\s?[!-/:-~\x{FF01}-\x{FF0F}\x{FF1A}-\x{FF5E}\x{2018}-\x{201F}\x{3000}-\x{3002}]+)";
const std::string number = R"(\p{N})";
const std::string three_digits = "[0-9][0-9][0-9]";
const std::string line_end = R"([\r\n])";

std::map<std::string, NamedCutting> make_table() {
    const std::string gpt2(gpt2_pattern);
    std::map<std::string, NamedCutting> table;
    const auto add = [&](std::initializer_list<const char*> names, const NamedCutting& cutting) {
        for (const char* name : names)
            table.emplace(name, cutting);
    };
    add({"default"}, {{R"([\p{P}$+<=>^~|]+)", gpt2, R"(\p{N}+)", three_digits}});
    add({"llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"},
        {{llama3}, true, true});
    add({"dbrx", "smaug-bpe", "chatglm-bpe"}, {{llama3}});
    add({"glm4", "glm5"}, {{llama3}, true});
    add({"minicpm5"}, {{R"(\p{N}{1,3})", minicpm5}, true});
    add({"gpt-2", "phi-2", "gigachat", "a.x-4.0", "mellum", "mpt", "olmo", "jais", "trillion",
         "granite-docling", "exaone4"},
        {{gpt2}});
    add({"starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b",
         "mellum2"},
        {{number, gpt2}});
    add({"falcon"}, {{R"([\p{P}$+<=>^~|`]+)", gpt2, three_digits}});
    add({"qwen2", "deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan", "grok-2", "solar-open"},
        {{qwen2}});
    add({"qwen35"}, {{qwen35}});
    add({"tekken"}, {{tekken}, true, true});
    add({"gpt-4o", "llama4", "kanana2", "minimax-m2"}, {{gpt4o}});
    add({"bailingmoe", "bailingmoe2", "llada-moe"}, {{bailing}});
    add({"seed-coder"}, {{seed_coder}});
    add({"exaone-moe"}, {{exaone_moe}});
    add({"bloom", "poro-chat", "gpt3-finnish"}, {{bloom}});
    add({"viking"}, {{bloom, number}});
    add({"deepseek-llm"},
        {{line_end, deepseek_letters, deepseek_marks, R"(\s+$)", chinese_and_korean, R"(\p{N}+)"}});
    add({"deepseek-coder"},
        {{line_end, R"(\s?\p{L}+)", R"(\s?\p{P}+)", chinese_and_korean, number}});
    add({"deepseek-v3", "hunyuan-dense"}, {{R"(\p{N}{1,3})", chinese_and_japanese, deepseek3}});
    return table;
}

}  // namespace

NamedCutting named_cutting(const std::string& name) {
    static const std::map<std::string, NamedCutting> table = make_table();
    const auto found = table.find(name);
    if (found != table.end()) return found->second;
    std::string names;
    for (const auto& known : table)
        names += (names.empty() ? "" : ", ") + known.first;
    throw std::runtime_error("one of " + names);
}

}  // namespace aircomp::inference
