// SPDX-License-Identifier: GPL-3.0-or-later
// The cache of calibrations.
#include "engine/default_calibration.hpp"

#include <algorithm>
#include <boost/crc.hpp>
#include <iomanip>
#include <sstream>
#include <stdexcept>

#include "aircomp/inference/local_models.hpp"
#include "aircomp/inference/thread_count.hpp"
#include "engine/model_hash.hpp"

namespace aircomp::runtime {
namespace {

/// Goes up when the same texts make another calibration.
constexpr int edition = 3;

std::string name_of_texts() {
    boost::crc_32_type crc;
    for (const std::string& text : calibration_texts())
        crc.process_bytes(text.data(), text.size());
    std::ostringstream name;
    name << std::hex << std::setw(8) << std::setfill('0') << crc.checksum();
    return name.str();
}

}  // namespace

std::filesystem::path calibrations_folder() {
    return inference::cache_folder() / "calibrations";
}

std::filesystem::path default_calibration_file(const inference::Checkpoint& checkpoint) {
    constexpr std::size_t enough_digits = 32;
    return calibrations_folder() /
           (to_hex(model_hash(checkpoint)).substr(0, enough_digits) + "-" + name_of_texts() + "-" +
            std::to_string(edition) + ".aircomp-calibration");
}

CalibrateOptions calibrate_options(const inference::Checkpoint& checkpoint,
                                   const inference::Tokenizer& tokenizer, int threads,
                                   CalibrateOptions options) {
    options.window = std::min(options.window, checkpoint.config().context);
    options.threads = threads;
    options.bos = tokenizer.bos();
    return options;
}

std::filesystem::path ensure_default_calibration(const inference::Checkpoint& checkpoint,
                                                 const inference::Tokenizer& tokenizer,
                                                 const CalibrateOptions& options) {
    auto file = default_calibration_file(checkpoint);
    if (std::filesystem::exists(file)) return file;
    std::error_code error;
    std::filesystem::create_directories(file.parent_path(), error);
    if (error) {
        throw std::runtime_error(file.parent_path().string() + ": cannot be made (" +
                                 error.message() +
                                 "); calibrations are kept there, --calibration "
                                 "FILE names one elsewhere and none does without");
    }
    std::vector<inference::Token> tokens;
    for (const std::string& text : calibration_texts()) {
        const auto own = tokenizer.encode(text);
        tokens.insert(tokens.end(), own.begin(), own.end());
    }
    inference::write_calibration(file, calibrate_model(checkpoint, tokens, options));
    return file;
}

void settle_calibration_file(Config& config, const inference::Checkpoint& checkpoint,
                             const inference::Tokenizer* tokenizer) {
    if (config.calibration.file != automatic_calibration) return;
    if (tokenizer == nullptr) {
        throw std::invalid_argument(
            "calibration.file: expected a file or none, for the model has no tokenizer to read a "
            "text with, found auto");
    }
    config.calibration.file = ensure_default_calibration(
        checkpoint, *tokenizer,
        calibrate_options(checkpoint, *tokenizer, inference::thread_count(config.threads)));
}

}  // namespace aircomp::runtime
