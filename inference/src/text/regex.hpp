// SPDX-License-Identifier: GPL-3.0-or-later
// A regular expression as tokenizers mean it: Oniguruma's syntax, matched by PCRE2.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

namespace aircomp::inference {

/// Immutable; copies share the compiled expression, and one object may serve many threads.
class Regex {
public:
    /// Throws std::runtime_error with the pattern and the place of the error.
    explicit Regex(std::string_view pattern);

    /// One that matches `text` and nothing else.
    static Regex literal(std::string_view text);

    /// Calls `match` with begin and end, in bytes, of all matches from left to right. An empty match
    /// right behind another is none. `text` is known to be valid UTF-8.
    void for_each_match(std::string_view text,
                        const std::function<void(std::size_t, std::size_t)>& match) const;

private:
    struct Compiled;
    std::shared_ptr<const Compiled> compiled_;
};

}  // namespace aircomp::inference
