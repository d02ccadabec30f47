// SPDX-License-Identifier: GPL-3.0-or-later
// Oniguruma's expressions, in which tokenizer.json is written, put in the words of PCRE2.
#pragma once

#include <string>
#include <string_view>

namespace aircomp::inference {

/// An expression for PCRE2 (UTF, UCP and MULTILINE set) that matches what Oniguruma, with its own
/// syntax, matches by `pattern`. The two differ in these things, which are rewritten: white space
/// and letters of words (`\s`, `\w`, `\b`), `\h`, `\v`, `\uHHHH`, a `+` or `?` behind an interval,
/// which repeats it and is no possessive or lazy mark, `{,n}`, `(?m:`, and classes within classes.
/// Throws std::runtime_error that names what has no counterpart here.
std::string pcre2_from_oniguruma(std::string_view pattern);

}  // namespace aircomp::inference
