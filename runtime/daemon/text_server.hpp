// SPDX-License-Identifier: GPL-3.0-or-later
// A simulation behind the OpenAI-compatible endpoint, with a page that shows it at work.
#pragma once

#include <filesystem>

#include "daemon/log.hpp"
#include "engine/simulation.hpp"
#include "serve/text_front.hpp"
#include "serve/text_maker.hpp"

namespace aircomp::runtime::testbed {

struct TextServerOptions {
    serve::TextFrontOptions front;
    std::filesystem::path port_file;  ///< Gets the address that was found; empty: nowhere.
    LogOptions log;
};

/// Serves until SIGINT or SIGTERM, then ends what is being made and returns. `model` has all but
/// next_logits, which is the simulation's, of the model that `model_config` describes. Throws as
/// TextFront does.
void serve_texts(Simulation& simulation, const inference::ModelConfig& model_config,
                 serve::ServedModel model, const TextServerOptions& options);

}  // namespace aircomp::runtime::testbed
