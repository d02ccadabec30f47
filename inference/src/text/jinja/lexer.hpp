// SPDX-License-Identifier: GPL-3.0-or-later
// Cuts a template into the text between its tags and the words within them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aircomp::inference::jinja {

struct Word {
    enum class Kind {
        data,         ///< Text between tags, white space already taken off.
        print_begin,  ///< {{
        print_end,
        block_begin,  ///< {%
        block_end,
        name,
        text,
        integer,
        real,
        sign,  ///< Operators and brackets.
        end,
    };

    Kind kind;
    std::string text;  ///< Of data, names, signs and, without quotes and escapes, of text.
    int line;
    std::int64_t integer = 0;
    double real = 0;
};

/// All words of `text`, which is valid UTF-8; the last is `end`. White space at tags goes as under
/// Jinja's trim_blocks and lstrip_blocks. Throws std::runtime_error, naming `source` and the line,
/// for what is no template.
std::vector<Word> cut(std::string_view text, const std::string& source);

/// `SOURCE: line N: what`, thrown as std::runtime_error.
[[noreturn]] void fail_at(const std::string& source, int line, const std::string& what);

}  // namespace aircomp::inference::jinja
