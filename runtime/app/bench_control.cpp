// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp bench control: an all-reduce's overhead on the control link beside a TCP echo.
#include <algorithm>
#include <iostream>

#include "commands.hpp"
#include "daemon/control_bench.hpp"
#include "output.hpp"
#include "validators.hpp"

namespace aircomp::app {
namespace {

using runtime::testbed::ControlBench;
using runtime::testbed::ControlBenchOptions;

struct BenchControlOptions {
    ControlBenchOptions bench;
    std::string json;
};

double quantile(std::vector<double> values, double q) {
    const auto at =
        values.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

void run(const BenchControlOptions& options) {
    const ControlBench bench = runtime::testbed::measure_control(options.bench);
    const std::string devices = std::to_string(options.bench.devices);
    std::vector<std::vector<std::string>> rows = {
        {"of " + std::to_string(bench.frame_bytes) + " bytes", "median", "10%", "90%", "ratio"}};
    const double echo_s = quantile(bench.echo_s, 0.5);
    const auto add = [&](const std::string& what, const std::vector<double>& times_s) {
        const double median_s = quantile(times_s, 0.5);
        rows.push_back({what, duration(median_s), duration(quantile(times_s, 0.1)),
                        duration(quantile(times_s, 0.9)), number("%.2f", median_s / echo_s)});
        return median_s;
    };
    const double all_reduce_s = add("all-reduce, " + devices + " devices", bench.all_reduce_s);
    const double echo_all_s = add("TCP echo, " + devices + " processes at once", bench.echo_all_s);
    add("TCP echo, one process", bench.echo_s);
    std::cerr << table(rows) << bench.all_reduce_s.size()
              << " all-reduces; a device's arithmetic, included above: "
              << duration(bench.compute_s) << " each\n";
    write_json({{"control",
                 {{"devices", options.bench.devices},
                  {"frame_bytes", bench.frame_bytes},
                  {"all_reduces", bench.all_reduce_s.size()},
                  {"all_reduce_s", all_reduce_s},
                  {"echo_s", echo_s},
                  {"echo_all_s", echo_all_s},
                  {"over_echo", all_reduce_s / echo_s},
                  {"over_echo_all", all_reduce_s / echo_all_s},
                  {"compute_s", bench.compute_s}}}},
               options.json);
}

}  // namespace

void add_bench_control(CLI::App& bench) {
    auto options = std::make_shared<BenchControlOptions>();
    options->bench.program = std::filesystem::read_symlink("/proc/self/exe");
    CLI::App* command = bench.add_subcommand(
        "control", "Time an all-reduce over the control link and a TCP echo of the same size");
    command
        ->add_option("--devices", options->bench.devices,
                     "Number of device processes, on the loopback interface")
        ->check(between(1, 64))
        ->capture_default_str();
    command->add_option("--length", options->bench.length, "Real numbers of a vector")
        ->check(between(16, 1 << 20))
        ->capture_default_str();
    command->add_option("--rounds", options->bench.rounds, "Time at least this many all-reduces")
        ->check(between(1, 1000000))
        ->capture_default_str();
    command->add_option("--json", options->json, "Write the result to FILE, - for standard output");
    command->footer("Example:\n  aircomp bench control --devices 4 --length 2048");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
