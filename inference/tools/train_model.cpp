// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp-train-model: trains the demo model on text and writes a Hugging Face model folder.
//
// Threads: one worker per core, each with a replica of the model and its own share of the batch;
// the main thread draws windows before a step and updates after it.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iostream>
#include <numeric>
#include <thread>

#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/inference/checkpoint_writer.hpp"
#include "aircomp/inference/thread_count.hpp"
#include "corpus.hpp"
#include "optimiser.hpp"
#include "training_model.hpp"

// Exported by OpenBLAS; where another BLAS is installed the symbol is null.
extern "C" void openblas_set_num_threads(int threads) __attribute__((weak));

namespace {

using namespace aircomp::inference;
using tools::Optimiser;
using tools::TrainingModel;
using torch::Tensor;

struct Options {
    std::string text, heldout, tokenizer, state, out, start_from;
    std::int64_t steps = 4000, warmup_steps = 100, decay_steps = 1000;
    std::int64_t window = 256, windows_per_pass = 4, passes = 4;
    std::int64_t save_every = 100;
    std::uint64_t seed = 1;
    int threads = thread_count();
    bool resume = false;
    Optimiser::Rates rates;
    ModelConfig model;
};

volatile std::sig_atomic_t interrupted = 0;

ModelConfig demo_model() {
    ModelConfig config;
    config.architecture = "LlamaForCausalLM";
    config.vocabulary_size = 4096;
    config.hidden_size = 256;
    config.ffn_size = 512;
    config.layers = 6;
    config.heads = 8;
    config.kv_heads = 4;
    config.head_dim = 32;
    config.context = 256;
    config.rms_norm_epsilon = 1e-5;
    config.rope_theta = 10000;
    config.tied_embeddings = true;
    return config;
}

/// Inputs and targets [count, window]: a begin-of-text token, then the stream from `starts` on.
std::pair<Tensor, Tensor> make_batch(const std::vector<Token>& stream, Token bos,
                                     const std::vector<std::int64_t>& starts, std::int64_t window) {
    const auto count = static_cast<std::int64_t>(starts.size());
    Tensor inputs = torch::empty({count, window}, torch::kLong);
    Tensor targets = torch::empty({count, window}, torch::kLong);
    for (std::int64_t i = 0; i < count; ++i) {
        const Token* text = stream.data() + starts[static_cast<std::size_t>(i)];
        std::int64_t* input = inputs.data_ptr<std::int64_t>() + i * window;
        std::copy(text, text + window, targets.data_ptr<std::int64_t>() + i * window);
        input[0] = bos;
        std::copy(text, text + window - 1, input + 1);
    }
    return {inputs, targets};
}

/// Runs `work(i)` for i in [0, count) on one thread each, libtorch confined to that thread.
template <typename Work>
void parallel(int count, const Work& work) {
    std::vector<std::thread> threads;
    threads.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        threads.emplace_back([&work, i] {
            at::set_num_threads(1);
            work(i);
        });
    }
    for (auto& thread : threads)
        thread.join();
}

class Trainer {
public:
    Trainer(const Options& options, std::vector<Token> stream, Token bos)
        : options_(options),
          stream_(std::move(stream)),
          bos_(bos),
          windows_(stream_, options.window, options.seed),
          model_(options.model, options.seed),
          optimiser_(model_.parameters(), options.rates) {
        for (int i = 0; i < options.threads; ++i)
            replicas_.push_back(model_.replica());
    }

    const TrainingModel& model() const { return model_; }
    std::int64_t step() const { return step_; }
    std::int64_t tokens_per_step() const {
        return options_.threads * options_.passes * options_.windows_per_pass * options_.window;
    }

    /// One update; returns the batch's mean loss in nats per token.
    double advance() {
        const double loss = gradients_of_batch();
        const double progress = std::min({1.0, (step_ + 1.0) / options_.warmup_steps,
                                          static_cast<double>(options_.steps - step_) /
                                              static_cast<double>(options_.decay_steps)});
        std::atomic<std::size_t> next{0};
        parallel(options_.threads, [&](int) {
            const torch::NoGradGuard no_gradient;
            const double weight = 1.0 / (options_.threads * static_cast<double>(options_.passes));
            for (std::size_t p = next++; p < model_.parameters().size(); p = next++) {
                Tensor gradient = replicas_[0].parameters()[p].second.grad().clone();
                for (std::size_t r = 1; r < replicas_.size(); ++r) {
                    gradient.add_(replicas_[r].parameters()[p].second.grad());
                }
                optimiser_.step(p, gradient.mul_(weight), progress, step_);
            }
        });
        ++step_;
        return loss;
    }

    /// Mean loss in nats per token over non-overlapping windows of `stream`.
    double evaluate(const std::vector<Token>& stream, std::int64_t limit_windows) const {
        const std::int64_t count =
            std::min(limit_windows, static_cast<std::int64_t>(stream.size()) / options_.window);
        std::vector<double> sums(static_cast<std::size_t>(options_.threads), 0);
        parallel(options_.threads, [&](int worker) {
            const torch::NoGradGuard no_gradient;
            for (std::int64_t w = worker; w < count; w += options_.threads) {
                const auto [inputs, targets] =
                    make_batch(stream, bos_, {w * options_.window}, options_.window);
                sums[static_cast<std::size_t>(worker)] +=
                    model_.loss(inputs, targets).item<double>();
            }
        });
        return std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(count);
    }

    void save(const std::string& file) const {
        torch::serialize::OutputArchive archive;
        archive.write("step", torch::tensor(step_));
        optimiser_.save(archive);
        archive.save_to(file + ".part");
        std::filesystem::rename(file + ".part", file);
    }

    void load(const std::string& file) {
        torch::serialize::InputArchive archive;
        archive.load_from(file);
        Tensor step;
        archive.read("step", step);
        step_ = step.item<std::int64_t>();
        const torch::NoGradGuard no_gradient;
        optimiser_.load(archive);
    }

    /// Takes the weights of a BF16 model folder, for training that goes on with another text.
    void start_from(const std::filesystem::path& folder) {
        const Checkpoint checkpoint(folder);
        const torch::NoGradGuard no_gradient;
        for (const auto& [name, value] : model_.parameters()) {
            const TensorView view = checkpoint.tensor(name, value.sizes().vec());
            if (view.type != DataType::bf16) {
                throw std::runtime_error(folder.string() + ": " + name + ": expected BF16");
            }
            Tensor narrow = torch::empty(value.sizes(), torch::kBFloat16);
            std::memcpy(narrow.data_ptr(), view.bytes.data(), view.bytes.size());
            value.copy_(narrow);
        }
    }

private:
    double gradients_of_batch() {
        std::vector<std::vector<std::int64_t>> starts;
        const std::int64_t passes = options_.threads * options_.passes;
        for (std::int64_t i = 0; i < passes; ++i) {
            auto& pass = starts.emplace_back();
            for (std::int64_t w = 0; w < options_.windows_per_pass; ++w) {
                pass.push_back(
                    windows_.start((step_ * passes + i) * options_.windows_per_pass + w));
            }
        }
        std::vector<double> losses(replicas_.size(), 0);
        parallel(options_.threads, [&](int worker) {
            const auto& replica = replicas_[static_cast<std::size_t>(worker)];
            for (const auto& [name, value] : replica.parameters())
                value.mutable_grad() = Tensor();
            for (std::int64_t i = 0; i < options_.passes; ++i) {
                const auto [inputs, targets] = make_batch(
                    stream_, bos_, starts[static_cast<std::size_t>(worker * options_.passes + i)],
                    options_.window);
                const Tensor loss = replica.loss(inputs, targets);
                loss.backward();
                losses[static_cast<std::size_t>(worker)] += loss.item<double>();
            }
        });
        return std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(passes);
    }

    const Options& options_;
    std::vector<Token> stream_;
    Token bos_;
    tools::WindowSampler windows_;
    TrainingModel model_;
    std::vector<TrainingModel> replicas_;
    Optimiser optimiser_;
    std::int64_t step_ = 0;
};

/// Average length in bytes of a token of `documents`, to turn nats per token into bits per byte.
double bytes_per_token(const std::vector<std::string>& documents, std::size_t tokens) {
    std::size_t bytes = 0;
    for (const auto& document : documents)
        bytes += document.size();
    return static_cast<double>(bytes) / static_cast<double>(tokens);
}

/// Writes config.json, model.safetensors (BF16) and tokenizer.json into `options.out`.
void export_model(const Options& options, const Tokenizer& tokenizer, const TrainingModel& model) {
    std::vector<Tensor> narrowed;
    std::vector<TensorView> views;
    for (const auto& [name, value] : model.parameters()) {
        const Tensor& data =
            narrowed.emplace_back(value.detach().to(torch::kBFloat16).contiguous());
        views.push_back({name,
                         DataType::bf16,
                         data.sizes().vec(),
                         {static_cast<const std::byte*>(data.data_ptr()), data.nbytes()}});
    }
    ModelConfig config = options.model;
    config.bos_token = tokenizer.bos();
    if (tokenizer.eos()) config.eos_tokens = {*tokenizer.eos()};
    write_checkpoint(options.out, config, views);
    std::filesystem::copy_file(std::filesystem::path(options.tokenizer) / "tokenizer.json",
                               std::filesystem::path(options.out) / "tokenizer.json",
                               std::filesystem::copy_options::overwrite_existing);
}

void train(const Options& options) {
    const auto tokenizer = load_tokenizer(std::filesystem::path(options.tokenizer));
    if (tokenizer->size() != options.model.vocabulary_size || !tokenizer->bos()) {
        throw std::runtime_error(options.tokenizer + ": expected a tokenizer of " +
                                 std::to_string(options.model.vocabulary_size) +
                                 " tokens with a begin-of-text token");
    }
    const auto heldout_documents = tools::read_documents(options.heldout);
    const auto heldout = tools::encode_documents(*tokenizer, heldout_documents);
    const double heldout_bytes = bytes_per_token(heldout_documents, heldout.size());
    Trainer trainer(options,
                    tools::encode_documents(*tokenizer, tools::read_documents(options.text)),
                    *tokenizer->bos());
    if (!options.start_from.empty()) trainer.start_from(options.start_from);
    if (options.resume) trainer.load(options.state);

    const auto heldout_bits = [&](std::int64_t windows) {
        return trainer.evaluate(heldout, windows) / std::log(2.0) / heldout_bytes;
    };
    auto begin = std::chrono::steady_clock::now();
    double mean_loss = 0;
    while (trainer.step() < options.steps && !interrupted) {
        mean_loss += trainer.advance();
        if (trainer.step() % options.save_every != 0 && trainer.step() != options.steps) continue;
        const auto now = std::chrono::steady_clock::now();
        const double seconds = std::chrono::duration<double>(now - begin).count();
        begin = now;
        trainer.save(options.state);
        std::cerr << "step " << trainer.step() << "  loss " << mean_loss / options.save_every
                  << " nats/token  held-out " << heldout_bits(200) << " bits/byte  "
                  << options.save_every * trainer.tokens_per_step() / seconds << " tokens/s\n";
        mean_loss = 0;
    }
    trainer.save(options.state);
    export_model(options, *tokenizer, trainer.model());
    std::cerr << "held-out text: " << heldout_bits(INT64_MAX) << " bits/byte after step "
              << trainer.step() << "; model written to " << options.out << "\n";
}

int run(int argc, char** argv) {
    Options o;
    o.model = demo_model();
    CLI::App app{
        "Trains the demo model (Llama architecture) on text; documents are separated by form "
        "feeds.\nSIGINT saves the state and the model; --resume goes on from there.\n\n"
        "Example: aircomp-train-model --text train.txt --heldout heldout.txt --tokenizer demo "
        "--state state.pt --out demo --steps 4000"};
    const auto number = [&](const char* name, auto& value, const char* text) {
        app.add_option(name, value, text)->check(CLI::PositiveNumber)->capture_default_str();
    };
    app.add_option("--text", o.text, "Training text")->required();
    app.add_option("--heldout", o.heldout, "Text to measure on")->required();
    app.add_option("--tokenizer", o.tokenizer, "Folder with tokenizer.json")->required();
    app.add_option("--state", o.state, "File that holds weights and momenta")->required();
    app.add_option("--out", o.out, "Model folder to write")->required();
    app.add_option("--start-from", o.start_from, "Model folder whose weights to start from");
    app.add_flag("--resume", o.resume, "Go on from --state");
    number("--steps", o.steps, "Total number of steps");
    number("--warmup-steps", o.warmup_steps, "Steps until the full rate");
    number("--decay-steps", o.decay_steps, "Steps over which the rate falls to zero at the end");
    number("--window", o.window, "Tokens a window");
    number("--windows-per-pass", o.windows_per_pass, "Windows in one forward pass of a thread");
    number("--passes", o.passes, "Passes of each thread in one step");
    number("--save-every", o.save_every, "Steps between reports and saves of the state");
    number("--muon-rate", o.rates.muon, "Step size of the layers' matrices");
    number("--adam-rate", o.rates.adam, "Step size of embeddings and norms");
    number("--threads", o.threads, "Worker threads");
    number("--hidden-size", o.model.hidden_size, "D");
    number("--ffn-size", o.model.ffn_size, "FFN columns");
    number("--layers", o.model.layers, "Decoder layers");
    number("--seed", o.seed, "Seed of weights and window order");
    CLI11_PARSE(app, argc, argv);
    o.model.context = o.window;

    // One arena kept warm instead of fresh pages from the kernel for every tensor.
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    if (openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
    std::signal(SIGINT, [](int) { interrupted = 1; });
    train(o);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "aircomp-train-model: " << error.what() << "\n";
        return 2;
    }
}
