// SPDX-License-Identifier: GPL-3.0-or-later
// Windows by protocol.
#include "aircomp/inference/text_windows.hpp"

#include <algorithm>
#include <stdexcept>

namespace aircomp::inference {

namespace {

void require(bool valid, const std::string& what, std::int64_t found) {
    if (!valid) throw std::invalid_argument(what + ", found " + std::to_string(found));
}

std::vector<ScoredWindow> cut_any_length(gsl::span<const Token> text, const CutOptions& options) {
    // Without BOS the first token of a window is run, but nothing predicts it.
    const auto length = static_cast<std::size_t>(options.window);
    const std::size_t unscored = options.bos ? 0 : 1;
    const std::size_t text_tokens = options.bos ? length - 1 : length;
    const std::size_t limit =
        options.limit_tokens > 0 ? static_cast<std::size_t>(options.limit_tokens) : text.size();
    std::vector<ScoredWindow> windows;
    std::size_t scored = 0;
    for (std::size_t begin = 0; begin + unscored < text.size() && scored < limit;
         begin += text_tokens) {
        const std::size_t count =
            std::min({text_tokens, text.size() - begin, limit - scored + unscored});
        const auto part = text.subspan(begin, count);
        ScoredWindow window;
        if (options.bos) window.input.push_back(*options.bos);
        window.input.insert(window.input.end(), part.begin(), part.end() - 1);
        window.predicted.assign(part.begin() + static_cast<std::ptrdiff_t>(unscored), part.end());
        scored += window.predicted.size();
        windows.push_back(std::move(window));
    }
    return windows;
}

std::vector<ScoredWindow> cut_whole(gsl::span<const Token> text, const CutOptions& options) {
    const bool second_half = options.protocol == Protocol::llama_cpp;
    const std::int64_t first = second_half ? options.window / 2 : 0;
    const std::int64_t scored = options.window - 1 - first;
    std::vector<Token> all;
    if (options.bos) all.push_back(*options.bos);
    all.insert(all.end(), text.begin(), text.end());

    const std::string& name = name_of(options.protocol);
    const std::int64_t needed = second_half ? 2 * options.window : options.window;
    const auto found = static_cast<std::int64_t>(all.size());
    require(found >= needed,
            "text: protocol " + name + " with windows of " + std::to_string(options.window) +
                " needs at least " + std::to_string(needed) + " tokens",
            found);
    std::int64_t count = found / options.window;
    if (options.limit_tokens > 0) {
        require(options.limit_tokens >= scored,
                "limit_tokens: protocol " + name + " scores whole windows, expected at least " +
                    std::to_string(scored),
                options.limit_tokens);
        count = std::min(count, options.limit_tokens / scored);
    }
    std::vector<ScoredWindow> windows;
    for (std::int64_t i = 0; i < count; ++i) {
        const auto begin = all.begin() + i * options.window, end = begin + options.window;
        ScoredWindow window{{begin, end - 1}, first, {begin + first + 1, end}};
        if (second_half && options.bos) window.input.front() = *options.bos;
        windows.push_back(std::move(window));
    }
    return windows;
}

}  // namespace

const std::vector<std::pair<std::string, Protocol>>& protocols() {
    static const std::vector<std::pair<std::string, Protocol>> all = {
        {"windows", Protocol::windows},
        {"gptq", Protocol::gptq},
        {"llama.cpp", Protocol::llama_cpp},
    };
    return all;
}

Protocol protocol_of(const std::string& name) {
    std::string known;
    for (const auto& [its_name, protocol] : protocols()) {
        if (its_name == name) return protocol;
        known += (known.empty() ? "" : ", ") + its_name;
    }
    throw std::invalid_argument("protocol: expected one of " + known + ", found '" + name + "'");
}

const std::string& name_of(Protocol protocol) {
    return std::find_if(protocols().begin(), protocols().end(),
                        [=](const auto& row) { return row.second == protocol; })
        ->first;
}

std::vector<ScoredWindow> cut_windows(gsl::span<const Token> text, const CutOptions& options) {
    require(text.size() >= 2, "text: expected at least two tokens",
            static_cast<std::int64_t>(text.size()));
    const int least = options.protocol == Protocol::llama_cpp ? 3 : 2;
    require(options.window >= least,
            "window: expected at least " + std::to_string(least) + " tokens", options.window);
    require(options.limit_tokens >= 0, "limit_tokens: expected 0 or a count", options.limit_tokens);
    return options.protocol == Protocol::windows ? cut_any_length(text, options)
                                                 : cut_whole(text, options);
}

}  // namespace aircomp::inference
