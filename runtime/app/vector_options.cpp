// SPDX-License-Identifier: GPL-3.0-or-later
#include "vector_options.hpp"

#include <stdexcept>

#include "engine/model_coding.hpp"
#include "model_option.hpp"
#include "schemes/registry.hpp"
#include "validators.hpp"

namespace aircomp::app {
namespace {

std::vector<std::size_t> indices_of(const std::vector<std::string>& names,
                                    const runtime::Config& config) {
    std::vector<std::size_t> indices;
    for (const auto& name : names) {
        std::size_t n = 0;
        while (n < config.devices.size() && config.devices[n].name != name)
            ++n;
        if (n == config.devices.size()) {
            throw std::runtime_error(
                "--devices: expected names of the configuration's devices, "
                "found '" +
                name + "'");
        }
        indices.push_back(n);
    }
    return indices;
}

}  // namespace

void VectorOptions::add_to(CLI::App& command) {
    command.add_option("config", config, "Configuration with a section radios")
        ->transform(shipped_file())
        ->required();
    command.add_option("--rounds", first_light.rounds, "Sums")
        ->check(between(1, 1000000))
        ->capture_default_str();
    command.add_option("--length", first_light.length, "Real numbers of a vector")
        ->check(between(1, 65536))
        ->capture_default_str();
    command.add_option("--devices", devices, "Names of the devices that take part; all by default")
        ->delimiter(',');
    command.add_option("--seed", seed, "Seed of the vectors, in place of the configuration's");
}

runtime::Config VectorOptions::read() {
    auto read = runtime::read_config(config, runtime::check_scheme);
    // Where no radio is named, that is what has to be said.
    if (!read.radios.devices.empty())
        runtime::require_no_calibration(read, "vectors without a model");
    read.seed = seed.value_or(read.seed);
    first_light.devices = indices_of(devices, read);
    return read;
}

}  // namespace aircomp::app
