#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the blocked types' fixture with PyPI's gguf, the reference of their values.

    blocked_types.py FILE.gguf

For each type, tensor TYPE has random blocks, among them blocks of the most extreme scales, and
TYPE.values what gguf.quants makes of them. Written once: test/inference/gguf/blocked_types.gguf.
Needs: pip install gguf numpy.
"""

import sys

import gguf
import numpy as np
from gguf.quants import dequantize

# Where in a block the float16 scales lie.
HALVES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82],
    "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ4_NL": [0], "IQ4_XS": [0],
    "MXFP4": [],
}
EXTREMES = [0.0, -0.0, 6e-8, -6e-8, 6.1e-5, 1.0, -1.0, 65504.0, -65504.0]
ELEMENTS = 768


def random_blocks(generator, name):
    """Blocks of ELEMENTS elements, as bytes."""
    elements, size = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]]
    blocks = generator.integers(0, 256, (ELEMENTS // elements, size), dtype=np.uint8)
    for offset in HALVES[name]:
        scales = generator.normal(0, 0.02, len(blocks)).astype(np.float16)
        chosen = generator.permutation(EXTREMES)[: max(1, len(blocks) // 2)]
        scales[: len(chosen)] = chosen
        blocks[:, offset : offset + 2] = scales.view(np.uint8).reshape(-1, 2)
    if name == "MXFP4":
        blocks[:4, 0] = [0, 1, 2, 255]
    return blocks.reshape(1, -1)


def main():
    generator = np.random.default_rng(16)
    writer = gguf.GGUFWriter(sys.argv[1], "none")
    for name in HALVES:
        kind = gguf.GGMLQuantizationType[name]
        blocks = random_blocks(generator, name)
        with np.errstate(over="ignore"):
            values = dequantize(blocks, kind)
        writer.add_tensor(name, blocks, raw_dtype=kind)
        writer.add_tensor(name + ".values", values.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
