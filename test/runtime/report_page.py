#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""aircomp report's page in headless Chromium: report_page.py AIRCOMP [SCREENSHOTS_FOLDER RESULTS_FOLDER].

Without a results folder it makes one of small experiments with every kind of panel. The page has to come up without a
word on the console, and to be readable at 400 and 1400 pixels width without scrolling sideways. Exits with 77, which
ctest calls skipped, where there is no Chromium.
"""

import html
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
         "--enable-logging=stderr", "--allow-file-access-from-files", "--timeout=60000", "--virtual-time-budget=5000"]
WIDTHS = (400, 1400)
LEAST_TEXT_PX = 7  # the smallest text of a figure as it is shown: a footnote's

TRIALS = {
    "lines": """measure: design
axes:
  - {name: snr_db, key: radio.snr_db, values: [0, 10, 20]}
  - {name: streams, key: radio.streams, values: [1, 2]}
plots:
  - {title: Lines, x: snr_db, y: [nmse], lines: [streams], y_scale: log, x_label: P / noise in dB, y_label: NMSE}
""",
    "bars": """measure: design
axes:
  - {name: scheme, key: scheme, values: [inversion, mmse]}
  - {name: snr_db, key: radio.snr_db, values: [0, 20]}
plots:
  - {title: Stacked, x: scheme, y: [nmse, iterations], panels: [snr_db], y_label: NMSE and iterations}
  - {title: Ratios, x: scheme, y: [nmse], over: {axis: scheme, reference: mmse}, panels: [snr_db],
     y_label: NMSE over that of mmse}
""",
    "map": """measure: design
axes:
  - {name: scheme, key: scheme, values: [inversion, uniform, mmse]}
  - {name: snr_db, key: radio.snr_db, values: [0, 20]}
  - {name: devices, key: setup.devices, values: [2, 4]}
plots:
  - {title: Map, x: snr_db, y: [nmse], lines: [devices], map: {choose: scheme, keep: nmse, reference: uniform, loss: 0},
     x_label: P / noise in dB, y_label: devices N}
""",
}

# Runs in the page once it is loaded and puts what it finds where --dump-dom shows it.
PROBE = """<script>
const errors = [];
addEventListener("error", event => errors.push(event.message));
addEventListener("load", () => {
  const texts = [...document.querySelectorAll("svg text, svg tspan")].map(
      text => parseFloat(getComputedStyle(text).fontSize) * text.ownerSVGElement.getScreenCTM().a);
  const boxes = [...document.querySelectorAll("section svg")].map(svg => svg.getBoundingClientRect());
  parent.postMessage(JSON.stringify({
    width: innerWidth, scrollWidth: document.documentElement.scrollWidth, errors,
    sections: document.querySelectorAll("section").length, figures: boxes.length,
    narrowest: Math.min(...boxes.map(box => box.width)), right: Math.max(...boxes.map(box => box.right)),
    lowest: Math.min(...boxes.map(box => box.height)), smallestText: Math.min(...texts),
    bodyText: parseFloat(getComputedStyle(document.body).fontSize)}), "*");
});
</script></body>"""

# Chromium's own windows have a least width; a frame has none.
FRAME = """<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,">
<style>body {{ margin: 0 }} iframe {{ border: 0; width: {width}px; height: {height}px }}</style>
<iframe src="{page}"></iframe><pre id="found"></pre>
<script>addEventListener("message", event => document.getElementById("found").textContent = event.data);</script>
"""


def chromium(profile, *arguments):
    return subprocess.run([CHROMIUM, *FLAGS, f"--user-data-dir={profile}", *arguments], capture_output=True, text=True,
                          timeout=300, check=False)


def make_results(aircomp, folder):
    for name, rest in TRIALS.items():
        text = f"title: Trial of {name}\nquestion: Does it show?\nsetup: {{channels: 5}}\nseeds: [1, 2]\n{rest}"
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        subprocess.run([aircomp, "reproduce", folder / f"{name}.yaml", "--out", folder / "results"], check=True,
                       stdout=subprocess.DEVNULL)
    return folder / "results"


def check(page, width, folder):
    """The complaints about the page at a width."""
    probed = folder / "probed.html"
    probed.write_text(page.read_text(encoding="utf-8").replace("</body>", PROBE), encoding="utf-8")
    frame = folder / "frame.html"
    frame.write_text(FRAME.format(width=width, height=2000, page=probed.name), encoding="utf-8")
    shown = chromium(folder / "profile", f"--window-size={max(width, 600)},2000", "--dump-dom", frame.as_uri())
    found = re.search(r'<pre id="found">(\{.*?\})</pre>', shown.stdout)
    if not found:
        return [f"{width} px: the page did not come up: {shown.stderr[-2000:]}"]
    seen = json.loads(html.unescape(found.group(1)))
    print(f"{width} px: {seen}")
    expected = len(list(page.parent.glob("*/table.csv")))
    console = [line for line in shown.stderr.splitlines() if "CONSOLE" in line]
    claims = {
        "the frame is as wide as asked": seen["width"] == width,
        "nothing scrolls sideways": seen["scrollWidth"] <= width,
        "no script error": not seen["errors"],
        "nothing on the console": not console,
        f"{expected} sections": seen["sections"] == expected,
        "a figure in each section": seen["figures"] >= expected,
        "figures at least 280 pixels wide": seen["narrowest"] >= 280,
        "figures within the page": seen["right"] <= width,
        "figures that are not flat": seen["lowest"] >= 150,
        f"text of figures of {LEAST_TEXT_PX} pixels at least": seen["smallestText"] >= LEAST_TEXT_PX,
        "text of 14 pixels at least": seen["bodyText"] >= 14,
    }
    return [f"{width} px: expected: {claim}; found {seen} {console}" for claim, holds in claims.items() if not holds]


def screenshot(page, width, folder, picture):
    frame = folder / "frame.html"
    shutil.copy(page, folder / "shown.html")
    height = 1000
    frame.write_text(FRAME.format(width=width, height=height, page="shown.html"), encoding="utf-8")
    raw = folder / "raw.png"
    chromium(folder / "profile", f"--window-size={max(width, 600)},{height}", f"--screenshot={raw}", frame.as_uri())
    import matplotlib.image
    matplotlib.image.imsave(picture, matplotlib.image.imread(raw)[:height, :width])
    print(f"wrote {picture}")


def main(aircomp, screenshots=None, results=None):
    with tempfile.TemporaryDirectory(prefix="aircomp-page-") as name:
        folder = pathlib.Path(name)
        results = pathlib.Path(results) if results else make_results(aircomp, folder)
        subprocess.run([aircomp, "report", results], check=True, stdout=subprocess.DEVNULL)
        page = results / "report.html"
        complaints = [complaint for width in WIDTHS for complaint in check(page, width, folder)]
        for width in WIDTHS if screenshots else ():
            screenshot(page, width, folder, os.path.join(screenshots, f"report-{width}.png"))
    if complaints:
        sys.exit("\n".join(complaints))


if __name__ == "__main__":
    CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
    if not CHROMIUM:
        print("skipped: the page of aircomp report is looked at in Chromium, and there is none "
              "(scripts/setup all installs it on Debian)")
        sys.exit(77)
    if len(sys.argv) not in (2, 4):
        sys.exit(__doc__)
    main(*sys.argv[1:])
