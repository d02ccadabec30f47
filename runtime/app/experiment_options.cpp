// SPDX-License-Identifier: GPL-3.0-or-later
// Command line over configuration file over defaults.
#include "experiment_options.hpp"
#include "config/registry.hpp"
#include "schemes/registry.hpp"

#include <filesystem>
#include <iostream>
#include <stdexcept>

#include "aircomp/inference/thread_count.hpp"
#include "engine/default_calibration.hpp"
#include "engine/model_coding.hpp"
#include "model_option.hpp"
#include "planning.hpp"
#include "validators.hpp"

namespace aircomp::app {

void ExperimentOptions::add_to(CLI::App& command) {
    command.add_option("--config", config_file, "YAML configuration; see configs/")
        ->transform(shipped_file());
    add_model_option(command, model_folder, "; in place of the configuration's");
    command.add_option("--devices", devices,
                       "Number of devices: the configuration's first ones, or the default kinds");
    std::vector<std::string> names = runtime::name_list(runtime::schemes());
    names.push_back(runtime::automatic_scheme);
    command.add_option("--scheme", scheme, "How the sums are carried")->check(one_of(names));
    command.add_option("--snr-db", snr_db, "Largest device power over receiver noise, dB");
    command.add_option("--shares", shares, "Share of the model per device, e.g. 0.4,0.3,0.2,0.1")
        ->delimiter(',');
    command.add_option("--seed", seed, "Seed of channels, noise and sampling");
    command.add_option("--threads", threads, "Threads to compute with; 0: all cores");
    command.add_option("--calibration", calibration,
                       "For analog schemes: a file of aircomp calibrate, auto, or none");
    command.add_option("--digital-bits", digital_bits,
                       "Bits a value of the digital schemes, e.g. 4.3");
    command.add_option("--csi", csi, "Channel knowledge of the coordinator")
        ->check(one_of(runtime::csi_names()));
    command
        .add_option("--medium", medium,
                    "symbol or waveform: a scheme over the air is simulated by channel uses or by "
                    "samples; radio: it goes over the configuration's radios")
        ->check(one_of(runtime::medium_names()));
    radios.add_to(command);
    command.add_option("--json", json, "Write the result as JSON to FILE, - for standard output");
}

runtime::Config ExperimentOptions::config() const {
    runtime::Config config = config_file.empty()
                                 ? runtime::default_config()
                                 : runtime::read_config(config_file, runtime::check_scheme);
    apply(*this, config);
    radios.apply(config);
    runtime::look_into_caches(config, config_file);
    runtime::validate(config, "command line", runtime::check_scheme);
    return config;
}

void ensure_calibration(const runtime::Config& config, const Model& model) {
    if (config.calibration.file != runtime::automatic_calibration || !model.tokenizer ||
        !runtime::uses_calibration(config))
        return;
    const auto file = runtime::default_calibration_file(model.checkpoint);
    if (std::filesystem::exists(file)) return;
    std::cerr << "calibrating the model, once, for some minutes; the calibration is kept in "
              << file.string() << "\n";
    auto options = runtime::calibrate_options(model.checkpoint, *model.tokenizer,
                                              inference::thread_count(config.threads));
    options.progress = progress_bar;
    runtime::ensure_default_calibration(model.checkpoint, *model.tokenizer, options);
}

Model open_calibrated_model(runtime::Config& config, bool needs_tokenizer) {
    Model model = runtime::open_model(config, needs_tokenizer);
    choose_scheme(config, model);
    ensure_calibration(config, model);
    return model;
}

}  // namespace aircomp::app
