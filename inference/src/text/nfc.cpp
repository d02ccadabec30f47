// SPDX-License-Identifier: GPL-3.0-or-later
// Normalisation form C by ICU, which has the Unicode tables.
#include "text/nfc.hpp"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>

#include <limits>
#include <stdexcept>

namespace aircomp::inference {

std::string normalize_nfc(std::string_view text) {
    if (text.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
        throw std::length_error("text: expected at most 2^31 - 1 bytes, found " +
                                std::to_string(text.size()));
    }
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
    std::string normalized;
    if (U_SUCCESS(status)) {
        icu::StringByteSink<std::string> sink(&normalized);
        nfc->normalizeUTF8(0, {text.data(), static_cast<std::int32_t>(text.size())}, sink, nullptr,
                           status);
    }
    if (U_FAILURE(status)) {
        throw std::runtime_error(std::string("text: cannot be normalised: ") + u_errorName(status));
    }
    return normalized;
}

}  // namespace aircomp::inference
