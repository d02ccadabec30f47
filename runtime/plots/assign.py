#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the JSON of `aircomp assign`: assign.py ASSIGN.json PICTURE(.png|.svg|.pdf)."""

import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend has to be chosen first)
from whole_file import save  # noqa: E402


def main(json_file, picture):
    with open(json_file, encoding="utf-8") as file:
        result = json.load(file)
    devices, trace = result["devices"], result["trace"]
    steps = range(1, len(trace) + 1)
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 4), constrained_layout=True)

    names = [device["name"] for device in devices]
    left.bar(names, [device["largest_share"] for device in devices], color="none", edgecolor="#2e4057",
             linestyle="--", label="largest share")
    left.bar(names, [device["share"] for device in devices], color="#66a182", label="share")
    left.tick_params(axis="x", rotation=30)
    left.set_ylabel("share of the model")
    left.legend(frameon=False)

    for number, name in enumerate(names):
        middle.plot(steps, [step["shares"][number] for step in trace], label=name)
    middle.set_xlabel("step")
    middle.set_ylabel("share of the model")
    middle.legend(frameon=False)

    right.semilogy(steps, [step["stationarity"] for step in trace], color="#d1495b")
    right.set_xlabel("step")
    right.set_ylabel("first-order gain left, of the NMSE")
    figure.suptitle(f"NMSE {result['nmse']['mean']:.3g}, {result['snr_db']:g} dB, seed {result['seed']}")
    save(figure, picture, dpi=150)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
