// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp sum: first light of a testbed, seeded vectors summed over its radios without any model.
#include <cmath>
#include <cstdio>
#include <iostream>

#include "commands.hpp"
#include "first_light_json.hpp"
#include "output.hpp"
#include "radio_options.hpp"
#include "vector_options.hpp"

namespace aircomp::app {
namespace {

struct SumOptions {
    VectorOptions vectors;
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

void run(SumOptions options) {
    auto config = options.vectors.read();
    options.radios.apply(config);
    const auto report = runtime::first_light(config, options.vectors.first_light, show_round);
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
    write_json(first_light_json(report), options.json);
}

}  // namespace

void add_sum(CLI::App& program) {
    auto options = std::make_shared<SumOptions>();
    CLI::App* command = program.add_subcommand(
        "sum", "First test of radios: sum random vectors over them, without a model");
    options->vectors.add_to(*command);
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
