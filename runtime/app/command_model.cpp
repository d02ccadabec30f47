// SPDX-License-Identifier: GPL-3.0-or-later
// aircomp model: what a model is, what it takes on each device, and what of it cannot be used.
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <optional>

#include "aircomp/inference/chat_template.hpp"
#include "aircomp/inference/checkpoint.hpp"
#include "aircomp/inference/slice_cost.hpp"
#include "aircomp/inference/tokenizer.hpp"
#include "commands.hpp"
#include "compute_options.hpp"
#include "engine/layout.hpp"
#include "model_option.hpp"
#include "output.hpp"
#include "schemes/registry.hpp"
#include "validators.hpp"
#include "weights/tensor_view.hpp"

namespace aircomp::app {
namespace {

using inference::Checkpoint;
using inference::ModelConfig;

struct ModelOptions {
    std::string model;
    std::vector<double> shares;
    int devices = 1;
    std::int64_t context = 0;
    inference::Compute compute;
    std::string json;
};

Json dimensions_of(const ModelConfig& model) {
    return {{"architecture", model.architecture},
            {"layers", model.layers},
            {"sums_per_token", model.sites()},
            {"hidden_size", model.hidden_size},
            {"ffn_size", model.ffn_size},
            {"heads", model.heads},
            {"kv_heads", model.kv_heads},
            {"head_dim", model.head_dim},
            {"vocabulary_size", model.vocabulary_size},
            {"context", model.context},
            {"tied_embeddings", model.tied_embeddings}};
}

/// Tensors, weights and bytes of each type, and the number of all weights.
Json weights_of(const Checkpoint& checkpoint) {
    struct Sum {
        std::int64_t tensors = 0, weights = 0;
        std::size_t bytes = 0;
    };
    std::map<std::string, Sum> types;
    Sum all;
    for (const std::string& name : checkpoint.names()) {
        const inference::TensorInfo tensor = checkpoint.info(name);
        std::int64_t weights = 1;
        for (const std::int64_t size : tensor.shape)
            weights *= size;
        for (Sum* sum : {&types[inference::type_name(tensor.type)], &all}) {
            ++sum->tensors;
            sum->weights += weights;
            sum->bytes += tensor.bytes;
        }
    }
    Json json = {{"weights", all.weights}, {"bytes", all.bytes}, {"types", Json::object()}};
    for (const auto& [type, sum] : types) {
        json["types"][type] = {
            {"tensors", sum.tensors}, {"weights", sum.weights}, {"bytes", sum.bytes}};
    }
    return json;
}

/// What each device holds for the shares that were asked for.
Json devices_of(const Checkpoint& checkpoint, const ModelOptions& options) {
    const ModelConfig& model = checkpoint.config();
    const double bytes_per_weight = inference::bytes_per_weight(checkpoint, options.compute);
    const auto devices =
        options.shares.empty() ? options.devices : static_cast<int>(options.shares.size());
    runtime::Config config = runtime::default_config(devices);
    config.scheme = runtime::wired_scheme().name;
    config.shares = options.shares;
    const std::int64_t context = options.context == 0 ? model.context : options.context;
    const auto units = inference::units_of(model);
    Json json = Json::array();
    for (const auto& slice : runtime::lay_out(config, model, bytes_per_weight).slices) {
        Json device = Json::object();
        for (const auto& unit : units)
            device[unit.name] = (slice.*unit.range).size();
        device["weight_bytes"] = inference::weight_bytes(model, slice, bytes_per_weight);
        device["cache_bytes"] = inference::cache_bytes(model, slice, context);
        device["flop_per_token"] = inference::token_flops(model, slice, context / 2);
        json.push_back(std::move(device));
    }
    return json;
}

Json tokenizer_of(const std::string& model) {
    const auto tokenizer = inference::load_tokenizer(model);
    const auto id = [](const std::optional<inference::Token>& token) {
        return token ? Json(*token) : Json(nullptr);
    };
    return {{"tokens", tokenizer->size()},
            {"bos", id(tokenizer->bos())},
            {"eos", id(tokenizer->eos())}};
}

Json template_of(const std::string& model) {
    const auto chat = inference::read_chat_template(model);
    if (!chat) return nullptr;
    return {{"source", chat->source()}, {"end_of_turn", chat->end_of_turn()}};
}

/// What can be told; a part that cannot be used says why in "not_supported".
Json describe(const ModelOptions& options) {
    Json json = {{"model", options.model}, {"not_supported", Json::array()}};
    const auto add = [&](const char* key, const std::function<Json()>& part) {
        try {
            json[key] = part();
        } catch (const std::runtime_error& error) {
            json["not_supported"].push_back({{"part", key}, {"reason", error.what()}});
        }
    };
    std::optional<Checkpoint> checkpoint;
    add("architecture", [&] { return dimensions_of(checkpoint.emplace(options.model).config()); });
    if (checkpoint) {
        add("weights", [&] { return weights_of(*checkpoint); });
        add("devices", [&] { return devices_of(*checkpoint, options); });
    }
    add("tokenizer", [&] { return tokenizer_of(options.model); });
    add("chat_template", [&] { return template_of(options.model); });
    return json;
}

std::string words(const std::string& key) {
    std::string text = key;
    for (char& letter : text)
        if (letter == '_') letter = ' ';
    return text;
}

std::string text_of(const Json& value) {
    if (value.is_null()) return "none";
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number_float()) return number("%.4g", value.get<double>());
    return value.dump();
}

void print_description(const Json& json, std::ostream& out) {
    out << json["model"].get<std::string>() << "\n";
    for (const char* part : {"architecture", "weights", "tokenizer", "chat_template"}) {
        if (!json.contains(part)) continue;
        out << "\n" << words(part) << (json[part].is_null() ? ": none" : "") << "\n";
        std::vector<std::vector<std::string>> rows;
        for (const auto& [key, value] : json[part].items())
            if (!value.is_object()) rows.push_back({"  " + words(key), text_of(value)});
        if (!rows.empty()) out << table(rows);
    }
    if (json.contains("weights")) {
        std::vector<std::vector<std::string>> rows = {{"  type", "tensors", "weights", "bytes"}};
        for (const auto& [type, sum] : json["weights"]["types"].items())
            rows.push_back({"  " + type, text_of(sum["tensors"]), text_of(sum["weights"]),
                            text_of(sum["bytes"])});
        out << "\n" << table(rows);
    }
    if (json.contains("devices")) {
        std::vector<std::vector<std::string>> rows(1, {"  device"});
        for (const auto& [key, value] : json["devices"][0].items())
            rows[0].push_back(words(key));
        for (const Json& device : json["devices"]) {
            rows.push_back({"  " + std::to_string(rows.size())});
            for (const auto& [key, value] : device.items())
                rows.back().push_back(text_of(value));
        }
        out << "\n" << table(rows);
    }
    for (const Json& missing : json["not_supported"])
        out << "\nnot supported: " << missing["reason"].get<std::string>() << "\n";
}

void run(const ModelOptions& options) {
    const Json json = describe(options);
    if (options.json != "-") print_description(json, std::cout);
    write_json(json, options.json);
    if (!json["not_supported"].empty()) throw CLI::RuntimeError(1);
}

}  // namespace

void add_model(CLI::App& program) {
    auto options = std::make_shared<ModelOptions>();
    CLI::App* command =
        program.add_subcommand("model", "Describe a model and what each device would hold");
    command
        ->add_option("model", options->model,
                     "A model's folder or GGUF file, or a name of the local caches")
        ->required()
        ->transform(local_model());
    command->add_option("--shares", options->shares, "Share of the model per device, e.g. 0.7,0.3")
        ->delimiter(',');
    command->add_option("--devices", options->devices, "Number of devices, with equal shares")
        ->check(between(1, 1024))
        ->capture_default_str();
    command
        ->add_option("--context", options->context,
                     "Positions of the KV cache; 0: as many as the model was trained for")
        ->check(not_below_zero());
    add_compute(*command, options->compute);
    command->add_option("--json", options->json,
                        "Write the result as JSON to FILE, - for standard output");
    command->footer(
        "The exit status is 1 where a part of the model cannot be used; the last lines say which.\n"
        "Examples:\n"
        "  aircomp model smollm2 --shares 0.4,0.3,0.2,0.1 --context 2048\n"
        "  aircomp model inference/models/demo --devices 4 --json -\n"
        "  aircomp model smollm2 --backend torch --dtype bfloat16");
    command->callback([options] {
        check_compute_options(options->compute);
        run(*options);
    });
}

}  // namespace aircomp::app
