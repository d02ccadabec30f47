#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the quantised folders that the tests read, and what their matrices are as floats.

    quantised_checkpoints.py FOLDER

Matrices are drawn as integers (or 8 bit floats), zeros and scales. Folders `gptq`, `gptq-v2`, `awq`,
... pack them as AutoGPTQ, AutoAWQ, compressed-tensors and DeepSeek's FP8 do; `floats-of-*` have scale *
(q - zero), computed before anything is packed. Written once: test/inference/quantised. Needs NumPy.
"""

import json
import pathlib
import sys

import numpy as np

HIDDEN, FFN, HEADS, KV_HEADS, VOCABULARY = 64, 64, 4, 2, 16
GROUP = 32
BLOCK = (16, 32)
TYPES = {"float32": "F32", "float16": "F16", "int32": "I32", "int64": "I64", "int8": "I8"}

CONFIG = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
    "vocab_size": VOCABULARY, "hidden_size": HIDDEN, "intermediate_size": FFN,
    "num_hidden_layers": 1, "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS,
    "max_position_embeddings": 32, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
    "tie_word_embeddings": True, "torch_dtype": "float16",
}
LAYER = "model.layers.0."
KEY_ROWS = HIDDEN * KV_HEADS // HEADS
MATRICES = {
    "self_attn.q_proj": (HIDDEN, HIDDEN), "self_attn.k_proj": (KEY_ROWS, HIDDEN),
    "self_attn.v_proj": (KEY_ROWS, HIDDEN), "self_attn.o_proj": (HIDDEN, HIDDEN),
    "mlp.gate_proj": (FFN, HIDDEN), "mlp.up_proj": (FFN, HIDDEN), "mlp.down_proj": (HIDDEN, FFN),
}


def write_safetensors(path, tensors):
    """`tensors`: name to array, or to (type, array of its bytes)."""
    header, data = {}, b""
    for name, tensor in sorted(tensors.items()):
        kind, array = tensor if isinstance(tensor, tuple) else (TYPES[str(tensor.dtype)], tensor)
        raw = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": kind, "shape": list(array.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def bfloat16(values):
    """(type, array) of float32 values that bfloat16 has exactly."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    assert np.all(bits & 0xFFFF == 0)
    return "BF16", (bits >> 16).astype(np.uint16)


def rounded_to_bfloat16(values):
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    return (bits & 0xFFFF0000).view(np.float32)


def e4m3(codes):
    """Values of the OCP 8-bit Floating Point Specification's E4M3."""
    sign = np.where(codes & 0x80, -1.0, 1.0)
    exponent, fraction = (codes >> 3 & 15).astype(int), (codes & 7).astype(float)
    normal = np.ldexp(1 + fraction / 8, exponent - 7)
    return (sign * np.where(exponent == 0, np.ldexp(fraction / 8, -6), normal)).astype(np.float32)


def pack(values, bits, order=range(8)):
    """32 / bits neighbours of the last axis in a word, the i-th of them at place `order`[i]."""
    a_word = 32 // bits
    width = -(-values.shape[-1] // a_word) * a_word
    padded = np.zeros(values.shape[:-1] + (width,), np.uint32)
    padded[..., : values.shape[-1]] = values
    words = np.zeros(values.shape[:-1] + (width // a_word,), np.uint32)
    for i in range(a_word):
        words |= padded[..., i::a_word] << np.uint32(bits * order[i])
    return words.view(np.int32)


AWQ_PLACES = [0, 4, 1, 5, 2, 6, 3, 7]  # columns 0, 2, 4, 6, 1, 3, 5, 7 from the lowest bits on


class Integers:
    """Four bits: q and zeros [rows, groups] of 1 to 15, float16 scales."""

    def __init__(self, generator, rows, columns):
        groups = columns // GROUP
        self.q = generator.integers(0, 16, (rows, columns))
        self.zeros = generator.integers(1, 16, (rows, groups))
        self.scales = generator.uniform(0.01, 0.03, (rows, groups)).astype(np.float16)
        self.order = generator.permutation(np.arange(columns) // GROUP).astype(np.int32)

    def floats(self, group_of):
        scales = self.scales.astype(np.float32)[:, group_of]
        return scales * (self.q - self.zeros[:, group_of]).astype(np.float32)

    def in_order(self):
        return {"weight": self.floats(np.arange(self.q.shape[1]) // GROUP)}

    def by_index(self):
        # Rounded to the scales' type, as AutoGPTQ computes.
        return {"weight": self.floats(self.order).astype(np.float16)}

    def gptq(self, less=1, index=None):
        in_order = (np.arange(self.q.shape[1]) // GROUP).astype(np.int32)
        return {"qweight": pack(self.q, 4).T, "qzeros": pack((self.zeros - less).T, 4),
                "scales": self.scales.T, "g_idx": in_order if index is None else index}

    def gptq_v2(self):
        return self.gptq(less=0)

    def gptq_act_order(self):
        return self.gptq(index=self.order)

    def awq(self):
        return {"qweight": pack(self.q.T, 4, AWQ_PLACES),
                "qzeros": pack(self.zeros.T, 4, AWQ_PLACES), "scales": self.scales.T}

    def packed(self):
        return {"weight_packed": pack(self.q, 4), "weight_scale": self.scales,
                "weight_zero_point": pack(self.zeros.T, 4).T,
                "weight_shape": np.array(self.q.shape, np.int64)}


class Bytes:
    """Eight bits, and a bfloat16 scale for each row."""

    def __init__(self, generator, rows, columns):
        self.q = generator.integers(-128, 128, (rows, columns)).astype(np.int8)
        self.scales = rounded_to_bfloat16(generator.uniform(0.0005, 0.002, (rows, 1)))

    def floats(self):
        return {"weight": self.scales * self.q.astype(np.float32)}

    def int_quantized(self):
        return {"weight": self.q, "weight_scale": bfloat16(self.scales)}

    def pack_quantized(self):
        return {"weight_packed": pack(self.q.astype(int) + 128, 8),
                "weight_scale": bfloat16(self.scales),
                "weight_shape": np.array(self.q.shape, np.int64)}


class Floats:
    """E4M3, and a scale for each block."""

    def __init__(self, generator, rows, columns):
        codes = generator.integers(0, 256, (rows, columns)).astype(np.uint8)
        self.codes = np.where(codes & 0x7F == 0x7F, 0, codes).astype(np.uint8)
        shape = -(-rows // BLOCK[0]), -(-columns // BLOCK[1])
        self.scales = rounded_to_bfloat16(generator.uniform(0.0005, 0.002, shape))

    def floats(self):
        rows, columns = self.codes.shape
        scales = np.repeat(np.repeat(self.scales, BLOCK[0], 0), BLOCK[1], 1)[:rows, :columns]
        return {"weight": scales * e4m3(self.codes)}

    def fp8(self):
        return {"weight": ("F8_E4M3", self.codes), "weight_scale_inv": self.scales}

    def float_quantized(self):
        return {"weight": ("F8_E4M3", self.codes), "weight_scale": bfloat16(self.scales)}


def compressed(form, weights):
    group = {"targets": ["Linear"], "input_activations": None, "output_activations": None,
             "weights": {"dynamic": False, "observer": "minmax", **weights}}
    return {"quant_method": "compressed-tensors", "format": form, "ignore": ["lm_head"],
            "quantization_status": "compressed", "kv_cache_scheme": None,
            "config_groups": {"group_0": group}}


GPTQ = {"quant_method": "gptq", "bits": 4, "group_size": GROUP, "damp_percent": 0.01,
        "desc_act": False, "sym": False, "true_sequential": True}
# Folder, kind of its matrices, how they are written, quantization_config.
FOLDERS = [
    ("floats-of-4-bits", Integers, Integers.in_order, None),
    ("gptq", Integers, Integers.gptq, GPTQ),
    ("gptq-v2", Integers, Integers.gptq_v2, {**GPTQ, "checkpoint_format": "gptq_v2"}),
    ("awq", Integers, Integers.awq,
     {"quant_method": "awq", "bits": 4, "group_size": GROUP, "version": "gemm", "zero_point": True}),
    ("pack-quantized", Integers, Integers.packed,
     compressed("pack-quantized", {"num_bits": 4, "type": "int", "strategy": "group",
                                   "group_size": GROUP, "symmetric": False})),
    ("floats-of-act-order", Integers, Integers.by_index, None),
    ("gptq-act-order", Integers, Integers.gptq_act_order, {**GPTQ, "desc_act": True}),
    ("floats-of-8-bits", Bytes, Bytes.floats, None),
    ("int-quantized", Bytes, Bytes.int_quantized,
     compressed("int-quantized", {"num_bits": 8, "type": "int", "strategy": "channel",
                                  "symmetric": True})),
    ("pack-quantized-8", Bytes, Bytes.pack_quantized,
     compressed("pack-quantized", {"num_bits": 8, "type": "int", "strategy": "channel",
                                   "symmetric": True})),
    ("floats-of-fp8", Floats, Floats.floats, None),
    ("fp8", Floats, Floats.fp8,
     {"quant_method": "fp8", "activation_scheme": "dynamic", "fmt": "e4m3",
      "weight_block_size": list(BLOCK)}),
    ("float-quantized", Floats, Floats.float_quantized,
     compressed("float-quantized", {"num_bits": 8, "type": "float", "strategy": "block",
                                    "block_structure": list(BLOCK), "symmetric": True})),
]


def main():
    root = pathlib.Path(sys.argv[1])
    generator = np.random.default_rng(16)
    rest = {"model.embed_tokens.weight": generator.normal(0, 1, (VOCABULARY, HIDDEN))}
    for name in ("model.norm", LAYER + "input_layernorm", LAYER + "post_attention_layernorm"):
        rest[name + ".weight"] = generator.uniform(0.5, 1.5, HIDDEN)
    rest = {name: values.astype(np.float32) for name, values in rest.items()}
    drawn = {kind: {name: kind(generator, *shape) for name, shape in MATRICES.items()}
             for kind in (Integers, Bytes, Floats)}
    for folder, kind, written, quantisation in FOLDERS:
        tensors = dict(rest)
        for name, matrix in drawn[kind].items():
            for part, values in written(matrix).items():
                tensors[LAYER + name + "." + part] = values
        (root / folder).mkdir(parents=True, exist_ok=True)
        write_safetensors(root / folder / "model.safetensors", tensors)
        config = CONFIG if quantisation is None else {**CONFIG, "quantization_config": quantisation}
        (root / folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")


if __name__ == "__main__":
    main()
