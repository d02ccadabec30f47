// SPDX-License-Identifier: GPL-3.0-or-later
// Folders to models.
#include "experiment/open_model.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "aircomp/inference/local_models.hpp"
#include "schemes/registry.hpp"
#include "text/utf8.hpp"

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

void look_into_caches(Config& config, const std::filesystem::path& file) {
    std::filesystem::path& folder = config.model.folder;
    if (folder.empty() || std::filesystem::exists(folder)) return;
    const auto written = folder.lexically_relative(file.parent_path().lexically_normal());
    try {
        folder = inference::find_cached_model(written.string());
    } catch (const std::runtime_error&) {
        // open_model() says so, where the model is needed.
    }
}

Model open_model(const Config& config, bool needs_tokenizer) {
    if (config.model.folder.empty()) {
        throw std::invalid_argument("no model: name one with --model DIR or in --config FILE");
    }
    if (!std::filesystem::exists(config.model.folder)) {
        throw std::invalid_argument(
            "model.folder: expected a folder, a GGUF file or a name of the "
            "local caches, found " +
            config.model.folder.string() + ", which is not there");
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
    std::string whole = std::move(text).str();
    try {
        inference::require_utf8(whole);
    } catch (const std::runtime_error& error) {
        throw std::runtime_error(file + ": " + error.what());
    }
    return whole;
}

}  // namespace aircomp::runtime
