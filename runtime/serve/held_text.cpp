// SPDX-License-Identifier: GPL-3.0-or-later
// Stops in a stream of bytes.
#include "serve/held_text.hpp"

#include <algorithm>
#include <utility>

#include "aircomp/inference/tokenizer.hpp"

namespace aircomp::runtime::serve {
namespace {

/// Bytes at the end of `text` that `stop` may begin with.
std::size_t overlap(const std::string& text, const std::string& stop) {
    for (std::size_t size = std::min(text.size(), stop.size() - 1); size > 0; --size)
        if (text.compare(text.size() - size, size, stop, 0, size) == 0) return size;
    return 0;
}

}  // namespace

std::string HeldText::add(const std::string& bytes) {
    if (is_stopped_) return "";
    held_ += bytes;
    std::size_t end = std::string::npos;
    for (const std::string& stop : stops_)
        end = std::min(end, held_.find(stop));
    if (end != std::string::npos) {
        is_stopped_ = true;
        return std::exchange(held_, "").substr(0, end);
    }
    std::size_t kept = 0;
    for (const std::string& stop : stops_)
        kept = std::max(kept, overlap(held_, stop));
    std::string shown(
        inference::complete_utf8(std::string_view(held_).substr(0, held_.size() - kept)));
    held_.erase(0, shown.size());
    return shown;
}

std::string HeldText::rest() {
    return std::exchange(held_, "");
}

}  // namespace aircomp::runtime::serve
