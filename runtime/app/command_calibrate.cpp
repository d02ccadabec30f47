// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp calibrate: makes the file that tells what of a model's partials need not be sent.
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/inference/model_calibration.hpp"
#include "aircomp/inference/thread_count.hpp"
#include "aircomp/inference/tokenizer.hpp"
#include "commands.hpp"
#include "engine/calibrate.hpp"
#include "engine/default_calibration.hpp"
#include "experiment/open_model.hpp"
#include "model_option.hpp"
#include "output.hpp"
#include "validators.hpp"

namespace aircomp::app {
namespace {

struct CalibrateCommand {
    std::string model;
    std::vector<std::string> texts;
    std::string output;
    std::int64_t limit_tokens = 50000;
    int threads = 0;
    std::string json;
    runtime::CalibrateOptions options;
};

/// The tokens of the texts, or of the program's own where there are none: an equal part of the limit
/// of each, as far as it reaches.
std::vector<inference::Token> tokens_of_texts(const CalibrateCommand& command,
                                              const inference::Tokenizer& tokenizer) {
    std::vector<std::string> texts;
    for (const std::string& file : command.texts)
        texts.push_back(runtime::read_text(file));
    if (texts.empty()) texts = runtime::calibration_texts();
    std::vector<inference::Token> tokens;
    const auto part = static_cast<std::size_t>(command.limit_tokens) / texts.size();
    for (const std::string& text : texts) {
        const auto own = tokenizer.encode(text);
        tokens.insert(tokens.end(), own.begin(),
                      own.begin() + static_cast<std::ptrdiff_t>(std::min(part, own.size())));
    }
    return tokens;
}

/// Before the work, which takes minutes.
void check_output(const std::string& output) {
    namespace fs = std::filesystem;
    const fs::path file = output;
    if (file.has_parent_path()) fs::create_directories(file.parent_path());
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    const fs::path written = fs::exists(file) ? file : folder;
    if (::access(written.c_str(), W_OK) != 0) {
        throw std::runtime_error(output +
                                 ": cannot be written: " + std::generic_category().message(errno));
    }
}

void calibrate(const CalibrateCommand& command) {
    check_output(command.output);
    const inference::Checkpoint checkpoint(command.model);
    const auto tokenizer = inference::load_tokenizer(command.model);
    inference::require_same_vocabulary(*tokenizer, checkpoint.config());
    const auto tokens = tokens_of_texts(command, *tokenizer);
    auto options = runtime::calibrate_options(
        checkpoint, *tokenizer, inference::thread_count(command.threads), command.options);
    options.progress = progress_bar;
    if (!command.texts.empty()) options.text = joined(command.texts);
    const auto calibration = runtime::calibrate_model(checkpoint, tokens, options);
    inference::write_calibration(command.output, calibration);
    const bool is_file = std::filesystem::is_regular_file(command.output);
    const Json bytes = is_file ? Json(std::filesystem::file_size(command.output)) : Json(nullptr);
    std::cerr << command.output << ": ";
    if (is_file) std::cerr << bytes << " bytes, ";
    std::cerr << "of " << tokens.size() << " tokens\n";
    write_json({{"file", command.output},
                {"bytes", bytes},
                {"tokens", tokens.size()},
                {"model_sha256", calibration.model_hash},
                {"sensitivities_nats_per_nmse", calibration.sensitivities}},
               command.json);
}

}  // namespace

void add_calibrate(CLI::App& program) {
    auto own = std::make_shared<CalibrateCommand>();
    CLI::App* command = program.add_subcommand(
        "calibrate", "Find out, on text, which part of a model's partials need not be sent");
    add_model_option(*command, own->model, "")->required();
    command->add_option(
        "--text", own->texts,
        "UTF-8 texts, best a mixture of prose, code and chat. Without it: the program's own text");
    command->add_option("--output", own->output, "The file to write, *.aircomp-calibration")
        ->required();
    command
        ->add_option("--limit-tokens", own->limit_tokens,
                     "Largest number of tokens, of all texts together")
        ->check(between(1024, 10000000))
        ->capture_default_str();
    command
        ->add_option("--rank", own->options.prediction_rank,
                     "Number of directions of the residual stream that predictions use")
        ->check(between(1, 1 << 16))
        ->capture_default_str();
    command
        ->add_option("--transform-rank", own->options.transform_rank,
                     "Number of directions that the transform changes")
        ->check(between(0, 1 << 16))
        ->capture_default_str();
    command
        ->add_option("--update-rank", own->options.update_rank,
                     "Directions that the downlink closed-loop-transform turns to the coordinates "
                     "before it codes; 0: none")
        ->check(between(0, 1 << 16))
        ->capture_default_str();
    command->add_option("--window", own->options.window, "Tokens of a sequence")
        ->check(between(2, 1 << 20))
        ->capture_default_str();
    command
        ->add_option("--seed", own->options.seed,
                     "Seed of the noise that sensitivities are measured with")
        ->capture_default_str();
    command->add_option("--threads", own->threads, "Threads to compute with; 0: all cores");
    command->add_option("--json", own->json,
                        "Write what was found as JSON to FILE, - for standard output");
    command->footer(
        "Takes some minutes for a model of 135 million parameters. With calibration.file: auto the "
        "program does the same by itself, once a model.\nExamples:\n"
        "  aircomp calibrate --model smollm2 --output smollm2.aircomp-calibration\n"
        "  aircomp calibrate --model smollm2 --text prose.txt code.txt chat.txt --output "
        "smollm2.aircomp-calibration\n"
        "  aircomp calibrate --model DIR --text FILE --rank 64 --output DIR.aircomp-calibration");
    command->callback([own] { calibrate(*own); });
}

}  // namespace aircomp::app
