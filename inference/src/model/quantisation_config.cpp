// SPDX-License-Identifier: GPL-3.0-or-later
// quantization_config, method by method. What the tensors themselves say (groups, zeros, bits of a
// packed matrix) is not read here.
#include "model/quantisation_config.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <string>

#include "model/config_keys.hpp"

namespace aircomp::inference {

namespace {

void require_bits(ConfigKeys& config, const char* key) {
    if (config.at(key).integer(1, 64) != 4) config.at(key).fail("4");
}

/// A size, or -1 or null for whole rows.
std::int64_t group_size(ConfigKeys& config, const char* key) {
    const auto size = config.find(key);
    if (!size) return 0;
    const std::int64_t value = size->integer(-1, INT32_MAX);
    if (value == 0) size->fail("a size, or -1 for whole rows");
    return std::max<std::int64_t>(value, 0);
}

/// Says that an object may be missing or empty, nothing else.
void require_empty(ConfigKeys& config, const char* key) {
    const auto node = config.find(key);
    if (node && !node->value().empty()) node->fail("nothing (options of it are not implemented)");
}

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

Quantisation read_gptq(ConfigKeys& config) {
    Quantisation result{QuantisationMethod::gptq};
    require_bits(config, "bits");
    result.group_size = group_size(config, "group_size");
    const auto format = config.find("checkpoint_format");
    const std::string name = format ? format->text() : "gptq";
    if (name != "gptq" && name != "gptq_v2") format->fail("\"gptq\" or \"gptq_v2\"");
    result.zeros_less_one = name == "gptq";
    config.require_off("is_marlin_format");
    require_empty(config, "dynamic");
    if (const auto type = config.find("pack_dtype"); type && type->text() != "int32")
        type->fail("\"int32\"");
    config.ignore({"backend",
                   "batch_size",
                   "block_name_to_quantize",
                   "cache_block_outputs",
                   "damp_auto_increment",
                   "damp_percent",
                   "dataset",
                   "desc_act",
                   "disable_exllama",
                   "exllama_config",
                   "lm_head",
                   "max_input_length",
                   "meta",
                   "model_file_base_name",
                   "model_name_or_path",
                   "model_seqlen",
                   "module_name_preceding_first_block",
                   "modules_in_block_to_quantize",
                   "pad_token_id",
                   "quant_method",
                   "static_groups",
                   "sym",
                   "tokenizer",
                   "true_sequential",
                   "use_cuda_fp16",
                   "use_exllama"});
    config.refuse_others("GPTQ");
    return result;
}

Quantisation read_awq(ConfigKeys& config) {
    Quantisation result{QuantisationMethod::awq};
    require_bits(config, "bits");
    result.group_size = group_size(config, "group_size");
    if (const auto version = config.find("version");
        version && lower_case(version->text()) != "gemm")
        version->fail("\"gemm\" (other packings are not implemented)");
    if (!config.flag("zero_point", true))
        config.at("zero_point").fail("true (false is not implemented)");
    config.ignore({"backend", "do_fuse", "exllama_config", "fuse_max_seq_len", "modules_to_fuse",
                   "modules_to_not_convert", "quant_method"});
    config.refuse_others("AWQ");
    return result;
}

std::array<std::int64_t, 2> block_of(const JsonNode& node) {
    if (node.array_size() != 2) node.fail("rows and columns of a block");
    return {node.element(0).integer(1, INT32_MAX), node.element(1).integer(1, INT32_MAX)};
}

Quantisation read_fp8(ConfigKeys& config) {
    Quantisation result{QuantisationMethod::fp8};
    if (const auto format = config.find("fmt"); format && format->text() != "e4m3")
        format->fail("\"e4m3\"");
    if (const auto block = config.find("weight_block_size")) result.block = block_of(*block);
    // Scales that are powers of two are stored as the others are.
    config.ignore({"activation_scheme", "dequantize", "ignored_layers", "modules_to_not_convert",
                   "quant_method", "scale_fmt"});
    config.refuse_others("FP8");
    return result;
}

/// What one group of layers has.
void read_scheme(const JsonNode& node, Quantisation& result) {
    ConfigKeys scheme(node);
    ConfigKeys weights(scheme.at("weights"));
    const JsonNode type = weights.at("type");
    const JsonNode bits = weights.at("num_bits");
    const std::int64_t count = bits.integer(1, 64);
    if (type.text() == "float") {
        if (count != 8) bits.fail("8 for floats");
    } else if (type.text() != "int") {
        type.fail("\"int\" or \"float\"");
    } else if (count != 4 && count != 8) {
        bits.fail("4 or 8");
    }
    if (const auto block = weights.find("block_structure"); block && block->value().is_array()) {
        const auto size = block_of(*block);
        if (result.block[0] != 0 && result.block != size) block->fail("the same in all groups");
        result.block = size;
    }
    // Groups, zeros and their order are read from the tensors.
    weights.ignore({"actorder", "dynamic", "group_size", "observer", "observer_kwargs",
                    "scale_dtype", "strategy", "symmetric", "zp_dtype"});
    weights.refuse_others("compressed-tensors");
    scheme.ignore({"format", "input_activations", "output_activations", "targets"});
    scheme.refuse_others("compressed-tensors");
}

Quantisation read_compressed_tensors(ConfigKeys& config) {
    Quantisation result{QuantisationMethod::compressed_tensors};
    const JsonNode format = config.at("format");
    const std::string& name = format.text();
    if (name != "pack-quantized" && name != "int-quantized" && name != "float-quantized")
        format.fail("\"float-quantized\", \"int-quantized\" or \"pack-quantized\"");
    const auto status = config.find("quantization_status");
    if (status && status->text() != "compressed") status->fail("\"compressed\"");
    const JsonNode groups = config.at("config_groups");
    if (!groups.value().is_object() || groups.value().empty())
        groups.fail("an object of at least one group");
    for (const auto& item : groups.value().items())
        read_scheme(groups.at(item.key()), result);
    if (const auto sparsity = config.find("sparsity_config");
        sparsity && !sparsity->value().empty() && sparsity->at("format").text() != "dense")
        sparsity->at("format").fail("\"dense\"");
    for (const char* key : {"kv_cache_scheme", "transform_config"})
        require_empty(config, key);
    config.ignore({"global_compression_ratio", "ignore", "quant_method", "version"});
    config.refuse_others("compressed-tensors");
    return result;
}

}  // namespace

Quantisation read_quantisation(const JsonNode& node) {
    ConfigKeys config(node);
    const JsonNode method = config.at("quant_method");
    if (method.text() == "gptq") return read_gptq(config);
    if (method.text() == "awq") return read_awq(config);
    if (method.text() == "compressed-tensors") return read_compressed_tensors(config);
    if (method.text() == "fp8") return read_fp8(config);
    method.fail("\"awq\", \"compressed-tensors\", \"fp8\" or \"gptq\"");
}

}  // namespace aircomp::inference
