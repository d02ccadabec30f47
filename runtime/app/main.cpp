// SPDX-License-Identifier: GPL-3.0-or-later
// The aircomp program: picks the command; every error ends here as one line and exit code 2.
#include <algorithm>
#include <iostream>
#include <sstream>

#include "command_line.hpp"
#include "commands.hpp"
#include "file_options.hpp"
#include "standard_output.hpp"
#include "version.hpp"

namespace {

constexpr const char* first_steps =
    "aircomp runs one language model over several devices; the radio channel does the summing.\n\n"
    "  aircomp demo             a model answers over a simulated radio channel; no radio is "
    "needed\n"
    "  aircomp demo --testbed   the same by five processes with virtual radios\n"
    "  aircomp reproduce headline --quick\n"
    "                           an experiment: where sums over the air are faster than digital "
    "ones\n\n"
    "aircomp --help tells all commands.\n";

int run(int argc, char** argv) {
    using namespace aircomp::app;
    CLI::App program{
        "aircomp: one language model over several devices; the radio channel does the summing."};
    program.name("aircomp");
    program.formatter(std::make_shared<HelpFormatter>());
    program.set_version_flag("--version", version());
    program.require_subcommand(1);
    program.footer(
        "Examples:\n"
        "  aircomp generate --config configs/loopback-symbol.yaml --prompt \"The server\"\n"
        "  aircomp compare --config configs/loopback-symbol.yaml --text FILE\n"
        "  aircomp COMMAND --help");
    add_demo(program);
    add_generate(program);
    add_chat(program);
    add_serve(program);
    add_perplexity(program);
    add_logits(program);
    add_tokens(program);
    add_compare(program);
    add_config(program);
    add_assign(program);
    add_plan(program);
    add_transceiver(program);
    add_reproduce(program);
    add_report(program);
    add_list(program);
    add_model(program);
    add_fetch(program);
    add_calibrate(program);
    add_sum(program);
    add_record(program);
    add_replay(program);
    add_bench(program);
    add_coordinator(program);
    add_device(program);
    add_top(program);
    add_pki(program);
    add_doctor(program);
#ifdef AIRCOMP_WITH_MPI
    add_mpi(program);
#endif
    add_pages(program);
    require_plain_numbers(program);
    require_whole_lists(program, {argv + std::min(argc, 1), argv + argc});
    check_files(program);
    if (argc == 1) {
        write_standard_output(first_steps);
        return 0;
    }
    try {
        program.parse(argc, argv);
        return 0;
    } catch (const CLI::Success& help) {
        std::ostringstream text;
        const int code = program.exit(help, text, text);
        write_standard_output(text.str());
        return code;
    } catch (const CLI::RuntimeError& ended) {
        return ended.get_exit_code();
    } catch (const CLI::ParseError& error) {
        std::cerr << "aircomp: " << complaint(program, error, argc > 1 ? argv[1] : "") << "\n";
        return 2;
    }
}

}  // namespace

int main(int argc, char** argv) {
    using namespace aircomp::app;
    try {
        occupy_standard_files();
        const int code = run(argc, argv);
        write_standard_output("");
        return code;
    } catch (const std::exception& error) {
        std::cerr << "aircomp: " << error.what() << "\n";
        return 2;
    }
}
