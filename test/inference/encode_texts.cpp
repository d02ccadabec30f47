// SPDX-License-Identifier: GPL-3.0-or-later
// Encodes many texts at once, for the scripts that compare tokenizers: a JSON array of texts on
// standard input, a JSON array of arrays of ids on standard output.
//
//     aircomp_encode_texts MODEL < TEXTS.json > IDS.json
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "aircomp/inference/tokenizer.hpp"

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: aircomp_encode_texts MODEL < TEXTS.json > IDS.json\n";
        return 2;
    }
    try {
        const auto tokenizer = aircomp::inference::load_tokenizer(argv[1]);
        nlohmann::json ids = nlohmann::json::array();
        for (const auto& text : nlohmann::json::parse(std::cin))
            ids.push_back(tokenizer->encode(text.get<std::string>()));
        std::cout << ids << std::endl;
    } catch (const std::exception& error) {
        std::cerr << error.what() << "\n";
        return 1;
    }
}
