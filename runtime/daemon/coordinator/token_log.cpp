// SPDX-License-Identifier: GPL-3.0-or-later
// Reads and extends a token log.
#include "daemon/coordinator/token_log.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string>

#include "aircomp/inference/whole_file.hpp"
#include "engine/model_hash.hpp"

namespace aircomp::runtime::testbed {

TokenLog::TokenLog(const std::filesystem::path& file, const control::Hash& model,
                   const std::vector<inference::Token>& prompt, std::int64_t vocabulary)
    : file_(file), vocabulary_(vocabulary) {
    if (std::filesystem::exists(file) && !std::filesystem::is_regular_file(file)) {
        throw std::runtime_error(
            file.string() + ": expected a regular file, which a run can go on from, found " +
            (std::filesystem::is_directory(file) ? "a folder" : "a device or a pipe"));
    }
    const std::string head =
        "aircomp tokens, model " + to_hex(model) + ", prompt of " + std::to_string(prompt.size());
    const bool is_new = !std::filesystem::exists(file) || std::filesystem::file_size(file) == 0;
    if (!is_new) read(prompt, head);
    out_.open(file, std::ios::app);
    if (is_new) {
        out_ << head << "\n";
        for (const inference::Token token : prompt)
            append(token);
    }
    if (!out_) throw std::runtime_error(file.string() + ": cannot be written");
}

void TokenLog::read(const std::vector<inference::Token>& prompt, const std::string& head) {
    std::ifstream in(file_);
    std::string line;
    std::getline(in, line);
    if (line != head) {
        throw std::runtime_error(file_.string() + ":1: expected '" + head + "', found '" +
                                 line.substr(0, 120) + "'");
    }
    std::uintmax_t whole_bytes = line.size() + 1;
    while (std::getline(in, line) && !in.eof()) {  // A last line without its end does not count.
        inference::Token token = 0;
        const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), token);
        if (error != std::errc() || end != line.data() + line.size() || token < 0 ||
            token >= vocabulary_) {
            throw std::runtime_error(file_.string() + ":" + std::to_string(tokens_.size() + 2) +
                                     ": expected a token of 0 to " +
                                     std::to_string(vocabulary_ - 1) + ", found '" +
                                     line.substr(0, 40) + "'");
        }
        tokens_.push_back(token);
        whole_bytes += line.size() + 1;
    }
    in.close();
    std::filesystem::resize_file(file_, whole_bytes);
    // Cut off within the prompt: the rest of it is known.
    const std::size_t common = std::min(tokens_.size(), prompt.size());
    if (!std::equal(prompt.begin(), prompt.begin() + static_cast<std::ptrdiff_t>(common),
                    tokens_.begin())) {
        throw std::runtime_error(file_.string() + ": expected the tokens of this prompt, found " +
                                 "those of another");
    }
    if (tokens_.size() < prompt.size()) {
        std::string text = head + "\n";
        for (const inference::Token token : prompt)
            text += std::to_string(token) + "\n";
        inference::write_whole(file_, text);
        tokens_ = prompt;
    }
}

void TokenLog::append(inference::Token token) {
    out_ << token << "\n" << std::flush;
    if (!out_) throw std::runtime_error(file_.string() + ": cannot be written");
    tokens_.push_back(token);
}

}  // namespace aircomp::runtime::testbed
