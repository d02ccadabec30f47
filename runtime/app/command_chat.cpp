// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp chat: a conversation at the terminal, every all-reduce over the chosen scheme.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <iostream>
#include <string>

#include "aircomp/inference/conversation.hpp"
#include "commands.hpp"
#include "engine/layout.hpp"
#include "experiment_options.hpp"
#include "generation.hpp"
#include "output.hpp"
#include "validators.hpp"

namespace aircomp::app {
namespace {

struct TerminalOptions : ExperimentOptions {
    std::string system;
    std::int64_t tokens = 512;
    inference::SamplingOptions sampling;
};

volatile std::sig_atomic_t interrupt_came = 0;

/// While one is alive, the first Ctrl-C is noted, and the second ends the program as ever.
class Interrupt {
public:
    Interrupt() {
        interrupt_came = 0;
        struct sigaction noted {};
        noted.sa_handler = [](int) { interrupt_came = 1; };
        noted.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
        sigaction(SIGINT, &noted, &before_);
    }
    ~Interrupt() { sigaction(SIGINT, &before_, nullptr); }
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    static bool came() { return interrupt_came != 0; }

private:
    struct sigaction before_ {};
};

class Terminal {
public:
    Terminal(const TerminalOptions& options, const Model& model, runtime::Simulation& simulation)
        : options_(options),
          model_(model),
          simulation_(simulation),
          out_(options.json == "-" ? std::cerr : std::cout),
          is_interactive_(isatty(STDIN_FILENO) != 0),
          begun_(std::time(nullptr)),
          sampler_(sampling(options, simulation.config())),
          conversation_(require_chat_template(model), *model.tokenizer, options.system) {
        ChatOptions chat;
        chat.chat = true;
        continuation_.stop_tokens = chat.stop_tokens(model);
        continuation_.sampled_vocabulary = model.tokenizer->size();
        continuation_.interrupted = Interrupt::came;
    }

    void run() {
        if (is_interactive_) {
            std::cerr << "/reset begins again, /exit or Ctrl-D ends, Ctrl-C stops an answer.\n";
        }
        std::string line;
        while (read(line) && line != "/exit") {
            if (line == "/reset") {
                conversation_.reset();
            } else if (!line.empty()) {
                take_turn(line);
            }
        }
    }

    Json result() const {
        Json result = describe(simulation_.config());
        result["messages"] = Json::array();
        for (const auto& [role, content] : conversation_.messages())
            result["messages"].push_back({{"role", role}, {"content", content}});
        result["turns"] = turns_;
        result["nmse"] = simulation_.model().nmse();
        result["time_per_token"] = app::to_json(simulation_.cost());
        return result;
    }

private:
    static inference::SamplingOptions sampling(const TerminalOptions& options,
                                               const runtime::Config& config) {
        auto sampling = options.sampling;
        sampling.seed = config.seed;
        return sampling;
    }

    bool read(std::string& line) const {
        if (is_interactive_) std::cerr << "> " << std::flush;
        if (std::getline(std::cin, line)) return true;
        if (is_interactive_) std::cerr << "\n";
        return false;
    }

    /// At a terminal, what is wrong with one turn does not end the conversation.
    void take_turn(const std::string& question) {
        try {
            answer(question);
        } catch (const std::exception& error) {
            if (!is_interactive_) throw;
            std::cerr << "aircomp: " << error.what() << "\n";
        }
    }

    void answer(const std::string& question) {
        const auto prompt = conversation_.ask(question, begun_);
        try {
            const auto tokens = continued(prompt);
            conversation_.answer(tokens);
            turns_.push_back({{"prompt_tokens", prompt.tokens.size()},
                              {"held_tokens", prompt.held},
                              {"new_tokens", tokens.size() - prompt.tokens.size()},
                              {"interrupted", Interrupt::came()}});
        } catch (...) {
            conversation_.withdraw();
            throw;
        }
    }

    std::vector<inference::Token> continued(const inference::Conversation::Prompt& prompt) {
        const auto size = static_cast<std::int64_t>(prompt.tokens.size());
        const std::int64_t room =
            runtime::context_of(simulation_.config(), model_.checkpoint.config()) + 1 - size;
        if (size == 0 || room < 1) {
            throw std::invalid_argument(
                "the conversation: expected 1 to " + std::to_string(size + room - 1) +
                " tokens, the context, found " + std::to_string(size) + "; /reset begins again");
        }
        continuation_.tokens = std::min(options_.tokens, room);
        continuation_.held = prompt.held;
        const Interrupt interrupt;
        auto tokens = inference::continue_text(simulation_.next_logits(), sampler_, prompt.tokens,
                                               continuation_, TextStream(*model_.tokenizer, out_));
        out_ << "\n" << std::flush;
        const bool is_cut = static_cast<std::int64_t>(tokens.size()) - size == continuation_.tokens;
        if (is_cut) std::cerr << "(ended after " << continuation_.tokens << " tokens)\n";
        return tokens;
    }

    const TerminalOptions& options_;
    const Model& model_;
    runtime::Simulation& simulation_;
    std::ostream& out_;
    bool is_interactive_;
    std::time_t begun_;
    inference::Sampler sampler_;
    inference::Conversation conversation_;
    inference::ContinuationOptions continuation_;
    Json turns_ = Json::array();
};

void run(const TerminalOptions& options) {
    auto config = options.config();
    const Model model = open_calibrated_model(config, /*needs_tokenizer=*/true);
    require_chat_template(model);  // before the simulation is made, which takes its time
    runtime::Simulation simulation(config, model.checkpoint, model.tokenizer.get());
    Terminal terminal(options, model, simulation);
    terminal.run();
    print_cost(std::cerr, simulation);
    write_json(terminal.result(), options.json);
}

}  // namespace

void add_chat(CLI::App& program) {
    auto options = std::make_shared<TerminalOptions>();
    CLI::App* command =
        program.add_subcommand("chat", "Hold a conversation over the air, a line for each turn");
    options->ExperimentOptions::add_to(*command);
    command->add_option("--system", options->system,
                        "System prompt: text for the model before the first turn");
    command->add_option("--tokens", options->tokens, "Largest number of tokens of an answer")
        ->check(above_zero())
        ->capture_default_str();
    add_sampling(*command, options->sampling);
    command->footer(
        "/reset begins again, /exit or the end of input ends, Ctrl-C stops an answer.\n"
        "Examples:\n"
        "  aircomp chat --model smollm2 --devices 4 --scheme exact\n"
        "  echo \"What is a radio?\" | aircomp chat --model DIR --system \"Be brief.\"");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
