// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp-train-tokenizer: learns a byte-level BPE tokenizer from a text and writes tokenizer.json.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>

#include "aircomp/inference/pre_tokenizer.hpp"
#include "bpe_trainer.hpp"
#include "corpus.hpp"

namespace {

using namespace aircomp::inference;

int run(int argc, char** argv) {
    std::string text_file;
    std::string out_file;
    std::int64_t vocabulary = 4096;
    CLI::App app{
        "Learns a byte-level BPE tokenizer (Llama-3 pattern) from a text.\n\n"
        "Example: aircomp-train-tokenizer --text train.txt --vocabulary 4096 --out tokenizer.json"};
    app.add_option("--text", text_file, "Training text, UTF-8")->required();
    app.add_option("--vocabulary", vocabulary, "Number of tokens, special ones included")
        ->check(CLI::Range(512, 1 << 20))
        ->capture_default_str();
    app.add_option("--out", out_file, "Where tokenizer.json is written")->required();
    CLI11_PARSE(app, argc, argv);

    const std::vector<std::string> special_tokens = {"<|begin_of_text|>", "<|end_of_text|>"};
    tools::PieceCounts counts;
    const PreTokenizer pre_tokenizer(llama3_pattern);
    for (const std::string& document : tools::read_documents(text_file)) {
        pre_tokenizer.split(document,
                            [&](std::string_view piece) { ++counts[std::string(piece)]; });
    }
    const auto merges = tools::learn_merges(
        counts, vocabulary - 256 - static_cast<std::int64_t>(special_tokens.size()));
    std::ofstream out(out_file, std::ios::binary);
    out << tools::tokenizer_json(merges, special_tokens, llama3_pattern);
    if (!out.flush()) throw std::runtime_error(out_file + ": cannot be written");
    std::cerr << counts.size() << " different pieces, " << merges.size() << " merges -> "
              << out_file << "\n";
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "aircomp-train-tokenizer: " << error.what() << "\n";
        return 2;
    }
}
