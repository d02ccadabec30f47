#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the JSON of `aircomp plan`: plan.py PLAN.json PICTURE(.png|.svg|.pdf)."""

import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend has to be chosen first)
from whole_file import save  # noqa: E402

PARTS = (("compute_s", "computing", "#2e4057"), ("uplink_s", "up", "#66a182"), ("downlink_s", "down", "#8fc0a9"),
         ("frame_s", "frames", "#edae49"), ("sounding_s", "sounding", "#d1495b"), ("control_s", "control", "#9a8c98"))


def label(choice):
    parts = [choice["scheme"], f"N = {choice['devices']}"]
    if choice["streams"]:
        parts.append(f"L {'<=' if choice['by_block'] else '='} {choice['streams']}")
    if choice["bits_up"]:
        parts.append(f"{choice['bits_up']:g} bits")
    return ", ".join(parts)


def main(json_file, picture):
    with open(json_file, encoding="utf-8") as file:
        plan = json.load(file)
    tried = [(number, choice) for number, choice in enumerate(plan["choices"])
             if choice["time_per_token"]["total_s"] > 0]
    figure, axes = plt.subplots(figsize=(9, 1.5 + 0.28 * len(tried)), constrained_layout=True)
    names = [label(choice) for _, choice in tried]
    left = [0.0] * len(tried)
    for key, name, colour in PARTS:
        widths = [1e3 * choice["time_per_token"][key] for _, choice in tried]
        bars = axes.barh(names, widths, left=left, color=colour, label=name)
        for bar, (_, choice) in zip(bars, tried):
            bar.set_alpha(1 if choice["valid"] else 0.3)
        left = [a + b for a, b in zip(left, widths)]
    for end, name, (number, choice) in zip(left, names, tried):
        note = f" {choice['loss']:.4f} nats" + ("" if choice["valid"] else f", {choice['reason']}")
        axes.text(end, name, note + ("  <" if number == plan["chosen"] else ""), va="center", fontsize=8,
                  fontweight="bold" if number == plan["chosen"] else "normal")
    axes.invert_yaxis()
    axes.set_xlim(0, 1.3 * max(left))
    axes.margins(y=0.02)
    axes.set_xlabel("simulated time of a token, ms")
    axes.legend(frameon=False, ncol=3, loc="lower center", bbox_to_anchor=(0.5, 1))
    figure.suptitle(f"{plan['snr_db']:g} dB, at most {plan['max_loss_nats']:g} nats, seed {plan['seed']}")
    save(figure, picture, dpi=150)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
