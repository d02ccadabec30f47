// SPDX-License-Identifier: GPL-3.0-or-later
// A simulation behind the OpenAI-compatible endpoint, with a page that shows it at work.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "daemon/log.hpp"
#include "engine/simulation.hpp"
#include "serve/text_maker.hpp"

namespace aircomp::runtime::testbed {

struct TextServerOptions {
    std::string listen = "127.0.0.1:8080";  ///< HOST:PORT
    std::string token;                ///< That clients have to send; empty: none, loopback only.
    std::size_t most_waiting = 8;     ///< Requests, besides the one that is being answered.
    std::filesystem::path port_file;  ///< Gets the address that was found; empty: nowhere.
    LogOptions log;
};

/// Serves until SIGINT or SIGTERM, then ends what is being made and returns. `model` has all but
/// next_logits, which is the simulation's, of the model that `model_config` describes. Throws
/// std::invalid_argument for an address that others reach where there is no token,
/// std::runtime_error where it cannot be listened on.
void serve_texts(Simulation& simulation, const inference::ModelConfig& model_config,
                 serve::ServedModel model, const TextServerOptions& options);

}  // namespace aircomp::runtime::testbed
