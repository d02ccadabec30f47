// SPDX-License-Identifier: GPL-3.0-or-later
// The logits after a text, every sum over a simulated channel. Its argument is the model's folder.
#include <algorithm>
#include <cstdio>

#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/inference/tokenizer.hpp"
#include "engine/simulation.hpp"

int main(int, char** arguments) {
    using namespace aircomp;
    runtime::Config config = runtime::default_config(4);
    config.model.folder = arguments[1];
    config.scheme = "mmse";
    const inference::Checkpoint checkpoint(config.model.folder);
    const auto tokenizer = inference::load_tokenizer(checkpoint.folder());
    runtime::Simulation simulation(config, checkpoint, tokenizer.get());

    const auto logits =
        simulation.next_logits()(tokenizer->encode("When a message arrives, the"), 0);
    const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
    std::printf(
        "next: '%s', NMSE %.4f\n",
        tokenizer->decode_text(std::vector<inference::Token>{static_cast<inference::Token>(best)})
            .c_str(),
        simulation.model().nmse());
}
