// SPDX-License-Identifier: GPL-3.0-or-later
// Keys of the section model.
#include "config/model_section.hpp"

#include "config/keys.hpp"

namespace aircomp::runtime {

const Keys<ModelSettings>& model_keys() {
    using M = ModelSettings;
    static const Keys<M> keys = {
        path("folder", &M::folder,
             "A folder with config.json, model.safetensors and the tokenizer, or a GGUF file, "
             "relative to the file; or a name of the local caches (smollm2, org/name); without it, "
             "the command line has to name one."),
        text("dimensions", &M::dimensions,
             "In place of a folder, for aircomp plan alone: a well-known model by name, of which "
             "dimensions suffice: llama-2-7b, llama-2-13b, llama-2-70b, llama-3-8b or "
             "llama-3-70b."),
        number("context", &M::context, "", within(0, 1e8),
               "Tokens that fit into the KV cache; 0: as many as the model was trained for."),
        number("prefill_chunk", &M::prefill_chunk, "", within(1, 1e6),
               "Tokens of a prompt that go through a layer at once; more is faster and takes more "
               "memory."),
    };
    return keys;
}

}  // namespace aircomp::runtime
