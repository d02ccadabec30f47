// SPDX-License-Identifier: GPL-3.0-or-later
// Options of a server of texts.
#include "serving_options.hpp"

#include "daemon/link/messages.hpp"
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
                       "File whose first line clients have to send as Bearer token; required if "
                       "the address can be reached from other machines");
    command.add_option("--name", name_,
                       "Name of the model for clients; by default that of its folder or file");
    command
        .add_option("--chat-tokens", tokens_,
                    "Largest number of tokens of a chat's answer, if the request does not set it")
        ->check(above_zero())
        ->capture_default_str();
    command
        .add_option(
            "--conversations", front_.most_at_once,
            "How many requests are answered at a time, a token of each in turn; devices keep "
            "a KV cache for each")
        ->check(between(1, runtime::control::most_conversations))
        ->capture_default_str();
    command
        .add_option("--queue", front_.most_waiting,
                    "How many requests may wait besides those that are answered")
        ->check(between(0, 1000))
        ->capture_default_str();
}

void ServingOptions::refuse_token_file(const std::string& why) const {
    if (!token_file_.empty()) throw std::invalid_argument("--token-file: " + why);
}

runtime::serve::TextFrontOptions ServingOptions::whole_front(
    const std::filesystem::path& token_file) const {
    auto front = front_;
    const std::string file = token_file_.empty() ? token_file.string() : token_file_;
    if (!file.empty()) front.token = runtime::control::read_token(file);
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
    served.conversations = front_.most_at_once;
    return served;
}

}  // namespace aircomp::app
