#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of aircomp serve in headless Chromium: page_in_chromium.py AIRCOMP [SCREENSHOT OPTION ...].

Asks the repository's model for a text and looks at what comes: the text as aircomp generate writes it, figures that move,
nothing on the console, nothing to scroll to the side on a telephone, and a keyboard alone does it all. With SCREENSHOT it
takes a picture of a chat instead, with a server of the given options. Exits with 77, which ctest calls skipped, where
Chromium, its driver or Selenium is not there.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

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


def chromium(folder, binary, driver):
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 f"--user-data-dir={folder / 'profile'}", "--window-size=1400,1000"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(driver))

# Keeps what stood in some elements from moment to moment.
RECORD = """
window.seen = {};
for (const id of ["log", "tokens", "nmse"]) {
  seen[id] = [];
  new MutationObserver(() => seen[id].push(document.getElementById(id).textContent))
      .observe(document.getElementById(id), {childList: true, characterData: true, subtree: true});
}
"""


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


def generated(aircomp, options, prompt, tokens):
    result = subprocess.run([aircomp, "generate", *options, "--prompt", prompt, "--tokens", str(tokens), "--json", "-"],
                            check=True, capture_output=True, text=True)
    return json.loads(result.stdout)["text"][len(prompt):]


def look(page, browser, expected):
    page.until("a connection", lambda: page.text("connection") == "connected")
    assert page.text("tokens") == "0", page.text("tokens")
    assert len(browser.find_elements(By.CSS_SELECTOR, "#devices tr")) == 8

    # By keyboard alone, from the text to the button.
    page.element("most").clear()
    page.element("most").send_keys("24")
    browser.execute_script(RECORD)
    page.element("words").send_keys("The server", Keys.ENTER)
    page.until("an answer", lambda: page.last_answer() and page.element("send").is_enabled())
    assert page.last_answer() == expected, (page.last_answer(), expected)
    seen = browser.execute_script("return seen")
    assert len(set(seen["log"])) > 3, f"expected a text that grows, found {seen}"
    assert len(set(seen["tokens"])) > 3 and len(set(seen["nmse"])) > 3, f"expected figures that move, found {seen}"
    page.until("all tokens", lambda: page.text("tokens") == str(3 + 23))
    assert page.text("nmse").endswith(" dB") and page.text("time").endswith(" ms")
    assert page.points("nmse-chart") > 3 and page.points("sites-chart") == 12
    assert "uplink" in page.element("parts-chart").get_attribute("aria-label")

    # An answer that is stopped, and the next one.
    page.element("most").clear()
    page.element("most").send_keys("200")
    page.element("words").send_keys("Once", Keys.ENTER)
    page.until("a beginning", lambda: page.last_answer() != "")
    page.element("words").send_keys(Keys.ESCAPE)
    page.until("an end", lambda: page.element("send").is_enabled())
    page.element("most").clear()
    page.element("most").send_keys("4096")
    page.element("words").send_keys("More", Keys.ENTER)
    page.until("an error in words", lambda: "the context holds" in page.last_answer())


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


def check_console(browser):
    # A refused request is the error that the test asks for.
    said = [entry for entry in browser.get_log("browser") if "400 (Bad Request)" not in entry["message"]]
    assert not said, f"expected nothing on the console, found {said}"


def take_screenshot(page, browser, picture):
    page.element("reset").click()
    page.element("most").clear()
    page.element("most").send_keys("96")
    page.element("words").send_keys("Why is the sky blue?", Keys.ENTER)
    page.until("an answer", lambda: page.last_answer() != "" and page.element("send").is_enabled())
    browser.set_window_size(1200, 1000)
    browser.save_screenshot(picture)
    print(f"wrote {picture}")


def main(aircomp, binary, driver, picture=None, *options):
    with tempfile.TemporaryDirectory(prefix="aircomp-page-", ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        address = folder / "address"
        if not picture:
            # Slow enough to be stopped.
            options = ["--model", DEMO, "--scheme", "mmse", "--medium", "waveform", "--devices", "8", "--threads", "1"]
        expected = "" if picture else generated(aircomp, options, "The server", 24)
        with subprocess.Popen([aircomp, "serve", *options, "--listen", "127.0.0.1:0", "--port-file", address],
                              stderr=subprocess.PIPE, text=True) as server:
            try:
                while "serving" not in (line := server.stderr.readline()):
                    assert server.poll() is None, line
                while not address.exists():
                    assert server.poll() is None
                browser = chromium(folder, binary, driver)
                try:
                    page = Page(browser, f"http://{address.read_text(encoding='utf-8').strip()}/")
                    if picture:
                        page.until("a connection", lambda: page.text("connection") == "connected")
                        take_screenshot(page, browser, picture)
                    else:
                        look(page, browser, expected)
                        check_shapes(page, browser)
                        check_console(browser)
                    server.terminate()
                    assert server.wait(timeout=60) == 0
                    page.until("the end in words", lambda: page.element("connection").get_attribute("class") == "lost")
                finally:
                    browser.quit()
            finally:
                server.kill()


if __name__ == "__main__":
    found = shutil.which("chromium"), shutil.which("chromedriver")
    if webdriver is None or None in found:
        print("skipped: the page is looked at in Chromium by Selenium, and one of them or chromedriver is not there "
              "(scripts/setup all installs them on Debian)")
        sys.exit(77)
    if len(sys.argv) < 2 or len(sys.argv) == 3:
        sys.exit(__doc__)
    main(sys.argv[1], *found, *sys.argv[2:])
