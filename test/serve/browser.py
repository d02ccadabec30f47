# SPDX-License-Identifier: GPL-3.0-or-later
"""The page in headless Chromium, driven by Selenium: what tests of it share."""

import pathlib
import shutil
import sys

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError:
    webdriver = None

DEMO = pathlib.Path(__file__).resolve().parents[2] / "inference" / "models" / "demo"
PATIENCE_S = 120
PHONE = (400, 800)


def programs():
    """Chromium and its driver. Exits with 77, which ctest calls skipped, where they or Selenium are not there."""
    found = shutil.which("chromium"), shutil.which("chromedriver")
    if webdriver is None or None in found:
        print("skipped: the page is looked at in Chromium by Selenium, and one of them or chromedriver is not there "
              "(scripts/setup all installs them on Debian)")
        sys.exit(77)
    return found


def chromium(folder, binary, driver):
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 f"--user-data-dir={folder / 'profile'}", "--window-size=1400,1000"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(driver))


class Page:
    def __init__(self, browser, url):
        self.browser = browser
        browser.get(url)

    def text(self, name):
        return self.browser.find_element(By.ID, name).text

    def element(self, name):
        return self.browser.find_element(By.ID, name)

    def until(self, what, holds):
        WebDriverWait(self.browser, PATIENCE_S, poll_frequency=0.05).until(lambda _: holds(), f"expected {what}")

    def last_answer(self):
        lines = self.browser.find_elements(By.CSS_SELECTOR, "#log p span:last-child")
        return lines[-1].get_property("textContent") if lines else ""

    def points(self, chart):
        return self.browser.execute_script(f"return charts['{chart}'].data.datasets[0].data.length")

    def scheme(self, name):
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                     {"features": [{"name": "prefers-color-scheme", "value": name}]})
        return self.browser.execute_script("return getComputedStyle(document.body).backgroundColor")


def check_shapes(page, browser):
    assert page.scheme("dark") != page.scheme("light")
    width, height = PHONE
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True})
    # The page is laid out anew some time after the call.
    page.until("nothing to scroll to the side", lambda: browser.execute_script(
        "return [innerWidth, document.documentElement.scrollWidth]") == [width, width])
    small = browser.execute_script(
        "return [...document.querySelectorAll('button')].filter(b => b.offsetParent && b.offsetHeight < 40).length")
    assert small == 0, "expected buttons that a finger finds"
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def check_console(browser, expected=None):
    """`expected`: part of what the test itself brings about."""
    said = [entry for entry in browser.get_log("browser") if expected is None or expected not in entry["message"]]
    assert not said, f"expected nothing on the console, found {said}"
