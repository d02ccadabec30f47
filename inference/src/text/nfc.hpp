// SPDX-License-Identifier: GPL-3.0-or-later
// Unicode normalisation form C, which Qwen2 asks for before it cuts text.
#pragma once

#include <string>
#include <string_view>

namespace aircomp::inference {

/// `text` (valid UTF-8) in normalisation form C.
std::string normalize_nfc(std::string_view text);

}  // namespace aircomp::inference
