#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the JSON of `aircomp compare`: compare.py COMPARE.json PICTURE(.png|.svg|.pdf)."""

import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend has to be chosen first)
from whole_file import save  # noqa: E402

PARTS = ["compute", "uplink", "downlink", "frame", "sounding", "control"]
COLOURS = ["#9aa5b1", "#d1495b", "#edae49", "#8d6a9f", "#66a182", "#2e4057"]


def main(json_file, picture):
    with open(json_file, encoding="utf-8") as file:
        schemes = json.load(file)["schemes"]
    labels = [scheme["label"] for scheme in schemes]
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), constrained_layout=True)

    start = [0.0] * len(schemes)
    for part, colour in zip(PARTS, COLOURS):
        widths = [1e3 * scheme["time_per_token"][part + "_s"] for scheme in schemes]
        left.barh(labels, widths, left=start, label=part, color=colour)
        start = [a + b for a, b in zip(start, widths)]
    left.invert_yaxis()
    left.set_xlabel("simulated time per token in ms")
    for row, total in enumerate(start):
        left.text(total, row, f" {total:.2f}", va="center")
    left.set_xlim(0, 1.25 * max(start))
    left.legend(frameon=False, ncols=len(PARTS), loc="upper center", bbox_to_anchor=(0.6, -0.15), columnspacing=1)

    has_divergence = all("kl_nats" in scheme for scheme in schemes)
    key, name = ("kl_nats", "KL divergence in nats a token") if has_divergence else ("perplexity", "perplexity")
    right.barh(labels, [scheme[key] for scheme in schemes], color="#66a182")
    for row, scheme in enumerate(schemes):
        note = f" {scheme['kl_nats']:.4f}, perplexity" if has_divergence else ""
        right.text(scheme[key], row, f"{note} {scheme['perplexity']:.2f}", va="center")
    right.invert_yaxis()
    right.margins(x=1.3 if has_divergence else 0.15)
    right.set_xlabel(name)
    first = schemes[-1]
    figure.suptitle(f"N = {first['devices']} devices, {first['snr_db']:g} dB, seed {first['seed']}")
    save(figure, picture, dpi=150)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
