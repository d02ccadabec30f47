#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the JSON of aircomp_waveform_experiments: waveform.py EXPERIMENTS.json PICTURE(.png|.svg|.pdf)."""

import json
import math
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend has to be chosen first)
from whole_file import save  # noqa: E402


def accuracy(axes, rows):
    for paths, color in ((1, "#2e4057"), (4, "#d1495b")):
        own = [row for row in rows if row["paths"] == paths]
        snr = [row["snr_db"] for row in own]
        for key, line in (("known", "-"), ("estimated", "--")):
            excess = [10 * math.log10(row[key] / row["expected"]) for row in own]
            axes.plot(snr, excess, line, color=color, label=f"{paths} path(s), {key} channels")
    axes.set_ylabel("NMSE over equation (4), dB")


def oscillators(axes, rows):
    for linewidth, line in ((0.01, "-"), (1.0, "--")):
        for header, color in ((128, "#66a182"), (256, "#2e4057"), (512, "#d1495b")):
            own = [row for row in rows if row["linewidth_hz"] == linewidth and row["header_samples"] == header]
            axes.semilogy([row["snr_db"] for row in own], [row["residual_deg"] for row in own], line, color=color,
                          label=f"{header} samples, {linewidth:g} Hz")
    axes.set_ylabel("residual phase, degrees rms")


def main(json_file, picture):
    with open(json_file, encoding="utf-8") as file:
        result = json.load(file)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), constrained_layout=True)
    accuracy(left, result["accuracy"])
    oscillators(right, result["oscillators"])
    for axes in (left, right):
        axes.set_xlabel("SNR, dB")
        axes.grid(alpha=0.3)
        axes.legend(frameon=False, fontsize=8)
    save(figure, picture, dpi=150)


if __name__ == "__main__":
    main(*sys.argv[1:])
