// SPDX-License-Identifier: GPL-3.0-or-later
// Text for training: documents from a file, token windows from documents.
#pragma once

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::inference::tools {

/// The documents of a UTF-8 file, separated by form feeds. Throws std::runtime_error where the
/// file cannot be read or holds no document.
std::vector<std::string> read_documents(const std::filesystem::path& file);

/// All documents as one stream, an end-of-text token after each.
std::vector<Token> encode_documents(const Tokenizer& tokenizer,
                                    const std::vector<std::string>& documents);

/// Windows of `length` consecutive tokens of a stream in random order. Every epoch starts at
/// another offset, so that the same text is cut elsewhere.
class WindowSampler {
public:
    WindowSampler(const std::vector<Token>& stream, std::int64_t length, std::uint64_t seed);

    /// Start of the window number `index` counted from the first epoch's first; any order of
    /// calls gives the same windows, so that a resumed run sees what an unbroken one would.
    std::int64_t start(std::int64_t index);

private:
    void shuffle(std::int64_t epoch);

    std::int64_t stream_length_;
    std::int64_t length_;
    std::uint64_t seed_;
    std::int64_t windows_per_epoch_;
    std::int64_t epoch_ = -1;
    std::vector<std::int64_t> starts_;
};

}  // namespace aircomp::inference::tools
