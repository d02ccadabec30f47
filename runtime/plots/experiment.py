#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the table of `aircomp reproduce`: experiment.py FOLDER PICTURE(.png|.svg|.pdf)."""

import csv
import json
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend has to be chosen first)

# Text stays text, and the same table gives the same bytes.
matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "aircomp", "font.size": 9})


def read(folder):
    """The description and the rows of an experiment; numbers are numbers."""
    folder = pathlib.Path(folder)
    description = json.loads((folder / "experiment.json").read_text(encoding="utf-8"))
    with open(folder / "table.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for column, value in row.items():
            try:
                row[column] = float(value)
            except ValueError:
                pass
    return description, rows


def groups(rows, columns):
    """The rows by their values in the columns, in the table's order."""
    result = {}
    for row in rows:
        result.setdefault(tuple(row[column] for column in columns), []).append(row)
    return result


def mean_and_interval(values):
    """Mean, and half of the 95 % interval of a mean over seeds (normal approximation)."""
    mean = sum(values) / len(values)
    if len(values) < 2:
        return mean, 0.0
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean, 1.96 * (variance / len(values)) ** 0.5


def name(columns, values):
    """How a legend or a panel calls a combination."""
    return ", ".join(value if isinstance(value, str) else f"{column} {value:g}"
                     for column, value in zip(columns, values))


def draw_lines(axes, plot, rows):
    for values, line in groups(rows, plot["lines"]).items():
        points = groups(line, [plot["x"]])
        x = [key[0] for key in points]
        figures = [mean_and_interval([row[plot["y"][0]] for row in point])
                   for point in points.values()]
        axes.errorbar(x, [mean for mean, _ in figures], [half for _, half in figures],
                      marker="o", markersize=3, capsize=2, label=name(plot["lines"], values))
    axes.set_xscale(plot["x_scale"])
    axes.set_yscale(plot["y_scale"])
    axes.grid(alpha=0.3)


def draw_bars(axes, plot, rows):
    points = groups(rows, [plot["x"]])
    labels = [str(key[0]) for key in points]
    start = [0.0] * len(labels)
    for column in plot["y"]:
        widths = [mean_and_interval([row[column] for row in point])[0] for point in points.values()]
        axes.barh(labels, widths, left=start, label=column)
        start = [a + b for a, b in zip(start, widths)]
    axes.invert_yaxis()
    axes.set_xscale(plot["y_scale"])


def draw(description, rows):
    """One row of panels for each plot."""
    plots = description["plots"]
    panels = [groups(rows, plot["panels"]) for plot in plots]
    columns = max(len(panel) for panel in panels)
    figure, axes = plt.subplots(len(plots), columns, squeeze=False, constrained_layout=True,
                                figsize=(max(5.0, 3.4 * columns), 3.3 * len(plots)))
    for plot, panel, line in zip(plots, panels, axes):
        for unused in line[len(panel):]:
            unused.set_visible(False)
        for (values, chosen), one in zip(panel.items(), line):
            bars = isinstance(chosen[0][plot["x"]], str)
            (draw_bars if bars else draw_lines)(one, plot, chosen)
            one.set_title(": ".join(filter(None, [plot["title"], name(plot["panels"], values)])))
            one.set_xlabel(plot["y_label"] if bars else plot["x_label"])
            if not bars:
                one.set_ylabel(plot["y_label"])
        if len(plot["lines"]) > 0 or len(plot["y"]) > 1:
            line[0].legend(frameon=False, fontsize=7)
    return figure


def main(folder, picture):
    figure = draw(*read(folder))
    figure.savefig(picture, dpi=130, metadata={"Date": None} if picture.endswith("svg") else None)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
