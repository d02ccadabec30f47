// SPDX-License-Identifier: GPL-3.0-or-later
// Git LFS pointers by their first line.
#include "weights/lfs_pointer.hpp"

#include <stdexcept>
#include <string_view>

namespace aircomp::inference {

void refuse_lfs_pointer(gsl::span<const std::byte> contents, const std::string& file) {
    constexpr std::string_view first_line = "version https://git-lfs.github.com/spec/";
    const std::string_view text(reinterpret_cast<const char*>(contents.data()), contents.size());
    if (text.substr(0, first_line.size()) != first_line) return;
    throw std::runtime_error(file +
                             ": expected the weights, found a Git LFS pointer to them (fetch them: "
                             "git lfs pull)");
}

}  // namespace aircomp::inference
