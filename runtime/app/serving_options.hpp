// SPDX-License-Identifier: GPL-3.0-or-later
// What commands that serve texts share: the model as clients see it, who may ask, how many may wait.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <string>

#include "experiment_options.hpp"
#include "serve/served_model.hpp"
#include "serve/text_front.hpp"

namespace aircomp::app {

class ServingOptions {
public:
    void add_to(CLI::App& command);

    /// Where clients listen is the command's to say.
    runtime::serve::TextFrontOptions& front() { return front_; }

    /// With the token of the file, of `token_file` where no option names one. Throws as
    /// control::read_token() does.
    runtime::serve::TextFrontOptions whole_front(
        const std::filesystem::path& token_file = {}) const;

    /// Where nothing is served: throws std::invalid_argument, with `why`, if a token's file is named.
    void refuse_token_file(const std::string& why) const;

    /// All but what computes and keeps its sequences.
    runtime::serve::ServedModel model(const runtime::Config& config, const Model& model) const;

private:
    std::string name_;
    std::string token_file_;
    std::int64_t tokens_ = 512;
    runtime::serve::TextFrontOptions front_;
};

}  // namespace aircomp::app
