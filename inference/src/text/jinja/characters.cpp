// SPDX-License-Identifier: GPL-3.0-or-later
// Code points, white space and case; case is ICU's.
#include "text/jinja/characters.hpp"

#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "text/utf8.hpp"

namespace aircomp::inference::jinja {
namespace {

bool ends_line(char32_t c) {
    return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
           c == 0x2029;
}

icu::UnicodeString to_icu(std::string_view text) {
    return icu::UnicodeString::fromUTF8(
        icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
}

std::string from_icu(const icu::UnicodeString& text) {
    std::string bytes;
    return text.toUTF8String(bytes);
}

/// Python's str.isprintable() of one character.
bool is_printable(char32_t c) {
    switch (u_charType(static_cast<UChar32>(c))) {
        case U_UNASSIGNED:
        case U_CONTROL_CHAR:
        case U_FORMAT_CHAR:
        case U_PRIVATE_USE_CHAR:
        case U_SURROGATE:
        case U_LINE_SEPARATOR:
        case U_PARAGRAPH_SEPARATOR:
            return false;
        case U_SPACE_SEPARATOR:
            return c == ' ';
        default:
            return true;
    }
}

std::string escaped(char32_t c) {
    std::array<char, 16> buffer;
    const char* format = c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x";
    std::snprintf(buffer.data(), buffer.size(), format, static_cast<unsigned>(c));
    return buffer.data();
}

std::vector<std::string> words(std::string_view text, std::int64_t most) {
    std::vector<std::string> parts;
    const std::u32string all = code_points(text);
    std::size_t at = 0;
    while (true) {
        while (at < all.size() && is_space(all[at]))
            ++at;
        if (at == all.size()) return parts;
        if (most >= 0 && static_cast<std::int64_t>(parts.size()) == most) {
            parts.push_back(utf8(std::u32string_view(all).substr(at)));
            return parts;
        }
        std::size_t end = at;
        while (end < all.size() && !is_space(all[end]))
            ++end;
        parts.push_back(utf8(std::u32string_view(all).substr(at, end - at)));
        at = end;
    }
}

}  // namespace

std::u32string code_points(std::string_view text) {
    std::u32string points;
    points.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t size = utf8_length(text[i]);
        constexpr std::array<unsigned, 5> lead_bits = {0, 0x7F, 0x1F, 0x0F, 0x07};
        char32_t point = static_cast<unsigned char>(text[i]) & lead_bits[size];
        for (std::size_t k = 1; k < size; ++k)
            point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3F);
        points.push_back(point);
        i += size;
    }
    return points;
}

std::string utf8(std::u32string_view text) {
    std::string bytes;
    bytes.reserve(text.size());
    const auto add = [&](char32_t byte) { bytes.push_back(static_cast<char>(byte)); };
    for (const char32_t c : text) {
        if (c < 0x80) {
            add(c);
            continue;
        }
        if (c < 0x800) {
            add(0xC0 | c >> 6);
        } else {
            if (c < 0x10000) {
                add(0xE0 | c >> 12);
            } else {
                add(0xF0 | c >> 18);
                add(0x80 | (c >> 12 & 0x3F));
            }
            add(0x80 | (c >> 6 & 0x3F));
        }
        add(0x80 | (c & 0x3F));
    }
    return bytes;
}

std::size_t length(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
    }));
}

bool is_space(char32_t c) {
    return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
           c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

std::string strip(std::string_view text, const std::string* characters, bool left, bool right) {
    const std::u32string all = code_points(text);
    const std::u32string set = characters != nullptr ? code_points(*characters) : std::u32string();
    const auto goes = [&](char32_t c) {
        return characters == nullptr ? is_space(c) : set.find(c) != std::u32string::npos;
    };
    std::size_t begin = 0;
    std::size_t end = all.size();
    while (left && begin < end && goes(all[begin]))
        ++begin;
    while (right && end > begin && goes(all[end - 1]))
        --end;
    return utf8(std::u32string_view(all).substr(begin, end - begin));
}

std::vector<std::string> split(std::string_view text, const std::string* separator,
                               std::int64_t most) {
    if (separator == nullptr) return words(text, most);
    std::vector<std::string> parts;
    while (most < 0 || static_cast<std::int64_t>(parts.size()) < most) {
        const std::size_t at = text.find(*separator);
        if (at == std::string_view::npos) break;
        parts.emplace_back(text.substr(0, at));
        text.remove_prefix(at + separator->size());
    }
    parts.emplace_back(text);
    return parts;
}

std::vector<std::string> split_from_end(std::string_view text, std::string_view separator,
                                        std::int64_t most) {
    std::vector<std::string> parts;
    while (most < 0 || static_cast<std::int64_t>(parts.size()) < most) {
        const std::size_t at = text.rfind(separator);
        if (at == std::string_view::npos) break;
        parts.emplace_back(text.substr(at + separator.size()));
        text = text.substr(0, at);
    }
    parts.emplace_back(text);
    std::reverse(parts.begin(), parts.end());
    return parts;
}

std::vector<std::string> lines(std::string_view text, bool keep_ends) {
    std::vector<std::string> parts;
    const std::u32string all = code_points(text);
    for (std::size_t begin = 0; begin < all.size();) {
        std::size_t end = begin;
        while (end < all.size() && !ends_line(all[end]))
            ++end;
        std::size_t next = std::min(end + 1, all.size());
        if (next < all.size() && all[end] == '\r' && all[next] == '\n') ++next;
        parts.push_back(
            utf8(std::u32string_view(all).substr(begin, (keep_ends ? next : end) - begin)));
        begin = next;
    }
    return parts;
}

std::string replace(std::string_view text, std::string_view from, std::string_view to,
                    std::int64_t most) {
    std::string result;
    std::int64_t done = 0;
    const auto may = [&] { return most < 0 || done < most; };
    std::size_t at = 0;
    while (may()) {
        const std::size_t found = text.find(from, at);
        if (found == std::string_view::npos) break;
        result.append(text.substr(at, found - at)).append(to);
        ++done;
        at = found + from.size();
        if (!from.empty()) continue;
        // Between all characters: one of them goes along.
        if (at == text.size()) return result;
        const std::size_t size = utf8_length(text[at]);
        result.append(text.substr(at, size));
        at += size;
    }
    return result.append(text.substr(at));
}

std::string upper(std::string_view text) {
    return from_icu(to_icu(text).toUpper(icu::Locale::getRoot()));
}

std::string lower(std::string_view text) {
    return from_icu(to_icu(text).toLower(icu::Locale::getRoot()));
}

std::string capitalized(std::string_view text) {
    if (text.empty()) return "";
    const std::size_t first = utf8_length(text[0]);
    std::u32string letter = code_points(text.substr(0, first));
    letter[0] = static_cast<char32_t>(u_totitle(static_cast<UChar32>(letter[0])));
    return utf8(letter) + lower(text.substr(first));
}

std::string titled(std::string_view text) {
    std::u32string all = code_points(text);
    bool in_word = false;
    for (char32_t& c : all) {
        const auto letter = static_cast<UChar32>(c);
        c = static_cast<char32_t>(in_word ? u_tolower(letter) : u_totitle(letter));
        in_word = u_hasBinaryProperty(letter, UCHAR_CASED) != 0;
    }
    return utf8(all);
}

std::string quoted(std::string_view text) {
    const bool has_single = text.find('\'') != std::string_view::npos;
    const bool has_double = text.find('"') != std::string_view::npos;
    const char32_t quote = has_single && !has_double ? '"' : '\'';
    std::string result = utf8(std::u32string_view(&quote, 1));
    for (const char32_t c : code_points(text)) {
        if (c == '\n')
            result += "\\n";
        else if (c == '\r')
            result += "\\r";
        else if (c == '\t')
            result += "\\t";
        else if (c == quote || c == '\\')
            result += "\\" + utf8(std::u32string_view(&c, 1));
        else
            result += is_printable(c) ? utf8(std::u32string_view(&c, 1)) : escaped(c);
    }
    return result + utf8(std::u32string_view(&quote, 1));
}

}  // namespace aircomp::inference::jinja
