#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the table of `aircomp reproduce`: experiment.py FOLDER PICTURE(.png|.svg|.pdf)."""

import csv
import json
import math
import pathlib
import re
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend has to be chosen first)
from whole_file import save  # noqa: E402

# Text stays text, and the same table gives the same bytes. Lines differ in print without colours, too.
MARKERS, DASHES = "osD^vPX<>*hd", ["-", "--", "-.", ":"]
COLOURS = [f"C{i}" for i in range(10)] + ["#0b1d3a", "#d6006c"]
# Quantiles 0.975 of Student's t with 1, 2, ... degrees of freedom; beyond them 1.96 + 2.4 / n is as exact.
STUDENT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
           2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042]
MANY = 6  # lines in a legend that still fits into a panel
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
    """Mean, and half of the 95 % interval of a mean over seeds, by Student's t."""
    mean = sum(values) / len(values)
    if len(values) < 2:
        return mean, 0.0
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    freedom = len(values) - 1
    quantile = STUDENT[freedom - 1] if freedom <= len(STUDENT) else 1.96 + 2.4 / freedom
    return mean, quantile * (variance / len(values)) ** 0.5


def mean_and_whiskers(values, scale):
    """Mean and the interval's length below and above it; on a logarithmic axis all three of the logarithms."""
    if scale == "log" and min(values) > 0:
        mean, half = mean_and_interval([math.log(value) for value in values])
        return math.exp(mean), math.exp(mean) - math.exp(mean - half), math.exp(mean + half) - math.exp(mean)
    mean, half = mean_and_interval(values)
    return mean, half, half


def relative(plot, rows):
    """The rows with y over the y of the case that the plot names, at the same other axes and seed."""
    over = plot["over"]
    if not over:
        return rows
    same = [column for column in rows[0] if column in plot["axes"] + ["seed"] and column != over["axis"]]
    result = []
    for group in groups(rows, same).values():
        bases = [row for row in group if row[over["axis"]] == over["reference"]]
        result += [{**row, **{y: row[y] / bases[0][y] for y in plot["y"]}} for row in group]
    return result


def name(columns, values):
    """How a legend or a panel calls a combination."""
    return ", ".join(f"{column} {value:g}" if isinstance(value, float) else
                     f"{column} {value}" if value in ("true", "false") else value
                     for column, value in zip(columns, values))


def quantity(column):
    """uplink for uplink_s: the unit is the axis' affair."""
    return re.sub("_[sj]$", "", column).replace("_", " ")


def tick_at(axes, x, scale):
    """Ticks where the measurements are, where they are few."""
    if len(x) > 9 or (scale == "linear" and len(x) > 1 and min(b - a for a, b in zip(x, x[1:])) < (x[-1] - x[0]) / 20):
        return
    axes.set_xticks(x, [f"{value:g}" for value in x])
    axes.set_xticks([], minor=True)


def draw_lines(axes, plot, rows):
    for number, (values, line) in enumerate(groups(rows, plot["lines"]).items()):
        points = groups(line, [plot["x"]])
        x = [key[0] for key in points]
        means, *whiskers = zip(*(mean_and_whiskers([row[plot["y"][0]] for row in point], plot["y_scale"])
                                 for point in points.values()))
        axes.errorbar(x, means, whiskers, capsize=2, markersize=4, linewidth=1.2, label=name(plot["lines"], values),
                      color=COLOURS[number % len(COLOURS)], marker=MARKERS[number % len(MARKERS)],
                      linestyle=DASHES[number // 3 % len(DASHES)])
    axes.set_xscale(plot["x_scale"])
    axes.set_yscale(plot["y_scale"])
    if plot["y_range"]:
        axes.set_ylim(*plot["y_range"])
    low, high = axes.get_ylim()
    if plot["y_scale"] == "log" and high < 10 * low:  # too narrow for powers of ten
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("{x:g}")
    tick_at(axes, sorted({row[plot["x"]] for row in rows}), plot["x_scale"])
    axes.grid(alpha=0.3)


def draw_bars(axes, plot, rows):
    points = groups(rows, [plot["x"]])
    labels = [str(key[0]) for key in points]
    start, halves = [0.0] * len(labels), [0.0] * len(labels)
    for column in plot["y"]:
        widths, halves = zip(*(mean_and_interval([row[column] for row in point]) for point in points.values()))
        axes.barh(labels, widths, left=start, label=quantity(column), xerr=halves if len(plot["y"]) == 1 else None,
                  error_kw={"capsize": 2, "linewidth": 1})
        start = [a + b for a, b in zip(start, widths)]
    axes.invert_yaxis()
    axes.set_xscale(plot["y_scale"])
    for row, value in enumerate(start):
        axes.annotate(f"{value:.3g}", (value + (halves[row] if len(plot["y"]) == 1 else 0), row), (4, 0),
                      textcoords="offset points", va="center", fontsize=7)
    axes.use_sticky_edges = False
    axes.margins(x=0.18)
    if plot["y_scale"] == "linear":
        axes.set_xlim(0, 1.8 * max(start) if len(plot["y"]) > 1 else None)  # a legend fits beside the bars
        axes.locator_params(axis="x", nbins=5)
        axes.ticklabel_format(axis="x", scilimits=(-2, 4))


def winner(plot, cell):
    """The case with the least y among those that lose no more than allowed, and that y; (None, nan) where none does.

    Of several with that y the one that loses least."""
    rule = plot["map"]
    means = {}
    for (case,), rows in groups(cell, [rule["choose"]]).items():
        means[case] = [mean_and_interval([row[column] for row in rows])[0]
                       for column in (rule["keep"], plot["y"][0])]
    bound = (1 + rule["loss"]) * means.pop(rule["reference"])[0]
    kept = {case: (float(f"{least:.6g}"), value) for case, (value, least) in means.items() if value <= bound}
    best = min(kept, key=kept.get, default=None)
    return best, kept[best][0] if kept else float("nan")


def draw_map(axes, plot, rows):
    """A coloured cell for every (x, line) with the case that wins there and its y."""
    columns, lines = (list(groups(rows, [axis])) for axis in (plot["x"], plot["lines"][0]))
    cells = groups(rows, [plot["lines"][0], plot["x"]])
    cases = [case for (case,) in groups(rows, [plot["map"]["choose"]])]
    for i, line in enumerate(lines):
        for j, column in enumerate(columns):
            best, least = winner(plot, cells[line + column])
            colour = "0.92" if best is None else plt.cm.tab20(cases.index(best) % 20)
            axes.add_patch(plt.Rectangle((j, i), 1, 1, facecolor=colour, edgecolor="white", alpha=0.75))
            text = "none" if best is None else f"{best}\n{least:.2g}"
            axes.text(j + 0.5, i + 0.5, text, ha="center", va="center", fontsize=6.2)
    axes.set_xlim(0, len(columns))
    axes.set_ylim(0, len(lines))
    axes.set_xticks([j + 0.5 for j in range(len(columns))], [f"{value:g}" for (value,) in columns])
    axes.set_yticks([i + 0.5 for i in range(len(lines))], [f"{value:g}" for (value,) in lines])


def panels_of(description, rows):
    """(plot, values of its panel axes, rows) of every panel, plot by plot."""
    plots = [{**plot, "axes": description["axes"]} for plot in description["plots"]]
    return [[(plot, values, chosen) for values, chosen in groups(relative(plot, rows), plot["panels"]).items()]
            for plot in plots]


def draw_legend(axes, plot, is_last):
    """Beside the panel where there are many entries, and then only beside the last panel of a plot."""
    entries = len(axes.get_legend_handles_labels()[1])
    if entries > MANY:
        if is_last:
            axes.legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(1.0, 1.02))
    elif plot["lines"] or entries > 1:
        axes.legend(edgecolor="none", framealpha=0.7, fontsize=7)


def draw_panel(axes, plot, values, rows, is_last=True):
    bars = isinstance(rows[0][plot["x"]], str)
    (draw_map if plot["map"] else draw_bars if bars else draw_lines)(axes, plot, rows)
    axes.set_title(": ".join(filter(None, [plot["title"], name(plot["panels"], values)])))
    axes.set_xlabel(plot["y_label"] if bars else plot["x_label"])
    if not bars:
        axes.set_ylabel(plot["y_label"])
    if not plot["map"]:
        draw_legend(axes, plot, is_last)


def draw(description, rows):
    """One row of panels for each plot; plots of a single panel share a row."""
    table = panels_of(description, rows)
    if all(len(panels) == 1 for panels in table):
        table = [[panels[0] for panels in table]]
    columns = max(len(panels) for panels in table)
    figure, axes = plt.subplots(len(table), columns, squeeze=False, constrained_layout=True,
                                figsize=(max(5.0, 4.0 * columns), 3.3 * len(table)))
    for panels, line in zip(table, axes):
        for unused in line[len(panels):]:
            unused.set_visible(False)
        for panel, one, after in zip(panels, line, panels[1:] + [None]):
            draw_panel(one, *panel, is_last=after is None or after[0] is not panel[0])
    return figure


def main(folder, picture):
    save(draw(*read(folder)), picture, dpi=130)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
