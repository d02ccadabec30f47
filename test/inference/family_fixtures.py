#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the fixtures of families_test.cpp: what Hugging Face's transformers computes.

    python3 -m venv venv && venv/bin/pip install torch transformers
    venv/bin/python test/inference/family_fixtures.py [NAME ...]

For each model below a file in test/inference/families: its config.json as such models have it, the
names and shapes of its tensors, some tokens, and their logits. Weights are not stored: element i of
a tensor comes from a hash of the tensor's name and i, which the test computes as well.
"""
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import save_file
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.utils import logging

FOLDER = Path(__file__).parent / "families"
TOKENS = [1, 40, 7, 33, 20, 7, 45, 2, 19, 28, 28, 3, 44, 11]
MASK = (1 << 64) - 1

BASE = {
    "vocab_size": 48,
    "hidden_size": 36,
    "intermediate_size": 44,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}


def config(architecture, model_type, leave_out=(), **changes):
    base = {key: value for key, value in BASE.items() if key not in leave_out}
    return {"architectures": [architecture], "model_type": model_type, **base, **changes}


def llama(**changes):
    return config("LlamaForCausalLM", "llama", **changes)


def falcon(**changes):
    return config(
        "FalconForCausalLM",
        "falcon",
        leave_out=["head_dim", "intermediate_size", "num_key_value_heads", "rms_norm_eps"],
        **{"hidden_size": 48, "layer_norm_epsilon": 1e-5, "alibi": False, **changes},
    )


MODELS = {
    "llama-3": llama(
        rope_theta=500000.0,
        rope_scaling={
            "rope_type": "llama3",
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 16,
        },
        tie_word_embeddings=True,
    ),
    "llama-biases": llama(attention_bias=True, mlp_bias=True, rope_theta=10000.0),
    "llama-linear": llama(
        rope_parameters={"rope_type": "default", "rope_theta": 300.0},
        rope_scaling={"type": "linear", "factor": 4.0},
        rope_theta=1000.0,
    ),
    "llama-dynamic": llama(rope_scaling={"type": "dynamic", "factor": 4.0}, rope_theta=1000.0),
    "llama-yarn": llama(
        rope_scaling={
            "rope_type": "yarn",
            "factor": 4.0,
            "original_max_position_embeddings": 16,
            "beta_fast": 4,
        },
        rope_theta=1000.0,
    ),
    "mistral": config("MistralForCausalLM", "mistral", sliding_window=5, rope_theta=10000.0),
    "qwen2": config(
        "Qwen2ForCausalLM",
        "qwen2",
        leave_out=["head_dim"],
        hidden_size=48,
        use_sliding_window=True,
        sliding_window=4,
        max_window_layers=1,
        rope_theta=1000000.0,
        tie_word_embeddings=True,
    ),
    "qwen3": config(
        "Qwen3ForCausalLM",
        "qwen3",
        attention_bias=False,
        use_sliding_window=False,
        sliding_window=None,
        rope_theta=1000000,
        tie_word_embeddings=True,
    ),
    "gemma-2": config(
        "Gemma2ForCausalLM",
        "gemma2",
        num_hidden_layers=4,
        hidden_act="gelu_pytorch_tanh",
        hidden_activation="gelu_pytorch_tanh",
        query_pre_attn_scalar=5,
        sliding_window=6,
        attn_logit_softcapping=3.0,
        final_logit_softcapping=4.0,
        rope_theta=10000.0,
    ),
    "gemma-3": config(
        "Gemma3ForCausalLM",
        "gemma3_text",
        num_hidden_layers=4,
        num_key_value_heads=1,
        hidden_activation="gelu_pytorch_tanh",
        query_pre_attn_scalar=8,
        sliding_window=5,
        sliding_window_pattern=3,
        rope_theta=1000000.0,
        rope_local_base_freq=100.0,
        rope_scaling={"rope_type": "linear", "factor": 8.0},
    ),
    "gemma-3-new-keys": config(
        "Gemma3ForCausalLM",
        "gemma3_text",
        dtype="float32",
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        query_pre_attn_scalar=8,
        sliding_window=5,
        rope_parameters={
            "full_attention": {"rope_type": "linear", "factor": 2.0, "rope_theta": 5000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 200.0},
        },
        use_bidirectional_attention=False,
    ),
    "phi-3": config(
        "Phi3ForCausalLM",
        "phi3",
        leave_out=["head_dim"],
        hidden_size=48,
        sliding_window=None,
        original_max_position_embeddings=8,
        partial_rotary_factor=0.5,
        rope_theta=10000.0,
        rope_scaling={
            "type": "longrope",
            "short_factor": [1.0, 1.1],
            "long_factor": [1.5, 3.0],
        },
    ),
    "phi-3-short": config(
        "Phi3ForCausalLM",
        "phi3",
        sliding_window=9,
        original_max_position_embeddings=32,
        hidden_size=48,
        rope_theta=10000.0,
        rope_scaling={
            "type": "longrope",
            "short_factor": [1.0, 1.1, 1.3, 2.0],
            "long_factor": [1.5, 3.0, 9.0, 20.0],
        },
    ),
    "smollm3": config(
        "SmolLM3ForCausalLM",
        "smollm3",
        leave_out=["head_dim"],
        hidden_size=48,
        num_hidden_layers=4,
        no_rope_layers=[1, 0, 1, 0],
        rope_theta=2000000.0,
        use_sliding_window=False,
    ),
    "olmo-2": config(
        "Olmo2ForCausalLM",
        "olmo2",
        leave_out=["head_dim"],
        hidden_size=48,
        rope_theta=500000,
        attention_bias=False,
    ),
    "granite": config(
        "GraniteForCausalLM",
        "granite",
        leave_out=["head_dim"],
        hidden_size=48,
        embedding_multiplier=3.0,
        residual_multiplier=0.3,
        attention_multiplier=0.2,
        logits_scaling=2.0,
        attention_bias=False,
        rope_theta=10000.0,
    ),
    "gpt-neox": config(
        "GPTNeoXForCausalLM",
        "gpt_neox",
        leave_out=["head_dim", "num_key_value_heads", "rms_norm_eps"],
        hidden_size=48,
        layer_norm_eps=1e-5,
        hidden_act="gelu",
        rotary_pct=0.25,
        rotary_emb_base=10000,
        use_parallel_residual=True,
    ),
    "gpt-neox-serial": config(
        "GPTNeoXForCausalLM",
        "gpt_neox",
        leave_out=["head_dim", "num_key_value_heads", "rms_norm_eps"],
        hidden_size=48,
        layer_norm_eps=1e-5,
        hidden_act="gelu",
        rotary_pct=0.5,
        rotary_emb_base=10000,
        use_parallel_residual=False,
    ),
    "falcon": falcon(multi_query=True, parallel_attn=True),
    "falcon-grouped": falcon(
        new_decoder_architecture=True, num_kv_heads=2, ffn_hidden_size=100, bias=True
    ),
    "falcon-serial": falcon(multi_query=False, parallel_attn=False),
    "phi-2": config(
        "PhiForCausalLM",
        "phi",
        leave_out=["head_dim", "num_key_value_heads", "rms_norm_eps"],
        hidden_size=60,
        layer_norm_eps=1e-5,
        hidden_act="gelu_new",
        partial_rotary_factor=0.4,
        qk_layernorm=False,
        rope_theta=10000.0,
    ),
    "cohere": config(
        "CohereForCausalLM",
        "cohere",
        leave_out=["head_dim", "rms_norm_eps"],
        hidden_size=48,
        layer_norm_eps=1e-5,
        logit_scale=0.5,
        use_qk_norm=False,
    ),
    "cohere-2": config(
        "Cohere2ForCausalLM",
        "cohere2",
        leave_out=["head_dim", "rms_norm_eps"],
        hidden_size=48,
        num_hidden_layers=4,
        layer_norm_eps=1e-5,
        logit_scale=0.5,
        rope_theta=50000.0,
        sliding_window=5,
        sliding_window_pattern=2,
    ),
    "mixtral": config(
        "MixtralForCausalLM",
        "mixtral",
        num_hidden_layers=2,
        num_local_experts=5,
        num_experts_per_tok=2,
        sliding_window=None,
        rope_theta=1000000.0,
    ),
    "qwen2-moe": config(
        "Qwen2MoeForCausalLM",
        "qwen2_moe",
        leave_out=["head_dim"],
        hidden_size=48,
        moe_intermediate_size=20,
        shared_expert_intermediate_size=33,
        num_experts=6,
        num_experts_per_tok=3,
        decoder_sparse_step=1,
        mlp_only_layers=[1],
        norm_topk_prob=False,
        use_sliding_window=False,
        rope_theta=1000000.0,
    ),
    "qwen3-moe": config(
        "Qwen3MoeForCausalLM",
        "qwen3_moe",
        num_hidden_layers=2,
        moe_intermediate_size=20,
        num_experts=6,
        num_experts_per_tok=3,
        norm_topk_prob=True,
        mlp_only_layers=[],
        decoder_sparse_step=1,
        rope_theta=1000000.0,
    ),
    "olmoe": config(
        "OlmoeForCausalLM",
        "olmoe",
        leave_out=["head_dim"],
        hidden_size=48,
        num_hidden_layers=2,
        num_experts=6,
        num_experts_per_tok=3,
        norm_topk_prob=False,
        clip_qkv=None,
        rope_theta=10000.0,
    ),
}


def hash_of(name):
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return value


def weights(name, shape):
    """SplitMix64 of the name's hash and the index, as float32; norms lie around 1."""
    count = int(np.prod(shape))
    with np.errstate(over="ignore"):
        state = np.uint64(hash_of(name)) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(
            0x9E3779B97F4A7C15
        )
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state = state ^ (state >> np.uint64(31))
    uniform = (state >> np.uint64(40)).astype(np.float64) / 2.0**23 - 1
    if len(shape) > 1:
        values = uniform * (3 / np.sqrt(shape[-1]))
    else:
        is_norm = name.endswith(".weight")
        values = (1 if is_norm else 0) + 0.25 * uniform
    return values.astype(np.float32).reshape(shape)


def shapes_of(folder):
    """Names and shapes as the model's own files have them."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder))
    with tempfile.TemporaryDirectory() as saved:
        model.save_pretrained(saved)
        with safe_open(Path(saved) / "model.safetensors", "np") as tensors:
            return {
                name: list(tensors.get_slice(name).get_shape()) for name in sorted(tensors.keys())
            }


def logits_of(folder, shapes):
    save_file(
        {name: weights(name, shape) for name, shape in shapes.items()},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )
    model, report = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    if any(report[what] for what in ("missing_keys", "unexpected_keys", "mismatched_keys")):
        raise SystemExit(f"{folder}: {report}")
    model.eval()
    with torch.no_grad():
        return model(torch.tensor([TOKENS]), use_cache=False).logits[0].numpy()


def make(name):
    settings = MODELS[name]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "config.json").write_text(json.dumps(settings))
        shapes = shapes_of(folder)
        logits = logits_of(folder, shapes)
    parts = [
        f' "config": {json.dumps(settings)}',
        f' "tensors": {json.dumps(shapes)}',
        f' "tokens": {json.dumps(TOKENS)}',
        ' "logits": [\n'
        + ",\n".join("  " + ", ".join(f"{value:.7g}" for value in row) for row in logits)
        + "]",
    ]
    (FOLDER / f"{name}.json").write_text("{\n" + ",\n".join(parts) + "\n}\n")
    print(name, len(shapes), "tensors, largest logit", float(np.abs(logits).max()))


if __name__ == "__main__":
    logging.disable_progress_bar()
    FOLDER.mkdir(exist_ok=True)
    for chosen in sys.argv[1:] or MODELS:
        make(chosen)
