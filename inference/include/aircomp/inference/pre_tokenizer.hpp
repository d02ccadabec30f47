// SPDX-License-Identifier: GPL-3.0-or-later
// Cuts text into the pieces within which byte pairs may merge: the first step of byte-level BPE.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace aircomp::inference {

/// The pattern that Llama 3 cuts text by.
extern const std::string_view llama3_pattern;

/// A regular expression that partitions text. Immutable after construction; one object may serve
/// many threads.
class PreTokenizer {
public:
    /// Throws std::runtime_error with the pattern and the place of the error.
    explicit PreTokenizer(std::string_view pattern);
    ~PreTokenizer();
    PreTokenizer(PreTokenizer&&) noexcept;
    PreTokenizer& operator=(PreTokenizer&&) noexcept;

    /// Calls `piece` for the consecutive pieces of `text` (UTF-8); text between two matches is a
    /// piece of its own, so that the pieces joined are the text. Throws std::runtime_error where
    /// `text` is not valid UTF-8, with the offset in bytes.
    void split(std::string_view text, const std::function<void(std::string_view)>& piece) const;

private:
    struct Compiled;
    std::unique_ptr<Compiled> compiled_;
};

}  // namespace aircomp::inference
