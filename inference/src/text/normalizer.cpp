// SPDX-License-Identifier: GPL-3.0-or-later
// Normalisation by ICU, which has the Unicode tables.
#include "text/normalizer.hpp"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>

#include "text/utf8.hpp"

namespace aircomp::inference {

namespace {

const icu::Normalizer2* normalizer_of(NormalizationForm form, UErrorCode& status) {
    switch (form) {
        case NormalizationForm::c:
            return icu::Normalizer2::getNFCInstance(status);
        case NormalizationForm::d:
            return icu::Normalizer2::getNFDInstance(status);
        case NormalizationForm::kc:
            return icu::Normalizer2::getNFKCInstance(status);
        case NormalizationForm::kd:
            return icu::Normalizer2::getNFKDInstance(status);
    }
    throw std::logic_error("normalisation form: unknown");
}

std::string normalized(const std::string& text, NormalizationForm form) {
    if (text.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
        throw std::length_error("text: expected at most 2^31 - 1 bytes, found " +
                                std::to_string(text.size()));
    }
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* normalizer = normalizer_of(form, status);
    std::string result;
    if (U_SUCCESS(status)) {
        icu::StringByteSink<std::string> sink(&result);
        normalizer->normalizeUTF8(0, {text.data(), static_cast<std::int32_t>(text.size())}, sink,
                                  nullptr, status);
    }
    if (U_FAILURE(status)) {
        throw std::runtime_error(std::string("text: cannot be normalised: ") + u_errorName(status));
    }
    return result;
}

/// `text` with every character put through `change`, which appends what becomes of it.
template <typename Change>
std::string by_character(const std::string& text, Change&& change) {
    std::string result;
    result.reserve(text.size());
    for (std::size_t at = 0; at < text.size();)
        change(result, next_code_point(text, at));
    return result;
}

/// A mark by Unicode 9, which the reference knows: it keeps marks that came later, and takes two
/// for marks that are letters by now.
bool is_mark(UChar32 character) {
    UVersionInfo age;
    u_charAge(character, age);
    constexpr int reference_version = 9;
    const bool is_now = (U_GET_GC_MASK(character) & U_GC_M_MASK) != 0;
    return (is_now && age[0] <= reference_version) || character == 0x1CF2 || character == 0x1CF3;
}

}  // namespace

TextStep normalize(NormalizationForm form) {
    return [form](const std::string& text) { return normalized(text, form); };
}

TextStep lowercase() {
    return [](const std::string& text) {
        return by_character(text, [](std::string& result, std::uint32_t character) {
            constexpr std::uint32_t capital_i_with_dot = 0x130;  // the only one that becomes two
            if (character == capital_i_with_dot) {
                result += "i\xCC\x87";
            } else {
                append_utf8(result,
                            static_cast<std::uint32_t>(u_tolower(static_cast<UChar32>(character))));
            }
        });
    };
}

TextStep strip_accents() {
    return [](const std::string& text) {
        return by_character(text, [](std::string& result, std::uint32_t character) {
            if (!is_mark(static_cast<UChar32>(character))) append_utf8(result, character);
        });
    };
}

TextStep strip(bool left, bool right) {
    return [=](const std::string& text) {
        std::size_t begin = 0;
        if (left) begin = white_space_at_start(text);
        std::size_t end = text.size();
        if (right) end -= white_space_at_end(std::string_view(text).substr(begin));
        return text.substr(begin, end - begin);
    };
}

TextStep prepend(std::string prefix) {
    return [prefix = std::move(prefix)](const std::string& text) {
        return text.empty() ? text : prefix + text;
    };
}

TextStep replace(Regex pattern, std::string content) {
    return [pattern = std::move(pattern), content = std::move(content)](std::string text) {
        std::string result;
        std::size_t done = 0;
        pattern.for_each_match(text, [&](std::size_t begin, std::size_t end) {
            result.append(text, done, begin - done).append(content);
            done = end;
        });
        return result.append(text, done, std::string::npos);
    };
}

}  // namespace aircomp::inference
