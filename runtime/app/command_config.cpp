// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp config: what can be configured, and what a file comes to.
#include <algorithm>
#include <iostream>

#include "commands.hpp"
#include "config/annotated_yaml.hpp"
#include "config/reference_page.hpp"
#include "experiment/config_json.hpp"
#include "model_option.hpp"
#include "output.hpp"
#include "schemes/registry.hpp"

namespace aircomp::app {
namespace {

using runtime::ConfigEntry;
using Kind = ConfigEntry::Kind;

struct ConfigOptions {
    std::string section;
    std::string file;
    std::string json;
    bool markdown = false;
};

Json facts_of(const ConfigEntry& entry) {
    Json json = {{"meaning", entry.meaning}};
    if (entry.kind == Kind::section || entry.kind == Kind::list) return json;
    if (!entry.unit.empty()) json["unit"] = entry.unit;
    if (!entry.choices.empty()) json["choices"] = entry.choices;
    if (const std::string words = in_words(entry.range); !words.empty()) json["range"] = words;
    if (entry.range.lowest)
        json[entry.range.above_lowest ? "exclusive_minimum" : "minimum"] = *entry.range.lowest;
    if (entry.range.highest) json["maximum"] = *entry.range.highest;
    json["integer"] = entry.kind == Kind::integer;
    json["required"] = entry.required;
    json["default"] = json_value(entry, entry.otherwise);
    return json;
}

/// Of every key, "radio.streams" or "devices[].antennas", what is known about it.
void add_facts(const std::vector<ConfigEntry>& entries, const std::string& parent, Json& keys) {
    for (const ConfigEntry& entry : entries) {
        const std::string name = parent + entry.name;
        keys[name] = facts_of(entry);
        add_facts(entry.members, name + (entry.kind == Kind::list ? "[]." : "."), keys);
    }
}

/// The entry of that name alone, or all where none is asked for.
std::vector<ConfigEntry> chosen(const std::vector<ConfigEntry>& entries, const std::string& name) {
    if (name.empty()) return entries;
    std::vector<std::string> known;
    for (const ConfigEntry& entry : entries) {
        if (entry.name == name) return {entry};
        known.push_back(entry.name);
    }
    throw std::invalid_argument("config: expected one of " + joined(known) + ", found '" + name +
                                "'");
}

std::string heading(const ConfigOptions& options) {
    return (options.file.empty() ? "# Every key with its default"
                                 : "# What " + options.file + " comes to") +
           std::string(
               ". A key that is left out keeps its default; an unknown key is an error.\n"
               "# Units are part of the name. Paths are relative to the folder of ") +
           (options.file.empty() ? "this file" : "that file") + ".\n\n";
}

void run(const ConfigOptions& options) {
    const std::filesystem::path file = options.file;
    const auto config = options.file.empty() ? runtime::default_config()
                                             : runtime::read_config(file, runtime::check_scheme);
    const auto entries = chosen(runtime::entries_of(config, file.parent_path()), options.section);
    if (!options.json.empty()) {
        Json keys = Json::object();
        add_facts(entries, "", keys);
        return write_json({{"configuration", runtime::configuration_json(entries)}, {"keys", keys}},
                          options.json);
    }
    if (options.markdown) {
        std::cout << runtime::reference_page(entries);
        return;
    }
    std::cout << (options.section.empty() ? heading(options) : "")
              << runtime::annotated_yaml(entries);
}

}  // namespace

void add_config(CLI::App& program) {
    auto options = std::make_shared<ConfigOptions>();
    CLI::App* command = program.add_subcommand(
        "config", "Print all keys with their defaults, or with the values of a configuration file");
    command->add_option("section", options->section, "One section or key; all without it");
    command->add_option("--file", options->file, "Configuration (YAML); without it, the defaults")
        ->transform(shipped_file());
    auto* json = command->add_option("--json", options->json,
                                     "Write it as JSON, with units and ranges; -: standard output");
    command->add_flag("--markdown", options->markdown, "Print the page docs/configuration.md")
        ->excludes(json)
        ->excludes("section")
        ->excludes("--file");
    command->footer(
        "Examples:\n  aircomp config > lab.yaml\n  aircomp config radio\n"
        "  aircomp config --file configs/virtual-radio.yaml");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
