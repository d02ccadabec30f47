// SPDX-License-Identifier: GPL-3.0-or-later
// The next token of a text, by a model that is cut over two devices. Its argument is the model's folder.
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include "aircomp/inference/decoder.hpp"
#include "aircomp/inference/residual.hpp"
#include "aircomp/inference/sampler.hpp"

int main(int, char** arguments) {
    namespace inference = aircomp::inference;

    const inference::Checkpoint checkpoint(arguments[1]);
    const inference::ModelConfig& config = checkpoint.config();
    const auto tokenizer = inference::load_tokenizer(checkpoint.folder());
    const auto tokens = tokenizer->encode("When a message arrives, the");

    // The first device holds one query head and a hundred FFN columns of every layer.
    const auto slices =
        inference::make_slices(config, {{1, config.heads - 1}, {100, config.ffn_size - 100}});
    std::vector<inference::DeviceModel> devices;
    std::vector<inference::KvCache> caches;
    for (const inference::Slice& slice : slices) {
        devices.emplace_back(checkpoint, slice, 1);
        caches.emplace_back(config, slice, config.context);
    }

    const inference::CoordinatorModel coordinator(checkpoint, 1);
    const inference::Residual residual(checkpoint);
    std::vector<float> x(tokens.size() * static_cast<std::size_t>(config.hidden_size));
    coordinator.embed(tokens, x);
    for (std::int64_t index = 0; index < config.sites(); ++index) {
        std::vector<float> sum(x.size());
        std::vector<float> partial(x.size());
        for (std::size_t n = 0; n < devices.size(); ++n) {
            devices[n].partial(config.site(index), x, 0, caches[n], partial);
            for (std::size_t i = 0; i < sum.size(); ++i)
                sum[i] += partial[i];
        }
        residual.add(config.site(index), sum, x);
    }

    std::vector<float> logits(tokens.size() * static_cast<std::size_t>(config.vocabulary_size));
    coordinator.logits(x, logits);
    const auto last =
        gsl::span<const float>(logits).last(static_cast<std::size_t>(config.vocabulary_size));
    const inference::Token next = inference::Sampler({}).sample(last, tokens);
    std::printf("next: '%s'\n", tokenizer->decode(next).c_str());
}
