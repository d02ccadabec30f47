#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An independent decoder in NumPy for GGUF files of llama's and qwen2's architecture.

    gguf_reference.py logits FILE.gguf TOKEN,TOKEN,...     prints them, one line a position
    gguf_reference.py make FILE.gguf ARCHITECTURE          writes a small random model

The logits are float64 over the weights that PyPI's gguf dequantises; nothing is shared with the
library under test. A model that is made carries tokens and their logits in its metadata
(test.tokens, test.logits): test/inference/gguf/random_llama.gguf and random_qwen2.gguf are of that
kind. Needs: pip install gguf numpy.
"""

import sys

import gguf
import numpy as np
from gguf.quants import dequantize, quantize

VOCABULARY, HIDDEN, FFN, LAYERS, HEADS, KV_HEADS, HEAD = 48, 64, 256, 2, 4, 2, 16


class Model:
    def __init__(self, file):
        reader = gguf.GGUFReader(file)
        self.fields = {key: field.contents() for key, field in reader.fields.items()}
        self.architecture = self.fields["general.architecture"]
        self.tensors = {
            tensor.name: dequantize(tensor.data, tensor.tensor_type).astype(np.float64)
            for tensor in reader.tensors
        }

    def __getitem__(self, key):
        return self.fields[f"{self.architecture}.{key}"]

    def layer(self, index, name):
        weight = self.tensors[f"blk.{index}.{name}.weight"]
        return weight, self.tensors.get(f"blk.{index}.{name}.bias", 0.0)


def rms_norm(x, weight, epsilon):
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + epsilon) * weight


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

    theta, adjacent = model["rope.freq_base"], model.architecture == "llama"
    query = rotate(project("attn_q", heads), theta, adjacent)
    key = rotate(project("attn_k", kv_heads), theta, adjacent)
    value = project("attn_v", kv_heads)
    key, value = (np.repeat(a, heads // kv_heads, axis=1) for a in (key, value))
    scores = np.einsum("qhd,khd->hqk", query, key) / np.sqrt(query.shape[-1])
    scores[:, np.triu(np.ones((len(x), len(x)), bool), 1)] = -np.inf
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    scores /= scores.sum(axis=-1, keepdims=True)
    mixed = np.einsum("hqk,khd->qhd", scores, value).reshape(len(x), -1)
    return mixed @ model.layer(layer, "attn_output")[0].T


def mlp(model, layer, x):
    gate = x @ model.layer(layer, "ffn_gate")[0].T
    up = x @ model.layer(layer, "ffn_up")[0].T
    return (gate / (1 + np.exp(-gate)) * up) @ model.layer(layer, "ffn_down")[0].T


def logits(file, tokens):
    model = Model(file)
    epsilon = model["attention.layer_norm_rms_epsilon"]
    x = model.tensors["token_embd.weight"][tokens]
    for layer in range(model["block_count"]):
        normed = rms_norm(x, model.layer(layer, "attn_norm")[0], epsilon)
        x = x + attention(model, layer, normed)
        x = x + mlp(model, layer, rms_norm(x, model.layer(layer, "ffn_norm")[0], epsilon))
    x = rms_norm(x, model.tensors["output_norm.weight"], epsilon)
    head = model.tensors.get("output.weight", model.tensors["token_embd.weight"])
    return x @ head.T


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
        if not is_llama:
            add_vector(prefix + "attn_q.bias", HEADS * HEAD, 0)
            add_vector(prefix + "attn_k.bias", KV_HEADS * HEAD, 0)
            add_vector(prefix + "attn_v.bias", KV_HEADS * HEAD, 0)
        add(prefix + "attn_output", HIDDEN, HEADS * HEAD, ["Q8_0", "Q4_0"][layer])
        add(prefix + "ffn_gate", FFN, HIDDEN, "Q4_0")
        add(prefix + "ffn_up", FFN, HIDDEN, "Q4_1")
        add(prefix + "ffn_down", HIDDEN, FFN, ["Q4_K", "Q6_K"][layer])


def make(file, architecture):
    def write(tokens, values):
        writer = gguf.GGUFWriter(file, architecture)
        writer.add_block_count(LAYERS)
        writer.add_context_length(128)
        writer.add_embedding_length(HIDDEN)
        writer.add_feed_forward_length(FFN)
        writer.add_head_count(HEADS)
        writer.add_head_count_kv(KV_HEADS)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_rope_freq_base(10000.0)
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
