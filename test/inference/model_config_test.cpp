// SPDX-License-Identifier: GPL-3.0-or-later
// config.json: what is read, and that everything else is refused by its name.
#include "aircomp/inference/model_config.hpp"

#include <limits>
#include <nlohmann/json.hpp>

#include "errors.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace aircomp::inference {
namespace {

using nlohmann::json;
using test::check_error;
using test::TemporaryFolder;

json llama() {
    return {{"architectures", {"LlamaForCausalLM"}},
            {"hidden_act", "silu"},
            {"vocab_size", 1000},
            {"hidden_size", 64},
            {"intermediate_size", 176},
            {"num_hidden_layers", 3},
            {"num_attention_heads", 8},
            {"num_key_value_heads", 2},
            {"max_position_embeddings", 512},
            {"rms_norm_eps", 1e-5},
            {"rope_theta", 500000.0},
            {"bos_token_id", 1},
            {"eos_token_id", 2}};
}

ModelConfig read(const json& config) {
    const TemporaryFolder folder;
    return read_model_config(folder.write("config.json", config.dump()));
}

/// Reads the valid configuration with one member replaced, which has to fail.
void check_refused(const char* key, const json& value, std::initializer_list<const char*> parts) {
    json config = llama();
    config[key] = value;
    CAPTURE(key, value);
    check_error<std::runtime_error>([&] { read(config); }, {"config.json: ", key, "expected"});
    check_error<std::runtime_error>([&] { read(config); }, parts);
}

TEST_CASE("a Llama configuration is read value by value") {
    const ModelConfig config = read(llama());
    CHECK(config.architecture == "LlamaForCausalLM");
    CHECK(config.vocabulary_size == 1000);
    CHECK(config.hidden_size == 64);
    CHECK(config.ffn_size == 176);
    CHECK(config.layers == 3);
    CHECK(config.heads == 8);
    CHECK(config.kv_heads == 2);
    CHECK(config.heads_per_group() == 4);
    CHECK(config.head_dim == 8);
    CHECK(config.context == 512);
    CHECK(config.rms_norm_epsilon == 1e-5);
    CHECK(config.rope_theta == 500000);
    CHECK_FALSE(config.rope_scaling);
    CHECK_FALSE(config.tied_embeddings);
    CHECK_FALSE(config.qkv_bias);
    CHECK(config.bos_token == 1);
    CHECK(config.eos_tokens == std::vector<std::int32_t>{2});
}

TEST_CASE("head_dim is a value of its own where it is given") {
    json config = llama();
    config["head_dim"] = 32;
    CHECK(read(config).head_dim == 32);
    config["hidden_size"] = 63;
    CHECK(read(config).head_dim == 32);
}

TEST_CASE("what Llama 2's configurations leave out has the values of their time") {
    json config = llama();
    config.erase("num_key_value_heads");
    config.erase("rope_theta");
    CHECK(read(config).kv_heads == 8);
    CHECK(read(config).rope_theta == 10000);
}

TEST_CASE("Llama 3's rope scaling is read under both of its names") {
    const json scaling = {{"rope_type", "llama3"},
                          {"factor", 8.0},
                          {"low_freq_factor", 1.0},
                          {"high_freq_factor", 4.0},
                          {"original_max_position_embeddings", 8192}};
    json old_names = llama();
    old_names["rope_scaling"] = scaling;
    json new_names = llama();
    new_names.erase("rope_theta");
    new_names["rope_parameters"] = scaling;
    new_names["rope_parameters"]["rope_theta"] = 500000.0;
    for (const json& config : {old_names, new_names}) {
        const ModelConfig model = read(config);
        CHECK(model.rope_theta == 500000);
        REQUIRE(model.rope_scaling);
        CHECK(model.rope_scaling->factor == 8);
        CHECK(model.rope_scaling->low_frequency_factor == 1);
        CHECK(model.rope_scaling->high_frequency_factor == 4);
        CHECK(model.rope_scaling->original_context == 8192);
    }
}

TEST_CASE("a rope scaling of type default scales nothing") {
    json config = llama();
    config["rope_scaling"] = {{"type", "default"}};
    CHECK_FALSE(read(config).rope_scaling);
}

TEST_CASE("Mistral's window is that of all layers") {
    json config = llama();
    config["architectures"] = {"MistralForCausalLM"};
    CHECK(read(config).sliding_window == 0);
    config["sliding_window"] = nullptr;
    CHECK(read(config).sliding_window == 0);
    config["attention_bias"] = false;  // which Mistral has not, and some configurations say
    config["sliding_window"] = 100;
    CHECK(read(config).sliding_window == 100);
    CHECK(read(config).local_layers == std::vector<bool>{true, true, true});
    config["attention_bias"] = true;
    check_error<std::runtime_error>([&] { read(config); }, {"attention_bias", "true"});
}

TEST_CASE("Qwen2 has biases, and a sliding window only where it is switched on") {
    json config = llama();
    config["architectures"] = {"Qwen2ForCausalLM"};
    config["sliding_window"] = 128;
    config["use_sliding_window"] = false;
    config["max_window_layers"] = 1;
    CHECK(read(config).qkv_bias);
    CHECK(read(config).local_layers.empty());
    config["use_sliding_window"] = true;
    CHECK(read(config).local_layers == std::vector<bool>{false, true, true});
    config["layer_types"] = {"sliding_attention", "full_attention", "full_attention"};
    CHECK(read(config).local_layers == std::vector<bool>{true, false, false});
    config["sliding_window"] = nullptr;
    check_error<std::runtime_error>([&] { read(config); }, {"sliding_window", "a window"});
}

TEST_CASE("parameters of rotary embeddings are those that transformers takes") {
    // rope_scaling comes before rope_parameters, the theta beside them after both.
    json config = llama();
    config["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 300.0}};
    CHECK(read(config).rope_theta == 300);
    config["rope_scaling"] = {{"type", "linear"}, {"factor", 4.0}};
    CHECK(read(config).rope_theta == 500000);
    REQUIRE(read(config).rope_scaling);
    CHECK(read(config).rope_scaling->type == RopeType::linear);
    CHECK(read(config).rope_scaling->factor == 4);
    config.erase("rope_theta");
    CHECK(read(config).rope_theta == 10000);
    config["rope_scaling"] = nullptr;
    config["rope_parameters"].erase("rope_theta");
    CHECK(read(config).rope_theta == 10000);
}

TEST_CASE("Gemma's null soft cap is none, and a missing one its family's") {
    json config = llama();
    config["architectures"] = {"Gemma2ForCausalLM"};
    CHECK(read(config).head_dim == 256);
    CHECK(read(config).attention_soft_cap == 50);
    CHECK(read(config).logit_soft_cap == 30);
    CHECK(read(config).sliding_window == 4096);
    CHECK(read(config).local_layers == std::vector<bool>{true, false, true});
    config["attn_logit_softcapping"] = nullptr;
    config["final_logit_softcapping"] = 5;
    CHECK(read(config).attention_soft_cap == 0);
    CHECK(read(config).logit_soft_cap == 5);
    config["use_bidirectional_attention"] = true;
    check_error<std::runtime_error>([&] { read(config); }, {"use_bidirectional_attention"});
}

TEST_CASE("Falcon's configurations leave out the context, and say its generation by flags") {
    json config = llama();
    for (const char* key : {"max_position_embeddings", "rms_norm_eps", "hidden_act",
                            "intermediate_size", "num_key_value_heads"})
        config.erase(key);
    config["architectures"] = {"FalconForCausalLM"};
    config["layer_norm_epsilon"] = 1e-5;
    CHECK(read(config).context == 2048);
    CHECK(read(config).kv_heads == 1);
    CHECK(read(config).ffn_size == 4 * 64);
    CHECK(read(config).design.one_norm);
    config["multi_query"] = false;
    CHECK(read(config).kv_heads == 8);
    config["new_decoder_architecture"] = true;
    config["num_kv_heads"] = 4;
    CHECK(read(config).kv_heads == 4);
    CHECK_FALSE(read(config).design.one_norm);
    config["alibi"] = true;
    check_error<std::runtime_error>([&] { read(config); }, {"alibi", "not implemented"});
}

TEST_CASE("layers of SmolLM3 that know no positions are listed or come at intervals") {
    json config = llama();
    config["architectures"] = {"SmolLM3ForCausalLM"};
    config["no_rope_layer_interval"] = 2;
    CHECK(read(config).still_layers == std::vector<bool>{false, true, false});
    config["no_rope_layers"] = {0, 1, 1};
    CHECK(read(config).still_layers == std::vector<bool>{true, false, false});
    config["no_rope_layers"] = {0, 1};
    check_error<std::runtime_error>([&] { read(config); }, {"no_rope_layers", "3 numbers"});
}

TEST_CASE("special tokens are one id, several or none") {
    json config = llama();
    config["eos_token_id"] = {2, 7};
    config["bos_token_id"] = nullptr;
    CHECK(read(config).eos_tokens == std::vector<std::int32_t>{2, 7});
    CHECK_FALSE(read(config).bos_token);
    config.erase("eos_token_id");
    CHECK(read(config).eos_tokens.empty());
}

TEST_CASE("what is not implemented is refused by its name") {
    check_refused("architectures", {"GPT2LMHeadModel"}, {"GPT2LMHeadModel", "LlamaForCausalLM"});
    check_refused("architectures", json::array(), {"an array of 0"});
    check_refused("hidden_act", "relu", {"silu", "relu"});
    check_refused("use_sliding_window", true, {"true"});
    check_refused("use_mrope", true, {"true"});
    check_refused("partial_rotary_factor", 0.5, {"0.5"});
    check_refused("quantization_config", {{"bits", 4}}, {"quantization_config.quant_method"});
    check_refused("layer_types", {"full_attention", "sliding_attention", "full_attention"},
                  {"layer_types[1]", "sliding_attention"});
    check_refused("layer_types", {"full_attention"}, {"layer_types", "3 names"});
    check_refused("rope_scaling", {{"rope_type", "novel"}}, {"rope_scaling.rope_type", "novel"});
    check_refused("rope_scaling", {{"type", "linear"}}, {"rope_scaling.factor", "missing"});
    check_refused("rope_scaling", {{"factor", 2}}, {"rope_scaling.factor", "no such key"});
    check_refused("rope_scaling", {{"type", "default"}, {"mrope_section", {1, 2}}},
                  {"rope_scaling.mrope_section", "no such key"});
    check_refused("rope_scaling",
                  {{"type", "longrope"}, {"short_factor", {1, 2}}, {"long_factor", {1, 2}}},
                  {"rope_scaling.short_factor", "an array of 4 numbers"});
    check_refused("rope_scaling",
                  {{"type", "longrope"}, {"short_factor", {1, 2, 3, 0}}, {"long_factor", {1}}},
                  {"rope_scaling.short_factor[3]", "above 0"});
    check_refused("rope_parameters", {{"full_attention", {{"rope_type", "default"}}}},
                  {"rope_parameters.full_attention", "no such key"});
}

TEST_CASE("values outside their type or range are refused with what was found") {
    check_refused("vocab_size", "1000", {"an integer from 1", "\"1000\""});
    check_refused("vocab_size", 0, {"found 0"});
    check_refused("vocab_size", 1u << 31, {"2147483648"});
    check_refused("vocab_size", std::numeric_limits<std::uint64_t>::max(),
                  {"18446744073709551615"});
    check_refused("hidden_size", 64.5, {"64.5"});
    check_refused("num_hidden_layers", -1, {"-1"});
    check_refused("num_key_value_heads", 3, {"a divisor of num_attention_heads, 8", "3"});
    check_refused("hidden_size", 65, {"a multiple of num_attention_heads", "65"});
    check_refused("head_dim", 7, {"even", "7"});
    check_refused("rms_norm_eps", 0, {"above 0"});
    check_refused("rms_norm_eps", nullptr, {"a number", "null"});
    check_refused("rope_theta", -1, {"above 0"});
    check_refused("tie_word_embeddings", 1, {"true or false"});
    check_refused("bos_token_id", 1000, {"from 0 to 999", "1000"});
    check_refused("eos_token_id", {2, -1}, {"eos_token_id[1]", "-1"});
    check_refused("rope_scaling",
                  {{"rope_type", "llama3"},
                   {"factor", 8},
                   {"low_freq_factor", 4},
                   {"high_freq_factor", 4},
                   {"original_max_position_embeddings", 8192}},
                  {"rope_scaling.high_freq_factor", "above 4"});
    check_refused("rope_scaling", {{"rope_type", "llama3"}, {"factor", 0.5}},
                  {"rope_scaling.factor", "at least 1"});
    check_refused("rope_scaling", {{"rope_type", "llama3"}}, {"rope_scaling.factor", "missing"});
}

TEST_CASE("a key that has to be there is named where it is missing") {
    for (const char* key :
         {"architectures", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
          "num_attention_heads", "max_position_embeddings", "rms_norm_eps"}) {
        json config = llama();
        config.erase(key);
        check_error<std::runtime_error>([&] { read(config); }, {"config.json", key, "missing"});
    }
    json mistral = llama();
    mistral["architectures"] = {"MistralForCausalLM"};
    mistral.erase("num_key_value_heads");
    check_error<std::runtime_error>([&] { read(mistral); }, {"num_key_value_heads", "missing"});
}

TEST_CASE("a file that is not a JSON object is refused") {
    const TemporaryFolder folder;
    const auto read_text = [&](std::string_view text) {
        return [&folder, text] { read_model_config(folder.write("config.json", text)); };
    };
    check_error<std::runtime_error>(read_text("[1]"), {"config.json", "an object"});
    check_error<std::runtime_error>(read_text("{\"vocab_size\": 1"), {"config.json", "JSON"});
    check_error<std::runtime_error>(read_text(""), {"config.json", "JSON"});
    check_error<std::runtime_error>(read_text("{\"vocab_size\": 1, \"vocab_size\": 2}"),
                                    {"config.json", "vocab_size", "twice"});
    check_error<std::runtime_error>(read_text(std::string_view("{}\0{}", 5)), {"zero byte at 2"});
    check_error<std::runtime_error>([&] { read_model_config(folder.path() / "absent.json"); },
                                    {"absent.json", "no such file"});
    check_error<std::runtime_error>([&] { read_model_config(folder.path()); },
                                    {"is a folder, expected a file"});
}

TEST_CASE("broken JSON is told with line and column, and one that is nested too deep as well") {
    const TemporaryFolder folder;
    const auto read_text = [&](const std::string& text) {
        return [&folder, text] { read_model_config(folder.write("config.json", text)); };
    };
    check_error<std::runtime_error>(read_text("{\"a\": 1,\n \"b\": tru}"), {"config.json:2:10: "});
    check_error<std::runtime_error>(read_text("{\"a\": 1e400}"), {"config.json:1:11: ", "1e400"});
    const std::string begin(30000, '['), end(30000, ']');
    for (const std::string& text : {begin, begin + end, "{\"a\": " + begin + end + "}"})
        check_error<std::runtime_error>(read_text(text),
                                        {"config.json:1:10", "at most 100 levels"});
}

}  // namespace
}  // namespace aircomp::inference
