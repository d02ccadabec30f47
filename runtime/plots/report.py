#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes one self-contained page of all results of `aircomp reproduce`: report.py FOLDER PAGE.

Beside it, every experiment gets its figure as PNG and PDF.
"""

import html
import io
import pathlib
import re
import sys

import experiment
import matplotlib.pyplot as plt
from whole_file import save, write_whole

STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 sans-serif; margin: 0 auto; max-width: 75rem; padding: 0 1rem 4rem; color: #1b2430; }
h1 { margin-bottom: 0; } h2 { margin-top: 3rem; border-top: 1px solid #ccd3db; padding-top: 1rem; }
nav a { margin-right: 1rem; display: inline-block; } figure { margin: 0; display: flex; flex-wrap: wrap; gap: 1rem; }
svg { flex: 1 1 20rem; max-width: 34rem; height: auto; }
.table { overflow-x: auto; max-height: 24rem; } table { border-collapse: collapse; font-size: 13px; }
th, td { padding: 0.15rem 0.6rem; text-align: right; white-space: nowrap; }
th { position: sticky; top: 0; background: #eef1f4; } tr:nth-child(even) { background: #f7f8fa; }
code, pre { background: #eef1f4; padding: 0 0.2rem; } pre { overflow-x: auto; font-size: 13px; }
"""


def svg_of(panel):
    """One panel as SVG that scales with the page."""
    figure, axes = plt.subplots(figsize=(4.4, 3.4), constrained_layout=True)
    experiment.draw_panel(axes, *panel)
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    plt.close(figure)
    svg = text.getvalue()[text.getvalue().index("<svg"):]
    return re.sub(r' (width|height)="[^"]*pt"', "", svg, count=2)


def cell(value):
    return f"{value:.4g}" if isinstance(value, float) else html.escape(value)


def table_of(rows):
    columns = [column for column in rows[0] if column not in ("settings_hash", "version")]
    head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{cell(row[column])}</td>" for column in columns) + "</tr>\n"
                   for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>"


def section(folder):
    description, rows = experiment.read(folder)
    figure = ""
    if description["plots"]:
        whole = experiment.draw(description, rows)
        for ending in ("png", "pdf"):
            save(whole, folder / f"figure.{ending}", dpi=200)
        plt.close(whole)
        figure = f" Figure as <code>{description['name']}/figure.pdf</code>."
    pictures = "".join(svg_of(panel) for panels in experiment.panels_of(description, rows) for panel in panels)
    title, question = (html.escape(description[key]) for key in ("title", "question"))
    return f"""<section id="{description['name']}"><h2>{title}</h2>
<p>{question}</p>
<figure>{pictures}</figure>
<details><summary>{len(rows)} measurements</summary><div class="table">{table_of(rows)}</div></details>
<details><summary>{description['name']}.yaml, what was measured</summary>
<pre>{html.escape(description['file'])}</pre></details>
<p><code>aircomp reproduce {description['name']}</code>, version {description['version']},
bars are 95 % intervals over seeds, on logarithmic axes of the logarithms.{figure}</p></section>
"""


def main(folder, page):
    folders = sorted(path.parent for path in pathlib.Path(folder).glob("*/table.csv"))
    links = "".join(f'<a href="#{path.name}">{path.name}</a>' for path in folders)
    sections = "".join(section(path) for path in folders)
    write_whole(page, f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>aircomp: results</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>{STYLE}</style></head><body><h1>aircomp: results</h1>
<p>Times and energies are simulated; every figure comes from the table below it.</p>
<nav>{links}</nav>
{sections}</body></html>
""".encode("utf-8"))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
