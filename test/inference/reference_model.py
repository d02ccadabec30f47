# SPDX-License-Identifier: GPL-3.0-or-later
"""An independent decoder in NumPy: reads a model folder, prints the logits of a token sequence.

    reference_model.py FOLDER TOKEN,TOKEN,...

Prints one line per position: the logits over the vocabulary, float64. It shares nothing with the
library under test, neither the reading of safetensors nor the mathematics, and splits nothing.
"""
import json
import struct
import sys
from pathlib import Path

import numpy as np


def read_safetensors(file):
    """Tensors by name, as float64."""
    raw = file.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        if entry["dtype"] == "BF16":
            halves = np.frombuffer(raw[begin:end], "<u2").astype(np.uint32)
            values = (halves << 16).view(np.float32)
        else:
            values = np.frombuffer(raw[begin:end], {"F32": "<f4", "F16": "<f2"}[entry["dtype"]])
        tensors[name] = values.astype(np.float64).reshape(entry["shape"])
    return tensors


def rms_norm(x, weight, epsilon):
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + epsilon) * weight


def rotary_frequencies(config, head_dim):
    frequencies = config["rope_theta"] ** (-np.arange(0, head_dim, 2) / head_dim)
    scaling = config.get("rope_scaling")
    if not scaling:
        return frequencies
    # Llama 3.1, in terms of wavelengths as its authors published it.
    old_context = scaling["original_max_position_embeddings"]
    longest_kept = old_context / scaling["high_freq_factor"]
    shortest_scaled = old_context / scaling["low_freq_factor"]
    result = []
    for frequency in frequencies:
        wavelength = 2 * np.pi / frequency
        if wavelength < longest_kept:
            result.append(frequency)
        elif wavelength > shortest_scaled:
            result.append(frequency / scaling["factor"])
        else:
            smooth = (old_context / wavelength - scaling["low_freq_factor"]) / (
                scaling["high_freq_factor"] - scaling["low_freq_factor"]
            )
            result.append((1 - smooth) * frequency / scaling["factor"] + smooth * frequency)
    return np.array(result)


def rotate(x, frequencies):
    """x [tokens, heads, head_dim]; the two halves of a head are the parts of complex numbers."""
    half = x.shape[-1] // 2
    turns = np.exp(1j * np.arange(x.shape[0])[:, None, None] * frequencies)
    turned = (x[..., :half] + 1j * x[..., half:]) * turns
    return np.concatenate([turned.real, turned.imag], axis=-1)


def attention(x, weight, bias, config, head_dim, frequencies):
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]

    def project(name, count):
        return (x @ weight(name).T + bias(name)).reshape(len(x), count, head_dim)

    query = rotate(project("q_proj", heads), frequencies)
    key = rotate(project("k_proj", kv_heads), frequencies)
    value = project("v_proj", kv_heads)
    key, value = (np.repeat(a, heads // kv_heads, axis=1) for a in (key, value))
    scores = np.einsum("qhd,khd->hqk", query, key) / np.sqrt(head_dim)
    scores[:, np.triu(np.ones((len(x), len(x)), bool), 1)] = -np.inf
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    scores /= scores.sum(axis=-1, keepdims=True)
    return np.einsum("hqk,khd->qhd", scores, value).reshape(len(x), -1) @ weight("o_proj").T


def mlp(x, weight):
    gate = x @ weight("gate_proj").T
    return (gate / (1 + np.exp(-gate)) * (x @ weight("up_proj").T)) @ weight("down_proj").T


def logits(folder, tokens):
    config = json.loads((folder / "config.json").read_text())
    tensors = read_safetensors(folder / "model.safetensors")
    epsilon = config["rms_norm_eps"]
    head_dim = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    frequencies = rotary_frequencies(config, head_dim)

    x = tensors["model.embed_tokens.weight"][tokens]
    for layer in range(config["num_hidden_layers"]):
        prefix = f"model.layers.{layer}."
        normed = rms_norm(x, tensors[prefix + "input_layernorm.weight"], epsilon)
        x = x + attention(
            normed,
            lambda name: tensors[f"{prefix}self_attn.{name}.weight"],
            lambda name: tensors.get(f"{prefix}self_attn.{name}.bias", 0),
            config,
            head_dim,
            frequencies,
        )
        normed = rms_norm(x, tensors[prefix + "post_attention_layernorm.weight"], epsilon)
        x = x + mlp(normed, lambda name: tensors[f"{prefix}mlp.{name}.weight"])
    x = rms_norm(x, tensors["model.norm.weight"], epsilon)
    tied = config.get("tie_word_embeddings")
    return x @ tensors["model.embed_tokens.weight" if tied else "lm_head.weight"].T


if __name__ == "__main__":
    np.savetxt(sys.stdout, logits(Path(sys.argv[1]), [int(t) for t in sys.argv[2].split(",")]))
