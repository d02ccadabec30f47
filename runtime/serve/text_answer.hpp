// SPDX-License-Identifier: GPL-3.0-or-later
// Answers as OpenAI's clients read them: whole, or chunk by chunk.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "serve/text_job.hpp"

namespace aircomp::runtime::serve {

/// Says all that there is to say of one text.
class TextAnswer {
public:
    /// `id`: a number of its own among the server's answers; `created_s`: seconds since 1970.
    TextAnswer(const TextRequest& request, std::string model, std::uint64_t id,
               std::int64_t created_s);

    /// What a stream begins with: the role in a chat, nothing of a completion.
    std::string opening() const;
    /// A piece as the next event of a stream.
    std::string chunk(const TextPiece& piece);
    /// The last events of a stream.
    std::string closing(const TextEnd& end) const;

    /// Keeps a piece for whole().
    void add(const TextPiece& piece);
    std::string whole(const TextEnd& end) const;

private:
    using Json = nlohmann::ordered_json;

    Json frame(const char* object) const;
    Json chunk_of(Json choice) const;
    Json logprobs(const std::vector<ChosenToken>& tokens, std::size_t offset) const;

    bool is_chat_;
    bool wants_logprobs_;
    bool include_usage_;
    std::string model_, id_;
    std::int64_t created_s_;
    std::string text_;                 ///< Kept pieces.
    std::vector<ChosenToken> tokens_;  ///< Theirs.
    std::size_t offset_ = 0;           ///< Characters of the chunks so far.
};

}  // namespace aircomp::runtime::serve
