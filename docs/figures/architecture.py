#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the figures of docs/architecture.md: rooms.svg and token.svg, beside this script."""

import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parent
PAGE = FOLDER.parent / "architecture.md"

STYLE = """<style>
text { font: 15px sans-serif; fill: #1b1b1b; }
.small { font-size: 12.5px; fill: #444; }
.box { fill: #eef3fa; stroke: #3d5a80; stroke-width: 1.3; }
.library { fill: #f6f1e4; stroke: #8a6d1d; stroke-width: 1.3; }
.air { fill: #e7f4ea; stroke: #3b7d4f; stroke-width: 1.3; }
.arrow { stroke: #3d5a80; stroke-width: 1.5; fill: none; marker-end: url(#head); }
</style>
<marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0,0 L10,5 L0,10 z" fill="#3d5a80"/></marker>
"""


def box(x, y, width, height, title, lines=(), kind="box"):
    out = [f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="5"/>']
    middle = x + width / 2
    first = y + height / 2 + 5 - 8.5 * len(lines)
    out.append(f'<text x="{middle}" y="{first}" text-anchor="middle">{title}</text>')
    for i, line in enumerate(lines):
        out.append(f'<text class="small" x="{middle}" y="{first + 17 * (i + 1)}" text-anchor="middle">{line}</text>')
    return "\n".join(out)


def arrow(x1, y1, x2, y2):
    return f'<path class="arrow" d="M{x1},{y1} L{x2},{y2}"/>'


def write(name, width, height, title, parts):
    text = "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
                      f'width="{width}" height="{height}" role="img"><title>{title}</title>', STYLE,
                      f'<rect width="{width}" height="{height}" fill="white"/>', *parts, "</svg>\n"])
    (FOLDER / name).write_text(text, encoding="utf-8")


def draw_rooms():
    page = PAGE.read_text(encoding="utf-8")
    lines = re.search(r"<!-- rooms -->\n+```\n(.*?)```", page, re.DOTALL)[1].splitlines()
    table = page.split("| room | what it holds |")[1].split("\n\n")[0]
    about = dict(re.findall(r"^\| `([\w/]+)` \| ([^|:;,]*)", table, re.MULTILINE))
    left, width, height, step = 30, 620, 44, 66
    parts = ['<text class="small" x="30" y="22">runtime/: an arrow means "may include"; lower lines know nothing of '
             "higher ones</text>"]
    for row, names in enumerate(lines):
        y = 36 + row * step
        names = names.split()
        each = (width - 12 * (len(names) - 1)) / len(names)
        for i, name in enumerate(names):
            parts.append(box(left + i * (each + 12), y, each, height, name, [about[name].strip()]))
        if row:
            parts.append(arrow(left + width / 2, y - step + height, left + width / 2, y))
    bottom = 36 + len(lines) * step + 8
    parts.append(arrow(left + width / 2, bottom - step + height - 8, left + width / 2, bottom))
    libraries = [("gr-aircomp/", "the radio"), ("optimizer/", "the mathematics"), ("inference/", "the language model")]
    each = (width - 24) / 3
    for i, (name, what) in enumerate(libraries):
        parts.append(box(left + i * (each + 12), bottom, each, height, name, [what], "library"))
    write("rooms.svg", 680, bottom + height + 20, "The rooms of runtime and the libraries below them", parts)


def draw_token():
    left, width = 30, 250
    right, wide = 400, 250
    parts = [box(left, 20, width, 44, "embedding", ["coordinator"]),
             box(right, 20, wide, 44, "x", ["residual stream, the same everywhere"]),
             arrow(left + width, 42, right, 42),
             '<rect x="15" y="86" width="650" height="262" rx="8" fill="none" stroke="#888" stroke-dasharray="5 4"/>',
             '<text class="small" x="30" y="106">for each layer, for each of its two sites: attention, then MLP</text>',
             arrow(right + wide / 2, 64, right + wide / 2, 118),
             box(right, 118, wide, 56, "partial z_n", ["device n: of its slice,", "its KV cache and x"]),
             arrow(right + wide / 2, 174, right + wide / 2, 204),
             box(right, 204, wide, 44, "way up", ["all devices at once, over the air"], "air"),
             arrow(right, 226, left + width, 226),
             box(left, 204, width, 44, "sum z", ["server"]),
             arrow(left + width / 2, 248, left + width / 2, 284),
             box(left, 284, width, 44, "way down", ["the sum, to every device"], "air"),
             arrow(left + width, 306, right, 306),
             box(right, 284, wide, 44, "x + z", ["added by everyone"]),
             f'<path class="arrow" d="M{right + wide},306 L657,306 L657,146 L{right + wide},146"/>',
             arrow(left + width / 2, 328, left + width / 2, 372),
             box(left, 372, width, 44, "final norm, head, sampling", ["coordinator, after the last site"]),
             arrow(left + width, 394, right, 394),
             box(right, 372, wide, 44, "the next token", ["goes to the embedding"])]
    write("token.svg", 680, 436, "One token's way through coordinator and devices", parts)


if __name__ == "__main__":
    draw_rooms()
    draw_token()
