// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp device: holds a slice for a coordinator.
#include "commands.hpp"
#include "compute_options.hpp"
#include "daemon/testbed.hpp"
#include "generation.hpp"
#include "model_option.hpp"
#include "validators.hpp"

namespace aircomp::app {

void add_device(CLI::App& program) {
    auto options = std::make_shared<runtime::testbed::DeviceOptions>();
    CLI::App* command = program.add_subcommand("device", "Hold a slice for a coordinator");
    command->add_option("--coordinator", options->coordinator, "HOST:PORT")->required();
    command
        ->add_option("--name", options->name,
                     "Name of this device in the coordinator's configuration")
        ->required();
    add_model_option(*command, options->model, "; the same model as the coordinator's")->required();
    command->add_option("--certificates", options->certificates,
                        "Folder of the device's certificate; without it, loopback only");
    command
        ->add_option("--memory-bytes", options->memory_bytes,
                     "Memory for slice and KV cache, bytes; 0: all free memory")
        ->check(not_below_zero())
        ->capture_default_str();
    command
        ->add_option("--energy-j-per-flop", options->energy_j_per_flop,
                     "Energy of an operation on this machine, J/FLOP; 0: not known")
        ->check(not_below_zero())
        ->capture_default_str();
    command->add_option("--threads", options->threads, "Threads to compute with; 0: all cores")
        ->check(not_below_zero())
        ->capture_default_str();
    add_compute(*command, options->compute);
    command
        ->add_option("--radio", options->radio,
                     "A copy of the coordinator's configuration, with the radio of this device; "
                     "without it, sums go over the control link")
        ->transform(shipped_file());
    CLI::Option* once =
        command->add_flag("--once", options->once, "End when the coordinator's run ends");
    command
        ->add_option("--patience-s", options->patience_s,
                     "With --once: how long to try to reach a coordinator that is gone, s")
        ->check(not_below_zero())
        ->needs(once)
        ->capture_default_str();
    add_log(*command, options->log);
    command->footer(
        "Examples:\n"
        "  aircomp device --coordinator 127.0.0.1:5810 --name device-1 --model "
        "inference/models/demo\n"
        "  aircomp device --coordinator 127.0.0.1:5811 --name device-1 --model "
        "inference/models/demo --radio configs/laboratory-virtual.yaml\n"
        "  aircomp device --coordinator lab:5810 --name device-1 --model DIR --certificates "
        "lab/device-1");
    command->callback([options] {
        check_compute_options(options->compute);
        runtime::testbed::run_device(*options);
    });
}

}  // namespace aircomp::app
