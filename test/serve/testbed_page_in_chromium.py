#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a testbed in headless Chromium: testbed_page_in_chromium.py AIRCOMP [FOLDER [OPTION ...]].

Starts `aircomp demo --testbed --page`, which is five processes and an air, and does what a newcomer does: opens the page,
asks for a text, kills a device, asks again. Looks at what comes: symbols and their circle, figures that move, a row that
turns red, events, nothing on the console, nothing to scroll to the side on a telephone; and `aircomp top` says the same.
With FOLDER it takes pictures instead, of a demo with the given options. Exits with 77, which ctest calls skipped, where
Chromium, its driver or Selenium is not there.
"""

import math
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

from browser import DEMO, PHONE, By, Keys, Page, check_console, check_shapes, chromium, programs

DEVICES = 4
RED = "rgb(179, 38, 30)"


class Demo:
    """The demo as it runs, until the end of a with statement."""

    def __init__(self, aircomp, folder, options):
        words = [aircomp, "demo", "--testbed", "--page", "--out", folder / "out", *options]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self.address = self._said(r"http://(\S+)/ ")
        self.second_device = int(self._said(r"device-2 is process (\d+)"))

    def _said(self, pattern):
        for line in self.process.stdout:
            if found := re.search(pattern, line):
                return found[1]
        raise AssertionError(f"expected the demo to say {pattern}; it has ended")

    def end(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=60)


def ask(page, text, tokens):
    page.element("most").clear()
    page.element("most").send_keys(str(tokens))
    before = len(page.browser.find_elements(By.CSS_SELECTOR, "#log p"))
    page.element("words").send_keys(text, Keys.ENTER)
    page.until("an answer", lambda: len(page.browser.find_elements(By.CSS_SELECTOR, "#log p")) == before + 2
               and page.last_answer() != "" and page.element("send").is_enabled())
    return page.last_answer()


def table(page):
    """Rows of the table of devices, by the devices' names and the columns' titles."""
    titles, *rows = page.browser.execute_script(
        "return [...document.querySelectorAll('.wide tr')].map(row => [...row.cells].map(cell => cell.textContent))")
    return {row[0]: dict(zip(titles, row)) for row in rows}


def colours_of_lost(page):
    return page.browser.execute_script(
        "return [...document.querySelectorAll('#devices tr.gone td:first-child')].map(cell => getComputedStyle(cell).color)")


def value(text):
    return float(text.split()[0].replace(",", ""))


def check_symbols(page):
    """Points as far from the middle as the circle says, within what 128 of them may differ by."""
    points, circle = page.browser.execute_script("return charts['symbols-chart'].data.datasets.map(set => set.data)")
    assert len(points) == 128, len(points)
    radius = math.hypot(circle[0]["x"], circle[0]["y"])
    rms = math.sqrt(sum(point["x"] ** 2 + point["y"] ** 2 for point in points) / len(points))
    assert radius > 0 and all(abs(math.hypot(point["x"], point["y"]) - radius) < 1e-3 * radius for point in circle)
    # The scale is a mean over tokens; single tokens are some times louder or quieter.
    assert radius / 6 < rms < 6 * radius, (rms, radius)
    assert "symbols of rms" in page.element("symbols-chart").get_attribute("aria-label")


def check_figures(page):
    devices = table(page)
    assert list(devices) == [f"device-{n + 1}" for n in range(DEVICES)], devices
    for device in devices.values():
        assert 0 < value(device["SNR"]) < 80 and 0 < value(device["EVM"]) < 100, device
        # A burst may be louder than what a device may spend as a mean.
        assert 0 < value(device["power"]) < 20000 and value(device["may have"]) == 1000, device
        assert int(device["bursts"]) > 0 and device["late"] == device["underflows"] == "0", device
    # Devices that share a KV head compute it twice.
    assert 99 < sum(value(device["share"]) for device in devices.values()) < 120, devices
    assert page.text("nmse").endswith(" dB") and -60 < value(page.text("nmse")) < -10
    assert page.points("sites-chart") == 12 and "measured" in page.text("sites-title")
    assert value(page.text("condition")) > 0 and int(page.text("soundings")) > 0


def check_top(aircomp, page, address):
    said = subprocess.run([aircomp, "top", address], check=True, capture_output=True, text=True).stdout
    for name, device in table(page).items():
        row = re.search(rf"^{name} .*$", said, re.MULTILINE)[0].split()
        assert row[4] == str(value(device["SNR"])) and row[8] == device["bursts"], (row, device)
    assert f"{page.text('tokens')} tokens" in said, said
    assert "NMSE by site, dB:" in said and "device lost" in said and "away" in said, said


def look(aircomp, demo, page, browser):
    page.until("devices", lambda: len(table(page)) == DEVICES)
    page.scheme("light")
    ask(page, "The server", 12)
    page.until("symbols", lambda: page.element("symbols-chart").is_displayed())
    page.until("a token's power", lambda: page.points("power-chart") > 0)
    check_symbols(page)
    check_figures(page)
    tokens = page.text("tokens")
    ask(page, "The captain looked at the sea and", 12)
    page.until("figures that move", lambda: int(page.text("tokens")) >= int(tokens) + 12)

    os.kill(demo.second_device, signal.SIGKILL)
    page.until("a red row", lambda: colours_of_lost(page) == [RED])
    assert table(page)["device-2"]["link"] == "away"
    page.until("the event", lambda: "device lost: device device-2" in page.text("events"))
    ask(page, "The server", 12)
    devices = table(page)
    assert value(devices["device-2"]["share"]) == 0 and devices["device-2"]["lost"] != "0 ×", devices
    page.until("what was done", lambda: "slice assigned: device device-1, epoch" in page.text("events"))
    assert "channel sounded" in page.text("events")
    check_top(aircomp, page, demo.address)


def take_pictures(page, demo, browser, folder):
    page.until("devices", lambda: len(table(page)) == DEVICES)
    browser.set_window_size(1400, 1500)
    ask(page, "Why is the sky blue?", 48)
    browser.save_screenshot(str(folder / "testbed-page.png"))
    os.kill(demo.second_device, signal.SIGKILL)
    page.until("a red row", lambda: len(colours_of_lost(page)) == 1)
    ask(page, "What is a radio?", 16)
    page.scheme("dark")
    browser.save_screenshot(str(folder / "testbed-page-lost.png"))
    width, height = PHONE
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                            {"width": width, "height": 2 * height, "deviceScaleFactor": 1, "mobile": True})
    browser.execute_script("document.getElementById('figures-title').scrollIntoView()")
    browser.save_screenshot(str(folder / "testbed-page-telephone.png"))
    print(f"wrote {folder}/testbed-page*.png")


def main(aircomp, binary, driver, folder=None, *options):
    with tempfile.TemporaryDirectory(prefix="aircomp-page-", ignore_cleanup_errors=True) as name:
        temporary = pathlib.Path(name)
        with Demo(aircomp, temporary, options if folder else ["--model", DEMO]) as demo:
            browser = chromium(temporary, binary, driver)
            try:
                page = Page(browser, f"http://{demo.address}/")
                page.until("a connection", lambda: page.text("connection") == "connected")
                if folder:
                    take_pictures(page, demo, browser, pathlib.Path(folder))
                else:
                    look(aircomp, demo, page, browser)
                    check_shapes(page, browser)
                    check_console(browser)
                assert demo.end() == 0
            finally:
                browser.quit()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], *programs(), *sys.argv[2:])
