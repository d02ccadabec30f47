// SPDX-License-Identifier: GPL-3.0-or-later
// A calibration of the small model, made in a second.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "aircomp/inference/model_calibration.hpp"
#include "engine/calibrate.hpp"
#include "runtime/small_model.hpp"

namespace aircomp::runtime {

inline std::vector<inference::Token> random_tokens(std::size_t count, unsigned seed) {
    std::mt19937 generator(seed);
    std::vector<inference::Token> tokens(count);
    for (inference::Token& token : tokens)
        token = static_cast<inference::Token>(generator() % 96);
    return tokens;
}

/// Of the small model, made once.
inline const std::filesystem::path& calibration_file() {
    struct File {
        std::filesystem::path path =
            std::filesystem::temp_directory_path() /
            ("aircomp-test-" + std::to_string(::getpid()) + ".aircomp-calibration");
        File() {
            CalibrateOptions options;
            options.window = 24;
            options.prediction_rank = 16;
            options.transform_rank = 16;
            options.covariance_tokens = 480;
            options.energy_tokens = 480;
            options.sensitivity_tokens = 96;
            inference::write_calibration(
                path, calibrate_model(small_checkpoint(), random_tokens(1200, 1), options));
        }
        ~File() { std::filesystem::remove(path); }
    };
    static const File file;
    return file.path;
}

}  // namespace aircomp::runtime
