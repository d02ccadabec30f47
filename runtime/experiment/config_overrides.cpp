// SPDX-License-Identifier: GPL-3.0-or-later
// Values over values.
#include "experiment/config_overrides.hpp"

#include <stdexcept>

#include "config/registry.hpp"

namespace aircomp::runtime {
namespace {

template <typename Value>
struct NamedValue {
    std::string name;
    Value value;
};

const std::vector<NamedValue<ChannelKnowledge>>& kinds_of_csi() {
    static const std::vector<NamedValue<ChannelKnowledge>> kinds = {
        {"estimated", ChannelKnowledge::estimated}, {"perfect", ChannelKnowledge::perfect}};
    return kinds;
}

const std::vector<NamedValue<AirMedium>>& media() {
    static const std::vector<NamedValue<AirMedium>> media = {{"symbol", AirMedium::symbol},
                                                             {"waveform", AirMedium::waveform},
                                                             {"radio", AirMedium::radio}};
    return media;
}

void set_devices(std::int64_t devices, Config& config) {
    Config kinds = default_config(devices);
    const auto count = static_cast<std::size_t>(devices);
    if (count > config.devices.size()) config.devices = std::move(kinds.devices);
    config.devices.resize(count);
    if (config.shares.size() != count) config.shares.clear();
}

}  // namespace

std::vector<std::string> csi_names() {
    return name_list(kinds_of_csi());
}

std::vector<std::string> medium_names() {
    return name_list(media());
}

void apply(const ConfigOverrides& overrides, Config& config) {
    if (overrides.devices) set_devices(*overrides.devices, config);
    if (!overrides.model_folder.empty()) config.model.folder = overrides.model_folder;
    if (overrides.scheme) config.scheme = *overrides.scheme;
    if (overrides.snr_db) config.radio.snr_db = *overrides.snr_db;
    if (!overrides.shares.empty()) config.shares = overrides.shares;
    if (overrides.seed) config.seed = *overrides.seed;
    if (overrides.threads) config.threads = *overrides.threads;
    if (overrides.calibration)
        config.calibration.file = *overrides.calibration == "none" ? "" : *overrides.calibration;
    if (overrides.digital_bits) config.digital.bits = *overrides.digital_bits;
    if (overrides.csi)
        config.radio.channel_knowledge = find_row(kinds_of_csi(), "csi", *overrides.csi).value;
    if (overrides.medium) config.medium = find_row(media(), "medium", *overrides.medium).value;
}

}  // namespace aircomp::runtime
