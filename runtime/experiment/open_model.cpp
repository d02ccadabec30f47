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
namespace {

/// A GGUF file brings its own.
bool has_tokenizer(const std::filesystem::path& model) {
    return std::filesystem::is_regular_file(model) ||
           std::filesystem::exists(model / "tokenizer.json") ||
           std::filesystem::exists(model / "tokenizer.model");
}

/// Whether the scheme is calibrated over a text.
bool reads_text(const Config& config) {
    if (config.scheme == automatic_scheme) return true;
    const Scheme& scheme = find_scheme(config.scheme);
    return scheme.analog || (scheme.quantises && !config.calibration.file.empty());
}

}  // namespace

Model open_model(const Config& config, bool needs_tokenizer) {
    if (config.model.folder.empty()) {
        throw std::invalid_argument("no model: name one with --model DIR or in --config FILE");
    }
    Model model{inference::Checkpoint(config.model.folder), nullptr};
    if (needs_tokenizer || (reads_text(config) && has_tokenizer(config.model.folder))) {
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
