// SPDX-License-Identifier: GPL-3.0-or-later
// Command line over configuration file over defaults.
#include "experiment_options.hpp"
#include "config/registry.hpp"
#include "schemes/registry.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace aircomp::app {

void ExperimentOptions::add_to(CLI::App& command) {
    command.add_option("--config", config_file, "YAML configuration; see configs/");
    command.add_option("--model", model_folder,
                       "Hugging Face model folder, in place of the configuration's");
    command.add_option("--devices", devices,
                       "Number of devices: the configuration's first ones, or the default kinds");
    command.add_option("--scheme", scheme,
                       "What carries the sums: " + runtime::names_of(runtime::schemes()));
    command.add_option("--snr-db", snr_db, "Largest device power over receiver noise, dB");
    command.add_option("--shares", shares, "Share of the model per device, e.g. 0.4,0.3,0.2,0.1")
        ->delimiter(',');
    command.add_option("--seed", seed, "Seed of channels, noise and sampling");
    command.add_option("--threads", threads, "Threads to compute with; 0: all cores");
    command.add_option("--digital-bits", digital_bits, "Bits a value of the digital schemes");
    command.add_option("--csi", csi, "Channel knowledge of the coordinator")
        ->check(CLI::IsMember({"estimated", "perfect"}));
    command
        .add_option(
            "--medium", medium,
            "How deep a scheme over the air is simulated; radio: over the configuration's radios")
        ->check(CLI::IsMember({"symbol", "waveform", "radio"}));
    radios.add_to(command);
    command.add_option("--json", json, "Write the result as JSON to FILE, - for standard output");
}

runtime::Config ExperimentOptions::config() const {
    runtime::Config config = config_file.empty()
                                 ? runtime::default_config()
                                 : runtime::read_config(config_file, runtime::check_scheme);
    if (devices) {
        if (*devices < 1 || *devices > 1024) {
            throw std::invalid_argument("--devices: expected 1 to 1024, found " +
                                        std::to_string(*devices));
        }
        const auto count = static_cast<std::size_t>(*devices);
        if (count > config.devices.size()) {
            config.devices = runtime::default_config(*devices).devices;
        }
        config.devices.resize(count);
        if (config.shares.size() != count) config.shares.clear();
    }
    if (!model_folder.empty()) config.model.folder = model_folder;
    if (scheme) config.scheme = *scheme;
    if (snr_db) config.radio.snr_db = *snr_db;
    if (!shares.empty()) config.shares = shares;
    if (seed) config.seed = *seed;
    if (threads) config.threads = *threads;
    if (digital_bits) config.digital_bits = *digital_bits;
    if (csi) {
        config.radio.channel_knowledge = *csi == "perfect" ? runtime::ChannelKnowledge::perfect
                                                           : runtime::ChannelKnowledge::estimated;
    }
    if (medium) {
        config.medium = *medium == "symbol"     ? runtime::AirMedium::symbol
                        : *medium == "waveform" ? runtime::AirMedium::waveform
                                                : runtime::AirMedium::radio;
    }
    radios.apply(config);
    runtime::validate(config, "command line", runtime::check_scheme);
    return config;
}

Model open_model(const runtime::Config& config, bool needs_tokenizer) {
    if (config.model.folder.empty()) {
        throw std::invalid_argument("no model: name one with --model DIR or in --config FILE");
    }
    Model model{inference::Checkpoint(config.model.folder), nullptr};
    const bool has_tokenizer = std::filesystem::exists(config.model.folder / "tokenizer.json") ||
                               std::filesystem::exists(config.model.folder / "tokenizer.model");
    if (needs_tokenizer || has_tokenizer) {
        model.tokenizer = inference::load_tokenizer(config.model.folder);
        inference::require_same_vocabulary(*model.tokenizer, model.checkpoint.config());
    }
    return model;
}

Json to_json(const runtime::TokenCost& cost) {
    Json json = {{"compute_s", cost.compute_s},
                 {"uplink_s", cost.uplink_s},
                 {"downlink_s", cost.downlink_s},
                 {"sounding_s", cost.sounding_s},
                 {"control_s", cost.control_s},
                 {"total_s", cost.total_s()},
                 {"uplink_channel_uses", cost.uplink_channel_uses}};
    for (const auto& [entry, mean] : cost.own)
        json[entry.key] = mean;
    json["device_energy_j"] = cost.device_energy_j;
    json["server_energy_j"] = cost.server_energy_j;
    json["relay_energy_j"] = cost.relay_energy_j;
    json["total_energy_j"] = cost.total_energy_j();
    return json;
}

Json describe(const runtime::Config& config) {
    return {{"scheme", config.scheme},
            {"seed", config.seed},
            {"devices", config.devices.size()},
            {"shares", config.shares},
            {"snr_db", config.radio.snr_db}};
}

std::string read_text(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw std::runtime_error(file + ": cannot be read");
    std::ostringstream text;
    // Of a folder, or of nothing at all.
    if (!(text << in.rdbuf())) throw std::runtime_error(file + ": expected text, found none");
    return std::move(text).str();
}

}  // namespace aircomp::app
