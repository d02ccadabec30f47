// SPDX-License-Identifier: GPL-3.0-or-later
// Reading, encoding and windowing of the training text.
#include "corpus.hpp"

#include <algorithm>
#include <fstream>
#include <numeric>
#include <sstream>
#include <stdexcept>

namespace aircomp::inference::tools {

std::vector<std::string> read_documents(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw std::runtime_error(file.string() + ": cannot be read");
    std::vector<std::string> documents;
    for (std::string document; std::getline(in, document, '\f');) {
        if (document.find_first_not_of(" \r\n\t") != std::string::npos) {
            documents.push_back(std::move(document));
        }
    }
    if (documents.empty()) throw std::runtime_error(file.string() + ": holds no text");
    return documents;
}

std::vector<Token> encode_documents(const Tokenizer& tokenizer,
                                    const std::vector<std::string>& documents) {
    if (!tokenizer.eos()) throw std::invalid_argument("the tokenizer has no end-of-text token");
    std::vector<Token> stream;
    for (const std::string& document : documents) {
        const auto tokens = tokenizer.encode(document);
        stream.insert(stream.end(), tokens.begin(), tokens.end());
        stream.push_back(*tokenizer.eos());
    }
    return stream;
}

WindowSampler::WindowSampler(const std::vector<Token>& stream, std::int64_t length,
                             std::uint64_t seed)
    : stream_length_(static_cast<std::int64_t>(stream.size())),
      length_(length),
      seed_(seed),
      windows_per_epoch_(stream_length_ / length - 1) {
    if (windows_per_epoch_ < 1) {
        throw std::invalid_argument("the text has " + std::to_string(stream_length_) +
                                    " tokens; training needs at least " +
                                    std::to_string(2 * length));
    }
}

std::int64_t WindowSampler::start(std::int64_t index) {
    if (index / windows_per_epoch_ != epoch_) shuffle(index / windows_per_epoch_);
    return starts_[static_cast<std::size_t>(index % windows_per_epoch_)];
}

void WindowSampler::shuffle(std::int64_t epoch) {
    epoch_ = epoch;
    std::mt19937_64 generator(seed_ + static_cast<std::uint64_t>(epoch));
    const auto offset =
        static_cast<std::int64_t>(generator() % static_cast<std::uint64_t>(length_));
    starts_.resize(static_cast<std::size_t>(windows_per_epoch_));
    for (std::int64_t i = 0; i < windows_per_epoch_; ++i) {
        starts_[static_cast<std::size_t>(i)] = offset + i * length_;
    }
    // Fisher-Yates by hand: std::shuffle's draws differ between standard libraries.
    for (std::size_t i = starts_.size() - 1; i > 0; --i) {
        std::swap(starts_[i], starts_[generator() % (i + 1)]);
    }
}

}  // namespace aircomp::inference::tools
