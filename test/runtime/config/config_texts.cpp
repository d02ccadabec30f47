// SPDX-License-Identifier: GPL-3.0-or-later
#include "config_texts.hpp"

#include <stdexcept>
#include <utility>
#include <vector>

#include "schemes/registry.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::runtime {

using test::TemporaryFolder;

Config read(const std::string& yaml) {
    const TemporaryFolder folder;
    return read_config(folder.write("lab.yaml", yaml), check_scheme);
}

std::string message_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "";
}

std::string error_of(const std::string& yaml) {
    const TemporaryFolder folder;
    const auto file = folder.write("lab.yaml", yaml);
    const std::string message = message_of([&] { read_config(file, check_scheme); });
    const std::string prefix = folder.path().string() + "/";
    return message.rfind(prefix, 0) == 0 ? message.substr(prefix.size()) : message;
}

std::string error_after(const std::function<void(Config&)>& change) {
    Config config = default_config();
    change(config);
    return message_of([&] { validate(config, "command line", check_scheme); });
}

std::string device_with(const std::string& key, const std::string& line) {
    std::string yaml = "devices:\n";
    std::string lead = "  - ";
    for (const auto& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{"name", "a"},
                                                          {"compute_flops_per_s", "1e9"},
                                                          {"energy_j_per_flop", "1e-10"},
                                                          {"max_power_w", "0.1"},
                                                          {"memory_bytes", "1e9"},
                                                          {"antennas", "2"}}) {
        yaml += lead + (name == key ? line : name + ": " + value) + "\n";
        lead = "    ";
    }
    return yaml;
}

}  // namespace aircomp::runtime
