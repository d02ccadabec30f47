// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp demo: the main job, shown with what comes with the program.
#include <iostream>

#include "aircomp/inference/chat_template.hpp"
#include "aircomp/inference/local_models.hpp"
#include "commands.hpp"
#include "demo.hpp"
#include "files/places.hpp"
#include "files/python.hpp"
#include "model_option.hpp"
#include "process.hpp"
#include "validators.hpp"

namespace aircomp::app {
namespace {

constexpr const char* snr_db = "20";

/// Runs a command of this program; where it fails, so does the demo.
void run_command(const std::vector<std::string>& words) {
    std::vector<std::string> all = {own_program()};
    all.insert(all.end(), words.begin(), words.end());
    const int code = Process(all).wait();
    if (code != 0) throw CLI::RuntimeError(code);
}

/// Models that were not taught to chat continue the prompt.
bool can_chat(const std::string& model) {
    const auto chat = inference::read_chat_template(model);
    return chat && !chat->end_of_turn().empty();
}

bool can_draw() {
    try {
        runtime::python_with("matplotlib", "python3-matplotlib");
        return true;
    } catch (const std::runtime_error& error) {
        say(std::string("no picture: ") + error.what());
        return false;
    }
}

void run_simulation_demo(const DemoOptions& options) {
    const auto& data = runtime::data_folder();
    const std::string small = data / "inference/models/demo";
    const std::string model = demo_model(options, small);
    const bool is_small = std::filesystem::equivalent(model, small);
    const std::string prompt = !options.prompt.empty() ? options.prompt
                               : is_small              ? "When a message arrives, the"
                                                       : "Why is the sky blue?";
    const std::vector<std::string> common = {
        "--config", data / "configs/loopback-symbol.yaml", "--model", model, "--snr-db", snr_db};

    say("four devices, one model, every sum over the air at " + std::string(snr_db) +
        " dB. The prompt: " + prompt);
    std::vector<std::string> generate = {"generate", "--prompt", prompt, "--tokens",
                                         std::to_string(options.tokens > 0 ? options.tokens : 64)};
    generate.insert(generate.end(), common.begin(), common.end());
    for (const std::string& word : demo_sampling())
        generate.push_back(word);
    if (!is_small && can_chat(model)) generate.emplace_back("--chat");
    run_command(generate);

    say("the same model over each scheme, on a text that it has not seen (a minute or two):");
    const std::string result = options.out + "/compare";
    std::vector<std::string> compare = {"compare",     "--text", small + "/evaluation.txt",
                                        "--reference", "--json", result + ".json"};
    compare.insert(compare.end(), common.begin(), common.end());
    // Of a real model, less of the text is enough to tell schemes apart.
    if (!is_small) compare.insert(compare.end(), {"--limit-tokens", "512", "--context", "256"});
    if (can_draw()) compare.insert(compare.end(), {"--plot", result + ".png"});
    run_command(compare);
    say("the numbers are in " + result + ".json");
}

}  // namespace

void say(const std::string& text) {
    std::cout << "aircomp demo: " << text << std::endl;
}

std::string demo_model(const DemoOptions& options, const std::string& small) {
    if (!options.model.empty()) return options.model;
    if (fetch_model("smollm2") == 0) return inference::find_model("smollm2");
    say("SmolLM2 cannot be downloaded: the model is the small one that comes with the program, 4.6 "
        "million parameters");
    return small;
}

std::vector<std::string> demo_sampling() {
    return {"--temperature", "0.7", "--top-p", "0.9", "--repetition-penalty", "1.1"};
}

void add_demo(CLI::App& program) {
    auto options = std::make_shared<DemoOptions>();
    CLI::App* command = program.add_subcommand(
        "demo", "Show the main job: a model over four devices, and a comparison of the schemes");
    add_model_option(
        *command, options->model,
        "; in place of SmolLM2, which is downloaded, or of the small model if that fails");
    CLI::Option* testbed = command->add_flag(
        "--testbed", options->testbed,
        "Instead: a coordinator and four devices as processes, each with a virtual radio");
    command
        ->add_flag("--page", options->page,
                   "With --testbed: a page in the browser that shows the radios at work, with a "
                   "chat, until Ctrl-C")
        ->needs(testbed);
    command->add_option("--prompt", options->prompt, "Text to continue, or question to answer");
    command->add_option("--tokens", options->tokens, "Largest number of tokens to generate")
        ->check(above_zero());
    command->add_option("--out", options->out, "Folder for the numbers, the picture and logs")
        ->capture_default_str();
    command->footer(
        "Examples:\n"
        "  aircomp demo\n"
        "  aircomp demo --prompt \"What is a radio?\" --tokens 128\n"
        "  aircomp demo --model inference/models/demo --prompt \"The captain looked at the sea "
        "and\"\n"
        "  aircomp demo --testbed\n"
        "  aircomp demo --testbed --page");
    command->callback([options] {
        std::error_code error;
        std::filesystem::create_directories(options->out, error);
        if (error)
            throw std::runtime_error("--out: " + options->out +
                                     " cannot be made: " + error.message());
        unwind_on_signals();
        if (!options->testbed) return run_simulation_demo(*options);
        const int code = run_testbed_demo(*options);
        if (code != 0) throw CLI::RuntimeError(code);
    });
}

}  // namespace aircomp::app
