// SPDX-License-Identifier: GPL-3.0-or-later
// The tokens of a run on disk: what a coordinator that starts again goes on from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"
#include "daemon/link/messages.hpp"

namespace aircomp::runtime::testbed {

/// A text file: the model's hash and the prompt's length on the first line, then a token a line. A
/// token counts once its line is whole, so that a crash between two bytes loses nothing that was
/// shown.
class TokenLog {
public:
    /// Opens `file`, or makes it with `prompt` in it. Throws std::runtime_error, naming file and
    /// line, where it belongs to another model or prompt, or holds something else than tokens of the
    /// model's `vocabulary`.
    TokenLog(const std::filesystem::path& file, const control::Hash& model,
             const std::vector<inference::Token>& prompt, std::int64_t vocabulary);

    /// Prompt and what was made of it.
    const std::vector<inference::Token>& tokens() const { return tokens_; }

    /// The line is on its way to the disk when it returns. Throws std::runtime_error.
    void append(inference::Token token);

private:
    void read(const std::vector<inference::Token>& prompt, const std::string& head);

    std::filesystem::path file_;
    std::int64_t vocabulary_;
    std::vector<inference::Token> tokens_;
    std::ofstream out_;
};

}  // namespace aircomp::runtime::testbed
