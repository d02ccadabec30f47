// SPDX-License-Identifier: GPL-3.0-or-later
// The options that every command which runs a model shares, and what they make of a configuration.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "engine/simulation.hpp"
#include "experiment/config_overrides.hpp"
#include "experiment/cost_json.hpp"
#include "experiment/open_model.hpp"
#include "output.hpp"
#include "radio_options.hpp"

namespace aircomp::app {

struct ExperimentOptions : runtime::ConfigOverrides {
    std::string config_file;
    RadioOptions radios;
    std::string json;

    void add_to(CLI::App& command);

    /// The configuration file, or the defaults, with what the command line says put over it.
    runtime::Config config() const;
};

// What commands share with experiments.
using runtime::describe;
using runtime::Model;
using runtime::open_model;
using runtime::read_text;
using runtime::to_json;

/// Makes the calibration of `auto`, with progress, where the configuration uses it and it is still to be
/// made.
void ensure_calibration(const runtime::Config& config, const Model& model);

/// runtime::open_model(), and what has to be found out about the model before it runs: which scheme,
/// where it is `auto`, and its calibration, as above.
Model open_calibrated_model(runtime::Config& config, bool needs_tokenizer);

}  // namespace aircomp::app
