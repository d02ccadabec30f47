// SPDX-License-Identifier: GPL-3.0-or-later
// The program's commands; each adds itself to the command line and runs when it is chosen.
#pragma once

#include <CLI/CLI.hpp>

namespace aircomp::app {

void add_demo(CLI::App& program);
void add_fetch(CLI::App& program);
void add_generate(CLI::App& program);
void add_chat(CLI::App& program);
void add_serve(CLI::App& program);
void add_perplexity(CLI::App& program);
void add_logits(CLI::App& program);
void add_tokens(CLI::App& program);
void add_transceiver(CLI::App& program);
void add_compare(CLI::App& program);
void add_config(CLI::App& program);
void add_assign(CLI::App& program);
void add_plan(CLI::App& program);
void add_reproduce(CLI::App& program);
void add_sum(CLI::App& program);
void add_record(CLI::App& program);
void add_replay(CLI::App& program);
void add_report(CLI::App& program);
void add_list(CLI::App& program);
void add_model(CLI::App& program);
void add_calibrate(CLI::App& program);
void add_bench(CLI::App& program);
void add_bench_control(CLI::App& bench);
void add_doctor(CLI::App& program);
#ifdef AIRCOMP_WITH_MPI
void add_mpi(CLI::App& program);
void add_bench_mpi(CLI::App& bench);
#endif
void add_coordinator(CLI::App& program);
void add_device(CLI::App& program);
void add_top(CLI::App& program);
void add_pki(CLI::App& program);
/// Not in the help: what the build writes man pages and completions with.
void add_pages(CLI::App& program);

}  // namespace aircomp::app
