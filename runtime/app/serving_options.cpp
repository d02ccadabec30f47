// SPDX-License-Identifier: GPL-3.0-or-later
// Options of a server of texts.
#include "serving_options.hpp"

#include <filesystem>

#include "engine/layout.hpp"
#include "generation.hpp"
#include "validators.hpp"

namespace aircomp::app {
namespace {

/// What clients call the model where nothing else is said: its folder's name, or its file's.
std::string name_of(const std::filesystem::path& model) {
    const auto path = std::filesystem::absolute(model).lexically_normal();
    const auto last = path.has_filename() ? path : path.parent_path();
    return (std::filesystem::is_directory(last) ? last.filename() : last.stem()).string();
}

}  // namespace

void ServingOptions::add_to(CLI::App& command) {
    command.add_option("--token-file", token_file_,
                       "File whose first line clients have to send as Bearer token; needed for "
                       "addresses that other machines reach");
    command.add_option("--name", name_,
                       "What clients call the model; its folder's or file's name where not given");
    command
        .add_option("--chat-tokens", tokens_,
                    "How many tokens an answer of a chat has at most, where its request does not "
                    "say")
        ->check(above_zero())
        ->capture_default_str();
    command
        .add_option("--queue", front_.most_waiting,
                    "How many requests may wait while one is answered")
        ->check(between(0, 1000))
        ->capture_default_str();
}

runtime::serve::TextFrontOptions ServingOptions::whole_front() const {
    auto front = front_;
    if (!token_file_.empty()) front.token = runtime::control::read_token(token_file_);
    return front;
}

runtime::serve::ServedModel ServingOptions::model(const runtime::Config& config,
                                                  const Model& model) const {
    runtime::serve::ServedModel served;
    served.name = name_.empty() ? name_of(config.model.folder) : name_;
    served.tokenizer = model.tokenizer.get();
    served.chat_template = inference::read_chat_template(model.checkpoint.folder());
    ChatOptions turn;
    served.stop_tokens = turn.stop_tokens(model);
    turn.chat = served.chat_template.has_value();
    served.chat_stop_tokens = turn.stop_tokens(model);
    served.context = runtime::context_of(config, model.checkpoint.config());
    served.chat_tokens = tokens_;
    served.seed = config.seed;
    return served;
}

}  // namespace aircomp::app
