// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp tokens: the ids of a text, to check a tokenizer against other software.
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "aircomp/inference/tokenizer.hpp"
#include "commands.hpp"
#include "experiment/open_model.hpp"
#include "model_option.hpp"
#include "output.hpp"
#include "standard_output.hpp"

namespace aircomp::app {
namespace {

struct TokensOptions {
    std::string model;
    std::string prompt;
    std::string text_file;
    bool bos = false;
    std::string json;
};

void run(const TokensOptions& options) {
    const auto tokenizer = inference::load_tokenizer(options.model);
    auto tokens = tokenizer->encode(
        options.text_file.empty() ? options.prompt : runtime::read_text(options.text_file));
    if (options.bos && tokenizer->bos()) tokens.insert(tokens.begin(), *tokenizer->bos());

    std::vector<std::string> pieces;
    std::vector<std::vector<std::string>> rows = {{"token", "piece"}};
    for (const inference::Token token : tokens) {
        pieces.push_back(tokenizer->piece(token));
        rows.push_back({std::to_string(token), pieces.back()});
    }
    if (options.json.empty()) write_standard_output(table(rows));
    write_json({{"tokens", tokens}, {"pieces", pieces}}, options.json);
}

}  // namespace

void add_tokens(CLI::App& program) {
    auto options = std::make_shared<TokensOptions>();
    CLI::App* command = program.add_subcommand("tokens", "Print the tokens of a text");
    add_model_option(*command, options->model, "; only its vocabulary is needed")->required();
    auto* sources = command->add_option_group("text");
    sources->add_option("--prompt", options->prompt, "The text itself");
    sources->add_option("--text", options->text_file, "A file with the text, UTF-8")
        ->transform(shipped_file());
    sources->require_option(1);
    command->add_flag("--bos", options->bos,
                      "Begin with the tokens that the model puts before a text");
    command->add_option("--json", options->json, "Write the result to a file; -: standard output");
    command->footer(
        "Pieces are written as the vocabulary has them.\nExamples:\n"
        "  aircomp tokens --model smollm2 --prompt \"Hello world\"\n"
        "  aircomp tokens --model vocabulary.gguf --text FILE --bos --json -");
    command->callback([options] { run(*options); });
}

}  // namespace aircomp::app
