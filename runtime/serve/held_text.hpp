// SPDX-License-Identifier: GPL-3.0-or-later
// Text on its way to a reader: whole characters, and nothing that may yet turn out to be a stop.
#pragma once

#include <string>
#include <vector>

namespace aircomp::runtime::serve {

class HeldText {
public:
    /// `stops`: end the text where the first of them begins.
    explicit HeldText(std::vector<std::string> stops) : stops_(std::move(stops)) {}

    /// What can be shown now that `bytes` have come.
    std::string add(const std::string& bytes);

    /// What is left, at the text's end.
    std::string rest();

    /// A stop has come; what follows it is lost.
    bool is_stopped() const { return is_stopped_; }

private:
    std::vector<std::string> stops_;
    std::string held_;
    bool is_stopped_ = false;
};

}  // namespace aircomp::runtime::serve
