// SPDX-License-Identifier: GPL-3.0-or-later
// Folders to models.
#include "experiment/open_model.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "schemes/registry.hpp"

namespace aircomp::runtime {

Model open_model(const Config& config, bool needs_tokenizer) {
    if (config.model.folder.empty()) {
        throw std::invalid_argument("no model: name one with --model DIR or in --config FILE");
    }
    Model model{inference::Checkpoint(config.model.folder), nullptr};
    const bool has_tokenizer = std::filesystem::exists(config.model.folder / "tokenizer.json") ||
                               std::filesystem::exists(config.model.folder / "tokenizer.model");
    // Analog schemes are calibrated over a text where there is a tokenizer for it.
    const bool uses_tokenizer = has_tokenizer && find_scheme(config.scheme).analog;
    if (needs_tokenizer || uses_tokenizer) {
        model.tokenizer = inference::load_tokenizer(config.model.folder);
        inference::require_same_vocabulary(*model.tokenizer, model.checkpoint.config());
    }
    return model;
}

std::string read_text(const std::string& file) {
    if (std::filesystem::is_directory(file)) {
        throw std::runtime_error(file + ": is a folder, expected a file");
    }
    std::ifstream in(file, std::ios::binary);
    if (!in) throw std::runtime_error(file + ": cannot be read");
    std::ostringstream text;
    if (!(text << in.rdbuf())) throw std::runtime_error(file + ": expected text, found none");
    return std::move(text).str();
}

}  // namespace aircomp::runtime
