// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp sum: first light of a testbed, seeded vectors summed over its radios without any model.
#include <cmath>
#include <cstdio>
#include <iostream>

#include "commands.hpp"
#include "engine/first_light.hpp"
#include "engine/model_coding.hpp"
#include "model_option.hpp"
#include "output.hpp"
#include "radio_options.hpp"
#include "schemes/registry.hpp"
#include "validators.hpp"

namespace aircomp::app {
namespace {

struct SumOptions {
    std::string config;
    runtime::FirstLightOptions first_light;
    std::vector<std::string> devices;
    std::optional<std::uint64_t> seed;
    RadioOptions radios;
    std::string json;
};

double db(double ratio) {
    return 10 * std::log10(ratio);
}

std::string bursts(const runtime::FirstLightDevice& radio) {
    return std::to_string(radio.late) + "/" + std::to_string(radio.underflowed) + "/" +
           std::to_string(radio.broken) + "/" + std::to_string(radio.unacknowledged);
}

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

void show_round(const runtime::FirstLightRound& round) {
    std::fprintf(stderr,
                 "round %3lld  NMSE %6.2f dB  expected %6.2f dB  EVM %5.1f%%  phase %6.1f deg\n",
                 static_cast<long long>(round.number), db(round.nmse), db(round.expected_nmse),
                 100 * round.evm, round.phase_deg);
}

std::string device_table(const runtime::FirstLightReport& report) {
    std::vector<std::vector<std::string>> rows = {
        {"radio", "gain, dB", "EVM, %", "delay", "offset, Hz", "header, dB", "phase, deg",
         "power, dBFS", "power, dBm", "ADC peak, dBFS", "late/under/broken/silent"}};
    for (const auto& device : report.devices) {
        rows.push_back({device.name, number("%.1f", device.path_gain_db),
                        number("%.1f", 100 * device.evm), number("%.1f", device.delay_samples),
                        number("%.1f", device.offset_hz), number("%.1f", device.header_snr_db),
                        number("%.1f", device.phase_deg), number("%.1f", device.power_dbfs),
                        device.power_dbm ? number("%.1f", *device.power_dbm) : "-",
                        number("%.1f", device.receive_peak_dbfs), bursts(device)});
    }
    rows.push_back({report.server.name, "-", "-", "-", "-", "-", "-", "-", "-",
                    number("%.1f", report.server.receive_peak_dbfs), bursts(report.server)});
    return table(rows);
}

Json to_json(const runtime::FirstLightDevice& radio) {
    Json json = {{"name", radio.name},
                 {"receive_peak_dbfs", radio.receive_peak_dbfs},
                 {"late", radio.late},
                 {"underflowed", radio.underflowed},
                 {"broken", radio.broken},
                 {"unacknowledged", radio.unacknowledged},
                 {"clipped_samples", radio.clipped_samples}};
    return json;
}

Json to_json(const runtime::FirstLightReport& report) {
    Json rounds = Json::array();
    for (const auto& round : report.rounds) {
        rounds.push_back({{"number", round.number},
                          {"time_s", round.time_s},
                          {"nmse", round.nmse},
                          {"expected_nmse", round.expected_nmse},
                          {"evm", round.evm},
                          {"phase_deg", round.phase_deg},
                          {"noise_power_w", round.noise_power_w},
                          {"confidence", round.confidence},
                          {"device_power_dbfs", round.device_power_dbfs}});
    }
    Json devices = Json::array();
    for (const auto& device : report.devices) {
        Json json = to_json(device);
        json["path_gain_db"] = device.path_gain_db;
        json["evm"] = device.evm;
        json["delay_samples"] = device.delay_samples;
        json["offset_hz"] = device.offset_hz;
        json["header_snr_db"] = device.header_snr_db;
        json["phase_deg"] = device.phase_deg;
        json["power_dbfs"] = device.power_dbfs;
        if (device.power_dbm) json["power_dbm"] = *device.power_dbm;
        devices.push_back(json);
    }
    return {{"nmse", report.nmse},
            {"soundings", report.soundings},
            {"repeated_rounds", report.repeated_rounds},
            {"failures", report.failures},
            {"rounds", rounds},
            {"devices", devices},
            {"server", to_json(report.server)}};
}

void run(SumOptions options) {
    auto config = runtime::read_config(options.config, runtime::check_scheme);
    // Where no radio is named, that is what has to be said.
    if (!config.radios.devices.empty())
        runtime::require_no_calibration(config, "vectors without a model");
    config.seed = options.seed.value_or(config.seed);
    options.radios.apply(config);
    options.first_light.devices = indices_of(options.devices, config);
    const auto report = runtime::first_light(config, options.first_light, show_round);
    std::cerr << device_table(report);
    for (const auto& failure : report.failures)
        std::cerr << "repeated: " << failure << "\n";
    const double headroom_db = config.radios.receive_headroom_db;
    if (report.server.receive_peak_dbfs > -headroom_db) {
        std::cerr << "server: the ADC's peak is above " << -headroom_db
                  << " dBFS (radios.receive_headroom_db): lower receive_gain_db\n";
    }
    std::cerr << report.rounds.size() << " sums over the air, NMSE "
              << number("%.2f", db(report.nmse)) << " dB in all; " << report.soundings
              << " soundings, " << report.repeated_rounds << " rounds repeated\n";
    write_json(to_json(report), options.json);
}

}  // namespace

void add_sum(CLI::App& program) {
    auto options = std::make_shared<SumOptions>();
    CLI::App* command = program.add_subcommand(
        "sum", "First test of radios: sum random vectors over them, without a model");
    command->add_option("config", options->config, "Configuration with a section radios")
        ->transform(shipped_file())
        ->required();
    command->add_option("--rounds", options->first_light.rounds, "Sums")
        ->check(between(1, 1000000))
        ->capture_default_str();
    command->add_option("--length", options->first_light.length, "Real numbers of a vector")
        ->check(between(1, 65536))
        ->capture_default_str();
    command
        ->add_option("--devices", options->devices,
                     "Names of the devices that take part; all by default")
        ->delimiter(',');
    command->add_option("--seed", options->seed,
                        "Seed of the vectors, in place of the configuration's");
    options->radios.add_to(*command);
    command->add_option("--json", options->json,
                        "Write the result as JSON to FILE, - for standard output");
    command->footer(
        "Examples:\n"
        "  aircomp sum configs/virtual-radio.yaml --rounds 20\n"
        "  aircomp sum configs/virtual-radio.yaml --rounds 5 --radio flowgraph\n"
        "  aircomp sum configs/b210-x310.yaml --devices device-1 --rounds 5 --json sum.json");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
