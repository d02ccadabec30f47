// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp reproduce: runs named experiments, on as many processes as there are.
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>

#include "aircomp/inference/thread_count.hpp"
#include "commands.hpp"
#include "experiment/results.hpp"
#include "files/places.hpp"
#include "model_option.hpp"
#include "output.hpp"
#include "validators.hpp"
#include "version.hpp"

namespace aircomp::app {
namespace {

struct ReproduceOptions {
    std::vector<std::string> names;
    std::string model, text;
    std::string out = "results";
    int workers = inference::thread_count();
    bool quick = false;
    bool list = false;
    bool helper = false;
};

std::vector<std::filesystem::path> all_experiments() {
    std::vector<std::filesystem::path> files;
    for (const auto& entry :
         std::filesystem::directory_iterator(runtime::data_folder() / "configs/experiments"))
        if (entry.path().extension() == ".yaml") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

/// The files of the names; a name that is a path to a YAML file stands for itself.
std::vector<std::filesystem::path> chosen_experiments(const std::vector<std::string>& names) {
    auto all = all_experiments();
    std::vector<std::filesystem::path> files;
    for (const auto& name : names) {
        if (name == "all") return all;
        const std::filesystem::path path(name);
        if (path.extension() == ".yaml") {
            files.push_back(path);
            continue;
        }
        const auto found = std::find_if(all.begin(), all.end(),
                                        [&](const auto& file) { return file.stem() == name; });
        if (found == all.end()) {
            std::vector<std::string> known = {"all"};
            for (const auto& file : all)
                known.push_back(file.stem().string());
            throw std::invalid_argument("experiment '" + name + "' is not known; known are " +
                                        joined(known) + ", or the path of a .yaml file" +
                                        runtime::did_you_mean(name, known));
        }
        files.push_back(*found);
    }
    if (files.empty()) throw std::invalid_argument("reproduce: name an experiment, or --list");
    return files;
}

/// Says on SIGINT that nothing is lost, and ends by it.
void say_when_interrupted() {
    std::signal(SIGINT, [](int) {
        constexpr char text[] = "\naircomp: interrupted; the same command goes on where this was\n";
        if (write(STDERR_FILENO, text, sizeof text - 1) < 0) _exit(1);
        std::signal(SIGINT, SIG_DFL);
        raise(SIGINT);
    });
}

/// More processes of this program, which take points as this one does and end with it.
class Helpers {
public:
    Helpers(const ReproduceOptions& options, int count) {
        std::vector<std::string> words = {"aircomp", "reproduce"};
        words.insert(words.end(), options.names.begin(), options.names.end());
        words.insert(words.end(), {"--out", options.out, "--helper"});
        if (options.quick) words.emplace_back("--quick");
        if (!options.model.empty()) words.insert(words.end(), {"--model", options.model});
        if (!options.text.empty()) words.insert(words.end(), {"--text", options.text});
        std::vector<char*> arguments(words.size() + 1, nullptr);
        std::transform(words.begin(), words.end(), arguments.begin(),
                       [](std::string& word) { return word.data(); });
        for (int i = 0; i < count; ++i) {
            pid_t child = 0;
            if (posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, arguments.data(),
                            environ) == 0) {
                children_.push_back(child);
            }
        }
    }
    ~Helpers() {
        for (const pid_t child : children_)
            kill(child, SIGTERM);
        for (const pid_t child : children_)
            waitpid(child, nullptr, 0);
    }
    Helpers(const Helpers&) = delete;
    Helpers& operator=(const Helpers&) = delete;

private:
    std::vector<pid_t> children_;
};

/// Processes that somebody else has started beside this one: Open MPI's or a Slurm array's.
bool is_one_of_many() {
    const char* ranks = std::getenv("OMPI_COMM_WORLD_SIZE");
    return (ranks != nullptr && std::atoi(ranks) > 1) ||
           std::getenv("SLURM_ARRAY_TASK_ID") != nullptr;
}

bool is_first() {
    const char* rank = std::getenv("OMPI_COMM_WORLD_RANK");
    return rank == nullptr || std::atoi(rank) == 0;
}

void run_experiment(const runtime::Experiment& experiment, const ReproduceOptions& options) {
    runtime::Results results(experiment, options.out, version());
    const auto bar = options.helper ? nullptr : progress_bar(experiment.name);
    const auto total = static_cast<std::int64_t>(experiment.points.size());
    results.work([&] {
        if (bar) bar(static_cast<std::int64_t>(results.finished()), total);
    });
    if (options.helper) return;
    results.write_table();
    if (!is_first()) return;
    const std::string folder = results.folder().string();
    const bool has_plots = !experiment.plots.empty();
    if (has_plots) draw("experiment.py", folder, folder + "/figure.png");
    std::cout << experiment.name << ": " << experiment.title << "\n  " << folder << "/table.csv"
              << (has_plots ? ", figure.png" : "") << "\n";
}

void run(const ReproduceOptions& options) {
    if (options.list) {
        for (const auto& file : all_experiments()) {
            const auto experiment = runtime::read_experiment(file, options.quick);
            std::cout << experiment.name << ": " << experiment.title << " ("
                      << experiment.points.size() << " points)\n";
        }
        return;
    }
    // A helper whose parent is killed would go on alone, unseen.
    if (options.helper) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
    } else {
        say_when_interrupted();
    }
    std::vector<runtime::Experiment> experiments;  // all at first: errors before hours of work
    for (const auto& file : chosen_experiments(options.names))
        experiments.push_back(
            runtime::read_experiment(file, options.quick, {options.model, options.text}));
    const int helpers = options.helper || is_one_of_many() ? 0 : options.workers - 1;
    const Helpers others(options, helpers);
    for (const auto& experiment : experiments)
        run_experiment(experiment, options);
    if (options.helper || !is_first()) return;
    std::cout << "aircomp report " << options.out << " makes one page of it\n";
}

}  // namespace

void add_reproduce(CLI::App& program) {
    auto options = std::make_shared<ReproduceOptions>();
    CLI::App* command = program.add_subcommand("reproduce", "Run named experiments");
    command->add_option("names", options->names, "Names of experiments, all, or YAML files");
    add_model_option(*command, options->model, "; in place of the demo model");
    command->add_option("--text", options->text, "Text to predict, in place of the demo's")
        ->transform(shipped_file())
        ->check(CLI::Validator(CLI::ExistingFile).description(""));
    command->add_option("--out", options->out, "Folder for the results")->capture_default_str();
    command
        ->add_option("--workers", options->workers,
                     "Number of processes that measure at the same time")
        ->check(between(1, 1024))
        ->capture_default_str();
    command->add_flag("--quick", options->quick, "Fewer points: minutes in place of hours");
    command->add_flag("--list", options->list, "List the experiments");
    command->add_flag("--helper", options->helper)->group("");
    command->footer(
        "An interrupted run continues where it stopped. Under mpirun, or in a Slurm array, every "
        "process takes points that no other process has.\nExamples:\n"
        "  aircomp reproduce all --quick\n"
        "  aircomp reproduce token-time perplexity-snr --out results\n"
        "  aircomp reproduce perplexity-snr --model DIR --text FILE --out results/mine\n"
        "  mpirun -n 8 aircomp reproduce all --out /shared/results");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
