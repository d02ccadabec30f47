// SPDX-License-Identifier: GPL-3.0-or-later
// A simulation behind the OpenAI-compatible endpoint, with a page that shows it at work.
#pragma once

#include <filesystem>

#include "daemon/log.hpp"
#include "engine/simulation.hpp"
#include "serve/served_model.hpp"
#include "serve/text_front.hpp"

namespace aircomp::runtime::testbed {

struct TextServerOptions {
    serve::TextFrontOptions front;
    std::filesystem::path port_file;  ///< Gets the address that was found; empty: nowhere.
    LogOptions log;
};

/// Serves until SIGINT or SIGTERM, then ends what is being made and returns. `model` describes the
/// model of the simulation, which `model_config` does too; what computes and keeps its sequences is
/// added here. Throws as TextFront does.
void serve_texts(Simulation& simulation, const inference::ModelConfig& model_config,
                 serve::ServedModel model, const TextServerOptions& options);

}  // namespace aircomp::runtime::testbed
