// SPDX-License-Identifier: GPL-3.0-or-later
// Times all-reduces of real daemons, and echoes in between.
#include "daemon/control_bench.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "aircomp/inference/random_model.hpp"
#include "daemon/coordinator/distributed_model.hpp"
#include "daemon/echo_bench.hpp"
#include "engine/model_hash.hpp"
#include "schemes/registry.hpp"

namespace aircomp::runtime::testbed {
namespace {

constexpr std::int64_t layers = 11;
constexpr int tokens_to_warm_up = 3;
constexpr double patience_s = 60;

/// A folder with the model and what devices say, gone at the end.
class Folder {
public:
    Folder() : path_((std::filesystem::temp_directory_path() / "aircomp-bench-XXXXXX").string()) {
        if (mkdtemp(path_.data()) == nullptr) {
            throw std::runtime_error(path_ + ": cannot be made");
        }
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::filesystem::path path() const { return path_; }

private:
    std::string path_;
};

/// Long vectors, and for each device a KV group of two dimensions and one FFN column.
inference::ModelConfig thin_model(const ControlBenchOptions& options) {
    inference::ModelConfig model;
    model.architecture = "LlamaForCausalLM";
    model.vocabulary_size = 16;
    model.hidden_size = options.length;
    model.ffn_size = model.heads = model.kv_heads = options.devices;
    model.head_dim = 2;
    model.layers = layers;
    model.rms_norm_epsilon = 1e-5;
    model.rope_theta = 10000;
    return model;
}

Config bench_config(const ControlBenchOptions& options) {
    Config config = default_config(options.devices);
    for (std::size_t n = 0; n < config.devices.size(); ++n) {
        config.devices[n].name = "device-" + std::to_string(n + 1);
        config.devices[n].memory_bytes = 1e12;
    }
    config.scheme = wired_scheme().name;
    config.threads = 1;
    config.testbed.heartbeat_s = 5;
    return config;
}

/// Device processes, which end with the run or with this process.
class Devices {
public:
    Devices(const ControlBenchOptions& options, const std::string& address,
            const std::filesystem::path& folder) {
        for (int n = 1; n <= options.devices; ++n)
            start(options, address, folder, "device-" + std::to_string(n));
    }
    ~Devices() {
        for (const pid_t process : processes_) {
            kill(process, SIGTERM);
            waitpid(process, nullptr, 0);
        }
    }
    Devices(const Devices&) = delete;
    Devices& operator=(const Devices&) = delete;

private:
    void start(const ControlBenchOptions& options, const std::string& address,
               const std::filesystem::path& folder, const std::string& name) {
        const std::string program = options.program.string(), model = folder.string();
        const std::string log = (folder / (name + ".log")).string();
        const pid_t process = fork();
        if (process < 0) throw std::runtime_error("bench control: cannot fork");
        if (process == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            dup2(open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644), STDERR_FILENO);
            execl(program.c_str(), program.c_str(), "device", "--coordinator", address.c_str(),
                  "--name", name.c_str(), "--model", model.c_str(), "--threads", "1", "--once",
                  nullptr);
            _exit(127);
        }
        processes_.push_back(process);
    }

    std::vector<pid_t> processes_;
};

void run_token(DistributedModel& model, std::int64_t position) {
    const inference::Token token = 1;
    if (!model.forward({&token, 1}, position, {0, /*one_at_a_time=*/true})) {
        throw std::runtime_error("bench control: a device was lost");
    }
}

double compute_s(DistributedModel& model, int devices) {
    double total_s = 0;
    for (int n = 0; n < devices; ++n)
        total_s += model.roster().record(static_cast<std::size_t>(n)).compute_s;
    return total_s / devices / static_cast<double>(model.times().rounds);
}

}  // namespace

ControlBench measure_control(const ControlBenchOptions& options) {
    inference::ModelConfig dimensions = thin_model(options);
    const auto rounds_a_token = static_cast<int>(dimensions.sites());
    const int tokens = (options.rounds + rounds_a_token - 1) / rounds_a_token;
    dimensions.context = tokens_to_warm_up + tokens;
    const Folder folder;
    inference::write_random_model(folder.path(), dimensions);
    const inference::Checkpoint checkpoint(folder.path());
    const Config config = bench_config(options);
    const control::Hash hash = model_hash(checkpoint);
    const std::vector<float> sum(static_cast<std::size_t>(options.length));
    ControlBench result;
    result.frame_bytes = control::encode(control::Sum{1, 1, sum})->size();
    EchoPeers echo(options.devices, result.frame_bytes);  // Forks before there are threads.

    Log log({LogFormat::text, LogLevel::warning});
    control::Loop loop;
    const std::vector<inference::Token> no_calibration;
    DistributedModel model(config, checkpoint, no_calibration, /*conversations=*/1, loop, nullptr,
                           hash, log);
    const Devices devices(options, model.roster().address(), folder.path());
    const auto all_there = [&] { return model.roster().present().size() == config.devices.size(); };
    if (!loop.run_until(all_there, patience_s) || !model.assign()) {
        throw std::runtime_error("bench control: expected " + std::to_string(options.devices) +
                                 " devices, found " +
                                 std::to_string(model.roster().present().size()));
    }
    std::int64_t position = 0;
    while (position < tokens_to_warm_up)
        run_token(model, position++);
    model.observe_rounds([&](double round_s) { result.all_reduce_s.push_back(round_s); });
    for (int t = 0; t < tokens; ++t) {
        run_token(model, position++);
        for (int i = 0; i < rounds_a_token; ++i) {
            result.echo_s.push_back(echo.round_trip_s(1));
            result.echo_all_s.push_back(echo.round_trip_s(options.devices));
        }
    }
    result.compute_s = compute_s(model, options.devices);
    return result;
}

}  // namespace aircomp::runtime::testbed
