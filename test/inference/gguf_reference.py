#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An independent decoder in NumPy for GGUF files of llama, qwen2, qwen3, gemma2 and gemma3.

    gguf_reference.py logits FILE.gguf TOKEN,TOKEN,...     prints them, one line a position
    gguf_reference.py make FILE.gguf ARCHITECTURE          writes a small random model

The logits are float64 over the weights that PyPI's gguf dequantises; nothing is shared with the
library under test. A model that is made carries tokens and their logits in its metadata
(test.tokens, test.logits): test/inference/gguf/random_*.gguf are of that kind. Needs: pip install gguf numpy.
"""

import sys

import gguf
import numpy as np
from gguf.quants import dequantize, quantize

VOCABULARY, HIDDEN, LAYERS, HEADS, KV_HEADS, HEAD = 48, 64, 2, 4, 2, 16
# Types of 256 elements a block need rows as long.
FFN = {"llama": 256, "qwen2": 256, "qwen3": 96, "gemma2": 96, "gemma3": 96}


class Model:
    def __init__(self, file):
        reader = gguf.GGUFReader(file)
        self.architecture = reader.fields["general.architecture"].contents()
        prefix = self.architecture + "."
        self.fields = {
            key: field.contents() for key, field in reader.fields.items() if key.startswith(prefix)
        }
        self.is_gemma = self.architecture in ("gemma2", "gemma3")
        self.tensors = {
            tensor.name: dequantize(tensor.data, tensor.tensor_type).astype(np.float64)
            for tensor in reader.tensors
        }

    def __getitem__(self, key):
        return self.fields[f"{self.architecture}.{key}"]

    def get(self, key, otherwise):
        return self.fields.get(f"{self.architecture}.{key}", otherwise)

    def is_local(self, layer):
        if not self.is_gemma:
            return False
        pattern = {"gemma2": 2, "gemma3": 6}[self.architecture]
        return (layer + 1) % self.get("attention.sliding_window_pattern", pattern) != 0

    def norm(self, name, x):
        """Its weights as they are: files of Gemma have the 1 in them."""
        epsilon = self["attention.layer_norm_rms_epsilon"]
        mean = np.mean(x * x, axis=-1, keepdims=True)
        return x / np.sqrt(mean + epsilon) * self.tensors[name + ".weight"]

    def layer(self, index, name):
        weight = self.tensors[f"blk.{index}.{name}.weight"]
        return weight, self.tensors.get(f"blk.{index}.{name}.bias", 0.0)


def soft_cap(x, cap):
    return cap * np.tanh(x / cap) if cap else x


def rotate(x, theta, adjacent):
    """x [tokens, heads, head_dim] by complex numbers; llama's files have their parts side by side."""
    size = x.shape[-1]
    angles = np.arange(len(x))[:, None] * theta ** (-np.arange(0, size, 2) / size)
    turns = np.exp(1j * angles)[:, None, :]
    result = np.empty_like(x)
    if adjacent:
        turned = (x[..., ::2] + 1j * x[..., 1::2]) * turns
        result[..., ::2], result[..., 1::2] = turned.real, turned.imag
    else:
        turned = (x[..., : size // 2] + 1j * x[..., size // 2 :]) * turns
        result[..., : size // 2], result[..., size // 2 :] = turned.real, turned.imag
    return result


def attention(model, layer, x):
    heads, kv_heads = model["attention.head_count"], model["attention.head_count_kv"]

    def project(name, count):
        weight, bias = model.layer(layer, name)
        return (x @ weight.T + bias).reshape(len(x), count, -1)

    is_local = model.is_local(layer)
    theta = model["rope.freq_base"]
    if is_local and model.architecture == "gemma3":
        theta = 10000.0
    query, key, value = project("attn_q", heads), project("attn_k", kv_heads), project("attn_v", kv_heads)
    if model.architecture in ("qwen3", "gemma3"):
        query = model.norm(f"blk.{layer}.attn_q_norm", query)
        key = model.norm(f"blk.{layer}.attn_k_norm", key)
    adjacent = model.architecture == "llama"
    query, key = rotate(query, theta, adjacent), rotate(key, theta, adjacent)
    key, value = (np.repeat(a, heads // kv_heads, axis=1) for a in (key, value))
    scores = np.einsum("qhd,khd->hqk", query, key) / np.sqrt(query.shape[-1])
    scores = soft_cap(scores, model.get("attn_logit_softcapping", 0))
    scores[:, np.triu(np.ones((len(x), len(x)), bool), 1)] = -np.inf
    if is_local:
        window = model["attention.sliding_window"]
        scores[:, np.tril(np.ones((len(x), len(x)), bool), -window)] = -np.inf
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    scores /= scores.sum(axis=-1, keepdims=True)
    mixed = np.einsum("hqk,khd->qhd", scores, value).reshape(len(x), -1)
    return mixed @ model.layer(layer, "attn_output")[0].T


def activation(model, x):
    if model.is_gemma:
        return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return x / (1 + np.exp(-x))


def mlp(model, layer, x):
    gate = x @ model.layer(layer, "ffn_gate")[0].T
    up = x @ model.layer(layer, "ffn_up")[0].T
    return (activation(model, gate) * up) @ model.layer(layer, "ffn_down")[0].T


def logits(file, tokens):
    model = Model(file)
    x = model.tensors["token_embd.weight"][tokens]
    if model.is_gemma:
        x = x * np.sqrt(x.shape[-1])
    for layer in range(model["block_count"]):
        prefix = f"blk.{layer}."
        attended = attention(model, layer, model.norm(prefix + "attn_norm", x))
        if model.is_gemma:
            attended = model.norm(prefix + "post_attention_norm", attended)
        x = x + attended
        mixed = mlp(model, layer, model.norm(prefix + "ffn_norm", x))
        if model.is_gemma:
            mixed = model.norm(prefix + "post_ffw_norm", mixed)
        x = x + mixed
    head = model.tensors.get("output.weight", model.tensors["token_embd.weight"])
    cap = model.get("final_logit_softcapping", 0)
    return soft_cap(model.norm("output_norm", x) @ head.T, cap)


def k_blocks(generator, name, rows, columns):
    """Random blocks of a type that gguf cannot write, with scales that suit weights."""
    elements, size = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]]
    blocks = generator.integers(0, 256, (rows * columns // elements, size), dtype=np.uint8)
    offsets = {"Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}[name]
    for offset in offsets:
        scale = 2e-5 if name == "Q6_K" else 2e-4
        halves = np.full(len(blocks), scale, np.float16)
        blocks[:, offset : offset + 2] = halves.view(np.uint8).reshape(-1, 2)
    return blocks.reshape(rows, -1)


def add_tensors(writer, generator, architecture):
    def add(name, rows, columns, kind):
        if kind.endswith("_K"):
            data = k_blocks(generator, kind, rows, columns)
        else:
            values = generator.normal(0, columns**-0.5, (rows, columns)).astype(np.float32)
            data = quantize(values, gguf.GGMLQuantizationType[kind])
        writer.add_tensor(name + ".weight", data, raw_dtype=gguf.GGMLQuantizationType[kind])

    def add_vector(name, size, mean):
        values = (mean + generator.normal(0, 0.2, size)).astype(np.float32)
        writer.add_tensor(name, values)

    is_llama = architecture == "llama"
    add("token_embd", VOCABULARY, HIDDEN, "Q8_0")
    add_vector("output_norm.weight", HIDDEN, 1)
    if is_llama:
        add("output", VOCABULARY, HIDDEN, "F16")
    for layer in range(LAYERS):
        prefix = f"blk.{layer}."
        add_vector(prefix + "attn_norm.weight", HIDDEN, 1)
        add_vector(prefix + "ffn_norm.weight", HIDDEN, 1)
        add(prefix + "attn_q", HEADS * HEAD, HIDDEN, ["Q4_0", "Q5_0"][layer])
        add(prefix + "attn_k", KV_HEADS * HEAD, HIDDEN, ["Q4_1", "BF16"][layer])
        add(prefix + "attn_v", KV_HEADS * HEAD, HIDDEN, ["Q5_1", "Q8_0"][layer])
        if architecture in ("qwen3", "gemma3"):
            add_vector(prefix + "attn_q_norm.weight", HEAD, 1)
            add_vector(prefix + "attn_k_norm.weight", HEAD, 1)
        if architecture in ("gemma2", "gemma3"):
            add_vector(prefix + "post_attention_norm.weight", HIDDEN, 1)
            add_vector(prefix + "post_ffw_norm.weight", HIDDEN, 1)
        if architecture == "qwen2":
            add_vector(prefix + "attn_q.bias", HEADS * HEAD, 0)
            add_vector(prefix + "attn_k.bias", KV_HEADS * HEAD, 0)
            add_vector(prefix + "attn_v.bias", KV_HEADS * HEAD, 0)
        add(prefix + "attn_output", HIDDEN, HEADS * HEAD, ["Q8_0", "Q4_0"][layer])
        ffn = FFN[architecture]
        add(prefix + "ffn_gate", ffn, HIDDEN, "Q4_0")
        add(prefix + "ffn_up", ffn, HIDDEN, "Q4_1")
        types = ["Q4_K", "Q6_K"] if ffn == 256 else ["Q5_0", "Q8_0"]
        add(prefix + "ffn_down", HIDDEN, ffn, types[layer])


def make(file, architecture):
    def write(tokens, values):
        writer = gguf.GGUFWriter(file, architecture)
        writer.add_block_count(LAYERS)
        writer.add_context_length(128)
        writer.add_embedding_length(HIDDEN)
        writer.add_feed_forward_length(FFN[architecture])
        writer.add_head_count(HEADS)
        writer.add_head_count_kv(KV_HEADS)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_rope_freq_base(10000.0)
        if architecture in ("gemma2", "gemma3"):
            writer.add_sliding_window(4)
        if architecture == "gemma2":
            writer.add_attn_logit_softcapping(0.7)
            writer.add_final_logit_softcapping(1.5)
        if architecture == "gemma3":
            writer.add_uint32("gemma3.attention.sliding_window_pattern", 2)
        if values:
            writer.add_array("test.tokens", tokens)
            writer.add_array("test.logits", values)
        add_tensors(writer, np.random.default_rng(7), architecture)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()

    tokens = [int(t) for t in np.random.default_rng(8).integers(0, VOCABULARY, 12)]
    write(tokens, None)
    write(tokens, [float(v) for v in logits(file, tokens).ravel()])


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], sys.argv[3])
    else:
        np.savetxt(sys.stdout, logits(sys.argv[2], [int(t) for t in sys.argv[3].split(",")]))
